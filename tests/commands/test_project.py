"""Commands in a project of one's own: their choices, messages, and precedence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main
from moemap.engine.own_schemas import own_schemas
from moemap.tests.engine.configuration.test_configuration import FILES, PROJECT, SHOP
from moemap.tests.schemas.test_language_schemas import VALIDATORS

TESTS = """\
tests:
  - test: the currency
    input: {}
    expect:
      requests: [{output: out, method: POST, path: /out, query: {}, body: {currency: EUR}}]
  - test: a wrong one
    input: {}
    match: partial
    expect:
      requests: [{body: {currency: USD}}]
"""


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin, catch_exceptions=False)


def write(files: dict[str, str]) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content, "utf-8")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def project(here: Path) -> Path:
    write({**FILES, "moemap.toml": PROJECT, "mappings/shop/tests/all.yaml": TESTS})
    return here


def bodies(done: Result) -> list[object]:
    return [json.loads(line)["body"] for line in done.stdout.splitlines()]


# Choices


def test_the_default_mapping_with_the_settings_of_an_environment(project: Path) -> None:
    options = ("transform", "--format", "requests", "--compact", "samples/a.json")
    assert bodies(run(*options)) == [{"currency": "EUR"}]
    assert bodies(run(*options, "--env", "live")) == [{"currency": "USD"}]
    assert bodies(run(*options, "--env", "live", "--set", "currency=EUR")) == [{"currency": "EUR"}]
    assert bodies(run(*options, "--mapping", "other")) == [{"currency": "EUR"}]
    assert '"value": "USD"' in run("show", "--env", "live", "--format", "json").stdout
    assert "USD" in run("docs", "--env", "live").stdout
    assert run("compile", "--env", "live").stdout != run("compile").stdout


def test_secrets_are_variables_of_the_environment(project: Path) -> None:
    write({"mappings/shop/mapping.yaml": SHOP.replace("/out", "'/{app_id}/{api_key}'")})
    options = ("transform", "--format", "curl", "samples/a.json")
    assert "/${APP_ID:?is not set}/${API_KEY:?is not set}" in run(*options).stdout
    assert "/${APP_ID:?is not set}/${LIVE_API_KEY:?is not set}" in run(*options, "--env", "live").stdout


def test_samples_are_inputs(project: Path) -> None:
    done = run("transform", "--samples", "all", "--samples", "one", "--format", "requests", "--compact")
    assert (len(bodies(done)), done.exit_code) == (3, 0)
    done = run("transform", "--samples", "al")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (
        2,
        "Error: --samples: no samples 'al' are defined; did you mean 'all'?",
    )


def test_a_setting_of_an_environment_that_is_wrong_is_shown_where_it_is_written(project: Path) -> None:
    write({"moemap.toml": PROJECT.replace('currency = "EUR"', 'currency = "SEK"')})
    done = run("transform", "samples/a.json")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[:5] == [
        'error[M116]: the setting \'currency\' must be one of "EUR", "USD", not "SEK"',
        "  --> moemap.toml:13:12",
        "   |",
        '13 | currency = "SEK"',
        "   |            ^^^^^",
    ]


@pytest.mark.parametrize("command", ["transform", "show", "compile", "docs", "config", "test", "check mappings"])
def test_a_broken_project_file_stops_every_command(project: Path, command: str) -> None:
    write({"moemap.toml": "mapings = []\n"})
    done = run(*command.split(), stdin="{}")
    assert (done.exit_code, done.stdout) == (1 if command == "config" else 2, "")
    assert done.stderr.startswith("error[M101]: unknown key 'mapings' in a project file\n --> moemap.toml:1:1\n")


def test_check_reports_the_project_file_with_the_rest(project: Path) -> None:
    write({"moemap.toml": "mapings = []\n", "mappings/shop/mapping.yaml": SHOP.replace("out,", "ouut,")})
    done = run("check", "--format", "json")
    assert done.exit_code == 1
    assert {problem["file"] for problem in json.loads(done.stdout)["problems"]} == {
        "mappings/shop/mapping.yaml",
        "moemap.toml",
    }


def test_check_and_test_take_the_project(project: Path) -> None:
    done = run("check")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "6 files checked: no problems\n", "")
    done = run("test")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "1 passed, 1 failed")
    assert run("check", "mappings/shop").stdout == "2 files checked: no problems\n"


def test_thresholds_of_the_project(project: Path) -> None:
    write({"mappings/shop/mapping.yaml": SHOP + "  - {rule: two, output: out, fields: {a: batch.a}, when: batch.b}\n"})
    write({"mappings/shop/in.schema.json": '{"type": "object", "properties": {}, "additionalProperties": false}'})
    codes = [run("check").exit_code, run("check", "--fail-level", "error").exit_code]
    write({"moemap.toml": PROJECT.replace('fail_level = "warning"', "")})
    assert [*codes, run("check", "--fail-level", "warning").exit_code] == [1, 1, 1]


BROKEN = SHOP.replace("fields:", "feilds:")


@pytest.mark.parametrize("command", ["check", "test"])
def test_rule_files_of_a_folder_are_taken_without_a_project(here: Path, command: str) -> None:
    write({"mine/mapping.yaml": BROKEN, "mine/in.schema.json": "{}", "mine/tests/all.yaml": TESTS})
    done = run(command)
    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "no project file here: taking the rule files below this folder"
    assert "mine/mapping.yaml" in done.stdout
    assert run(command, "-q").stderr == ""


def test_rule_files_without_tests_are_not_green(here: Path) -> None:
    write({"mine/mapping.yaml": SHOP, "mine/in.schema.json": "{}"})
    done = run("test")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, "Error: no tests found")


@pytest.mark.slow
def test_the_installed_mappings_are_taken_where_there_is_nothing_else(here: Path) -> None:
    done = run("check")
    assert (done.exit_code, done.stderr) == (0, "no rule files here: taking the installed mappings\n")
    assert done.stdout.endswith(": no problems\n")


def test_the_mapping_of_this_folder_or_above_is_taken(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"mapping.yaml": SHOP, "in.schema.json": "{}", "batches/a.json": "{}"})
    monkeypatch.chdir("batches")
    done = run("transform", "--format", "requests", "--compact", "a.json")
    assert bodies(done) == [{"currency": "EUR"}]
    assert done.stderr.splitlines()[0] == "using ../mapping.yaml (the nearest one from this folder upwards)"
    assert run("transform", "-q", "a.json").stderr == ""


# Messages


def test_verbose_says_what_is_used(project: Path) -> None:
    done = run("transform", "-v", "samples/a.json", "-o", "-")
    assert done.stderr.splitlines()[:3] == [
        "project file: moemap.toml",
        "using mappings/shop/mapping.yaml (moemap.toml:3:11)",
        "environment: test",
    ]
    assert "checked: workspaces/live.yaml" in run("check", "-v").stderr.splitlines()
    assert "passed: the currency (mappings/shop/tests/all.yaml:2:11)" in run("test", "-v").stderr.splitlines()


def test_quiet_says_results_and_problems_only(project: Path) -> None:
    assert run("check", "-q").output == ""
    assert run("test", "-q").stdout.startswith("FAIL a wrong one")
    assert run("transform", "-q", "samples/a.json").stderr == ""


def test_config(project: Path) -> None:
    shown = run("config", "--env", "live")
    assert (shown.exit_code, shown.stdout.splitlines()[4].split()) == (0, ["environment", "live", "--env"])
    (row,) = (row for row in json.loads(run("config", "--format", "json").stdout) if row["name"] == "fail_level")
    assert row == {"name": "fail_level", "value": "warning", "why": "moemap.toml:5:14"}
    write({"moemap.toml": PROJECT.replace('currency = "EUR"', 'curency = "EUR"')})
    done = run("config")
    assert (done.exit_code, done.stderr.splitlines()[0]) == (1, "error[M115]: no setting 'curency' is declared")


def test_config_where_several_mappings_may_be_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write({"moemap.toml": "", "shop.yaml": SHOP, "other.yaml": SHOP, "in.schema.json": "{}", "a.json": "{}"})
    rows = json.loads(run("config", "--format", "json").stdout)
    assert {"name": "mapping", "value": None, "why": "there are other, shop"} in rows
    assert (run("config").exit_code, run("config", "-v").stderr) == (0, "project file: moemap.toml\n")
    done = run("transform", "a.json")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (
        2,
        "Error: name a mapping, or a default in moemap.toml: there are other, shop",
    )


# Formats


def test_the_summary_as_json(project: Path) -> None:
    done = run("transform", "--summary", "json", "samples/a.json", "-o", "out.ndjson")
    summary = json.loads(done.stderr)
    VALIDATORS["summary"].validate(summary)
    assert (summary["batches"], summary["requests"], done.stdout) == (1, 1, "")


def test_the_formats_of_tests(project: Path) -> None:
    write({"mappings/shop/tests/broken.yaml": "tests: []\n"})
    document = json.loads(run("test", "--format", "json").stdout)
    VALIDATORS["outcomes"].validate(document)
    assert document["summary"] == {"passed": 1, "failed": 2, "updated": 0}
    assert [(one["test"], one["line"], one["status"]) for one in document["tests"]] == [
        ("the currency", 2, "passed"),
        ("a wrong one", 6, "failed"),
    ]
    (problem,) = document["tests"][1]["problems"]
    assert problem["message"] == ('the test \'a wrong one\' expects "USD" at /requests/0/body/currency, not "EUR"')
    assert [one["file"] for one in document["unusable"]] == ["mappings/shop/tests/broken.yaml"]
    annotations = run("test", "--format", "github").stdout.splitlines()
    assert [line.partition(",line=")[2].partition(",")[0] for line in annotations] == ["1", "10"]
    root = ET.fromstring(run("test", "--format", "junit").stdout)
    suites = [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root]
    assert suites == [("mappings/shop/tests/all.yaml", "2", "1"), ("mappings/shop/tests/broken.yaml", "1", "1")]
    assert "expected" in (root[0][1][0].text or "")
    assert run("test", "--update", "--format", "json").exit_code == 2


def test_schemas_are_printed_and_located() -> None:
    assert [line.split()[0] for line in run("schema").stdout.splitlines()] == list(own_schemas())
    for name, one in own_schemas().items():
        assert run("schema", name).stdout == one.path.read_text("utf-8")
        assert run("schema", "--path", name).stdout == f"{one.path}\n"
    assert run("schema", "rules", "-o", "r.json").stdout == ""
    assert json.loads(Path("r.json").read_text("utf-8"))["title"] == "moemap rule file"
    assert run("schema", "rule").stderr.splitlines()[-1] == "Error: no schema 'rule'; did you mean 'rules'?"


def test_the_page_of_any_mapping(project: Path) -> None:
    page = run("docs", "other@1").stdout
    assert page.startswith("# other 1.0.0\n")
    assert run("docs", "other@1", "-o", "pages/other.md").stdout == "pages/other.md written\n"
    assert Path("pages/other.md").read_text("utf-8") == page
    assert run("docs", "--check", "other@1", "-o", "pages/other.md").exit_code == 0
    done = run("docs", "--check", "other@2", "-o", "pages/other.md")
    assert (done.exit_code, done.stdout) == (1, "pages/other.md is stale; write it without --check\n")
    assert run("docs", "--check").exit_code == 2


def test_a_folder_gets_both_pages(project: Path) -> None:
    assert run("docs", "other@1", "-o", "site").stdout == "site/README.md written\nsite/index.html written\n"
    assert Path("site/README.md").read_text("utf-8") == run("docs", "other@1").stdout
    assert Path("site/index.html").read_text("utf-8").startswith("<!doctype html>")
    assert run("docs", "--check", "other@1", "-o", "site").exit_code == 0
    assert run("docs", "--check", "other@1", "-o", "site/index.html").exit_code == 0
    Path("site/index.html").write_text("<p>", "utf-8")
    done = run("docs", "--check", "other@1", "-o", "site")
    assert (done.exit_code, done.stdout) == (1, "site/index.html is stale; write it without --check\n")


# The shell


def completed(*words: str) -> list[str]:
    """The words that a shell offers for the last word of a command line."""
    environment = {"COMP_WORDS": " ".join(("moemap", *words)), "COMP_CWORD": str(len(words))}
    done = subprocess.run(
        [sys.executable, "-m", "moemap.cli"],
        env={**os.environ, **environment, "_MOEMAP_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("transform", "--mapping", ""),
            ["plain,other", "plain,shop", "plain,live", "plain,mparticle-firehose", "plain,mparticle-moengage"],
        ),
        (("transform", "--workspace", "li"), ["plain,live"]),
        (("show", "sh"), ["plain,shop"]),
        (("show", "x"), ["file,x"]),
        (("transform", "--set", ""), ["plain,currency="]),
        (("show", "other@1", "--set", ""), ["plain,money="]),
        (("transform", "--set", "currency=U"), ["plain,USD"]),
        (("compile", "mparticle-moengage", "--set", "pu"), ["plain,push="]),
        (("compile", "mparticle-moengage", "--set", "push="), ["plain,true", "plain,false"]),
        (("explain-code", "m12"), ["plain,M120", "plain,M124", "plain,M126", "plain,M127", "plain,M128"]),
        (("transform", "--env", ""), ["plain,test", "plain,live"]),
        (("transform", "--samples", "o"), ["plain,one"]),
        (("transform", ""), ["file,"]),
        (("test", "samp"), ["file,samp"]),
        (("schema", "ru"), ["plain,rules"]),
        (("completion", ""), ["plain,bash", "plain,zsh", "plain,fish"]),
    ],
)
def test_completion(project: Path, words: tuple[str, ...], expected: list[str]) -> None:
    assert completed(*words) == expected


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs Bash 4.4")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("transform", "--set", "cur"), ["currency="]),
        (("transform", "--set", "currency", "="), ["EUR", "USD"]),
        (("transform", "--set", "currency", "=", "U"), ["USD"]),
        (("transform", "--set", "currency", "=", "USD", "--env", "l"), ["live"]),
        (("transform", "--workspace", "=", "l"), ["live"]),
        (("tran",), ["transform"]),
    ],
)
def test_bash_breaks_words_at_equals_signs(project: Path, words: tuple[str, ...], expected: list[str]) -> None:
    typed = " ".join(f"'{word}'" for word in ("moemap", *words))
    Path("moemap").write_text(f"#!/bin/sh\nexec '{sys.executable}' -m moemap.cli \"$@\"\n")
    Path("moemap").chmod(0o700)
    script = f"COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _moemap_completion ./moemap"
    script += "; printf '%s\\n' \"${COMPREPLY[@]}\""
    source = run("completion", "bash").stdout
    done = subprocess.run(["bash", "--norc", "-c", f"{source}\n{script}"], capture_output=True, text=True)
    assert done.stdout.splitlines() == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_a_shell(shell: str) -> None:
    done = run("completion", shell)
    assert (done.exit_code, f"_MOEMAP_COMPLETE={shell}_complete" in done.stdout) == (0, True)


@pytest.mark.usefixtures("imported_anew")
def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "moemap", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[0]) == (0, "moemap")


# A new mapping


def test_a_new_mapping_passes_at_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"order.json": '{"orderId": "o-1", "total": 3}', "orders.ndjson": '{"orderId": "o-2"}\n{"orderId": "o-3"}\n'})
    done = run("new", "shop", "--from-sample", "order.json", "--from-sample", "orders.ndjson")
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            "written: shop/mapping.yaml",
            "written: shop/input.schema.json",
            "written: shop/output.schema.json",
            "written: shop/samples/order.json",
            "written: shop/samples/orders-1.json",
            "written: shop/samples/orders-2.json",
            "written: shop/tests/samples.yaml",
            "written: shop/moemap.toml",
        ],
    )
    assert "review: input.schema.json, " in done.stderr
    monkeypatch.chdir("shop")
    assert run("check", "--fail-level", "warning").stdout == "3 files checked: no problems\n"
    assert run("test").stdout == "3 passed, 0 failed\n"
    assert len(bodies(run("transform", "--samples", "all", "--format", "requests", "--compact"))) == 3


def test_a_new_mapping_of_a_project_has_no_project_file(project: Path) -> None:
    assert run("new", "mappings/more", "-q").stderr == ""
    assert not Path("mappings/more/moemap.toml").exists()
    assert run("show", "more").stdout.startswith("more 0.1.0")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["My Shop"], "'My Shop' cannot be the name of a mapping; did you mean 'my-shop'?"),
        (["2026"], "'2026' cannot be the name of a mapping; did you mean 'x-2026'?"),
        (["mappings"], "mappings exists already; name a new folder"),
        (["a", "--operation", "x"], "--output-openapi and --operation go together"),
        (
            ["a", "--from-sample", "moemap.toml"],
            "moemap.toml:1: the record is not JSON: ",
        ),
        (
            ["a", "--output-openapi", "samples/a.json", "--operation", "x"],
            "samples/a.json is no OpenAPI document: it has no `paths`",
        ),
        (["a", "--input-schema", "list.json"], "list.json: a schema is an object"),
    ],
)
def test_what_no_mapping_is_started_from(project: Path, arguments: list[str], message: str) -> None:
    write({"list.json": "[]"})
    done = run("new", *arguments)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith(f"Error: {message}")
    assert not Path("a").exists()


def nested(levels: int, *, lists: bool = False) -> str:
    opening, closing = ("[", "]") if lists else ('{"a": ', "}")
    return f'{{"a": {opening * levels}1{closing * levels}}}'


def wide(count: int) -> str:
    return json.dumps({f"m{number}": 1 for number in range(count)})


def api_of(schema: str) -> str:
    body = f'{{"content": {{"application/json": {{"schema": {schema}}}}}}}'
    return f'{{"openapi": "3.1.0", "paths": {{"/x": {{"post": {{"operationId": "x", "requestBody": {body}}}}}}}}}'


def schema_of(levels: int) -> str:
    return '{"type": "object", "properties": {"a": ' * levels + '{"type": "integer"}' + "}}" * levels


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "option", "content", "message"),
    [
        (
            "made",
            "--from-sample",
            nested(70),
            "error[M118]: the schema './input.schema.json' cannot be used: it is nested more",
        ),
        ("some/where/made", "--from-sample", nested(97, lists=True), "error[M118]: "),
        ("made", "--from-sample", wide(40_000), "error[M003]: the file has "),
        (
            "some/where/made",
            "--from-sample",
            nested(59, lists=True),
            "Error: no golden test can hold what becomes of 'given'; give a smaller",
        ),
        ("made", "--from-sample", json.dumps({"a": "x" * 1_100_000}), "Error: no golden test can hold "),
        ("made", "--input-schema", schema_of(70), "error[M118]: "),
        (
            "some/where/made",
            "--output-openapi",
            api_of(schema_of(70)),
            "error[M118]: the schema './output.schema.json' cannot be used",
        ),
    ],
    ids=["deep", "deep list", "wide", "list too deep for a test", "long", "deep schema", "deep api"],
)
def test_nothing_is_left_of_a_mapping_that_would_fail(
    folder: str, option: str, content: str, message: str, here: Path
) -> None:
    write({"given.json": content, "record.json": '{"a": {"a": 1}}'})
    more = ["--operation", "x", "--from-sample", "record.json"] if option == "--output-openapi" else []
    before = sorted(here.iterdir())
    done = run("new", folder, option, "given.json", *more)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Error: " in done.stderr.splitlines()[-1]
    assert sorted(here.iterdir()) == before


def test_a_folder_that_was_there_stays(here: Path) -> None:
    write({"given.json": nested(70)})
    Path("made").mkdir()
    assert run("new", "made", "--from-sample", "given.json").exit_code == 2
    assert list(Path("made").iterdir()) == []


def test_what_can_be_left_out_does_not_fail(here: Path) -> None:
    """Names that are too long for keys of YAML, and an empty `required`, which draft-04 refuses."""
    old = "http://json-schema.org/draft-04/schema#"
    write(
        {
            "given.json": json.dumps({"x" * 2000: 1, "b": 2}),
            "old.json": json.dumps({"$schema": old, "type": "object", "properties": {"a": {"type": "integer"}}}),
        }
    )
    done = run("new", "made", "--from-sample", "given.json")
    assert done.exit_code == 0
    assert "review: mapping.yaml, the body: 1 with names of more than 500 characters left out\n" in done.stderr
    assert run("new", "older", "--input-schema", "old.json").exit_code == 0
    assert run("check", "made", "older").exit_code == 0
