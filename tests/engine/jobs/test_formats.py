"""Results as shell commands: the shell passes the intended arguments to curl."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.jobs.dispatch import Dispatch, dispatch_of
from moemap.engine.jobs.formats import FORMATS, curl
from moemap.engine.runtime.result import Request

DISPATCH = Dispatch(
    "https://api-{dc}.example.com", {"Authorization": "Basic {key}", "X-Odd": '"$HOME" `id` \\ it\'s'}, None
)
VARIABLES = {"DC": "02", "KEY": "s3cret", "APP_ID": "A"}
ODD = "it's $(id) `id` ${HOME} \\ \" ! \u00e9\n{dc} %s"


def request_of(body: dict[str, Any], **query: Any) -> Request:
    return Request("out", "POST", "/v1/{app_id}", query, body, json.dumps(body).encode())


def arguments(command: bytes, variables: dict[str, str]) -> tuple[list[str], str]:
    """The arguments of curl, and the messages of the shell."""
    script = b"curl() { printf '%s\\0' \"$@\"; }\n" + command
    done = subprocess.run(["bash"], input=script, capture_output=True, env=variables, check=False)
    return done.stdout.decode().split("\0")[:-1], done.stderr.decode()


def test_the_readme_lists_every_format() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
    _, _, table = readme.partition("| Format | Output |\n| --- | --- |\n")
    assert re.findall(r"^\| `(\w+)` \|", table.partition("\n\n")[0], re.MULTILINE) == list(FORMATS)


@pytest.mark.parametrize("pretty", [False, True])
def test_the_shell_hands_on_what_was_meant(pretty: bool) -> None:
    body = {"type": "x", ODD: [ODD, 1, True, None]}
    given, said = arguments(curl(request_of(body, text=ODD), DISPATCH, pretty=pretty), VARIABLES)
    odd = "it%27s%20%24%28id%29%20%60id%60%20%24%7BHOME%7D%20%5C%20%22%20%21%20%C3%A9%0A02%20%25s"
    assert said == ""
    assert given[:-1] == [
        "--fail-with-body",
        "--request",
        "POST",
        f"https://api-02.example.com/v1/A?text={odd}",
        "--header",
        "Authorization: Basic s3cret",
        "--header",
        """X-Odd: "$HOME" `id` \\ it's""",
        "--header",
        "Content-Type: application/json",
        "--data-raw",
    ]
    assert json.loads(given[-1]) == body


@pytest.mark.parametrize("missing", sorted(VARIABLES))
@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_stops_the_shell(missing: str, value: str | None) -> None:
    variables = {**VARIABLES, missing: value} if value is not None else {**VARIABLES}
    if value is None:
        del variables[missing]
    given, said = arguments(curl(request_of({}), DISPATCH, pretty=False) + b"echo went on\n", variables)
    assert (given, said.rpartition(": ")[0].endswith(missing), said.endswith(": is not set\n")) == ([], True, True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (1.5, "1.5"),
        ("True", "True"),
        ("\u00e9", "%C3%A9"),
        (["a", 1], "a&q=1"),
        (["a b", True], "a%20b&q=true"),
    ],
)
def test_values_of_a_query_are_written_as_in_json(value: Any, text: str) -> None:
    given, _ = arguments(curl(request_of({}, q=value), DISPATCH, pretty=False), VARIABLES)
    assert given[3].endswith(f"?q={text}")


def test_a_body_that_is_too_long_when_indented_is_not() -> None:
    body = {"n": [0] * 40_000}
    given, said = arguments(curl(request_of(body), DISPATCH, pretty=True), VARIABLES)
    assert (said, len(given[-1])) == ("", len(json.dumps(body)))
    assert json.loads(given[-1]) == body


def test_another_server_gets_no_header_of_the_first() -> None:
    other = Request(
        "out", "POST", "/x", {}, {"a": [1]}, b"a%5B%5D=1", {"Content-Type": "a/b", "Key": "{key}"}, "https://{dc}.org"
    )
    given, said = arguments(curl(other, DISPATCH, pretty=True), VARIABLES)
    headers = ["--header", "Content-Type: a/b", "--header", "Key: s3cret"]
    assert given == ["--fail-with-body", "--request", "POST", "https://02.org/x", *headers, "--data-raw", "a%5B%5D=1"]
    assert said == ""


@pytest.mark.parametrize(
    ("body", "headers", "wanted"),
    [
        ({"a": 1}, {}, {"Content-Type": "application/json"}),
        ([], {"Key": "k"}, {"Key": "k", "Content-Type": "application/json"}),
        (7, {"content-type": "text/plain"}, {"content-type": "text/plain"}),
        (None, {}, {}),
    ],
)
def test_a_body_is_json_where_no_header_says_otherwise(body: Any, headers: dict[str, str], wanted: Any) -> None:
    request = Request("out", "POST", "/x", {}, body, b"", headers)
    assert DISPATCH._replace(server_headers={}).headers_of(request) == wanted


def test_a_header_of_the_output_replaces_that_of_the_server() -> None:
    request = Request("out", "DELETE", "/x", {}, None, b"", {"authorization": "none"})
    given, _ = arguments(curl(request, DISPATCH, pretty=False), VARIABLES)
    assert given[3:] == [
        "https://api-02.example.com/x",
        "--header",
        """X-Odd: "$HOME" `id` \\ it's""",
        "--header",
        "authorization: none",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("data_centre", "host"), [(None, "api-{dc}"), ("01", "api-01"), ("101", "api-101")])
def test_the_host_of_a_data_centre(data_centre: str | None, host: str) -> None:
    rulebook = api.load("mparticle-moengage", {} if data_centre is None else {"data_centre": data_centre}).rulebook
    assert dispatch_of(rulebook).server_url == f"https://{host}.moengage.com"
