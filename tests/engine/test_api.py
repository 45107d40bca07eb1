"""The front door for programs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import moemap
from moemap import MappingError

Shipped = Callable[..., moemap.Mapping]

BATCH = '{"user_identities": {"customer_id": "cust-1"}, "user_attributes": {"plan": "gold"}}'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None,), "a mapping is named by a str or a Path, not by NoneType"),
        ((b"mparticle-moengage",), "a mapping is named by a str or a Path, not by bytes"),
        (("mparticle-moengage", ["identity"]), "settings are a mapping of names, each a str, to JSON values"),
        (("mparticle-moengage", {1: "email"}), "settings are a mapping of names, each a str, to JSON values"),
    ],
)
def test_arguments_of_another_type(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(TypeError) as raised:
        moemap.load(*arguments)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("mparticle-moengag", "no mapping 'mparticle-moengag' is known"),
        ("no/such", "the file 'no/such' does not exist"),
        ("mine.yaml", "the file 'mine.yaml' does not exist"),
        ("pipe.yaml", "the file 'pipe.yaml' is not a file"),
        ("../" * 40 + "dev/null", f"the file '{'../' * 40}dev/null' is not a file"),
        ("empty", "the folder 'empty' has neither mapping.yaml nor workspace.yaml"),
    ],
)
def test_a_mapping_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(MappingError) as raised:
        moemap.load(reference)
    assert str(raised.value) == message
    known = reference.startswith("mparticle")
    assert raised.value.problems[0].hint == ("did you mean 'mparticle-moengage'?" if known else None)


def test_a_path_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    missing = tmp_path / "nosuch"
    with pytest.raises(MappingError) as raised:
        moemap.load(missing)
    assert str(raised.value) == f"{missing}:1:1: the file cannot be read: No such file or directory"


def test_a_folder_is_the_mapping_in_it(write: Callable[[Any], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write({}).parent
    monkeypatch.chdir(folder.parent)
    for reference in (folder, str(folder), Path(folder.name), f"./{folder.name}", folder / "mapping.yaml"):
        assert moemap.load(reference).name == "base"
    with pytest.raises(MappingError, match=r"the folder '.*' has neither mapping.yaml nor workspace.yaml"):
        moemap.load(folder.parent)


@pytest.mark.slow
def test_json_may_begin_with_a_byte_order_mark() -> None:
    mapping = moemap.load("mparticle-moengage")
    expected = mapping.transform_json(BATCH).to_json()
    assert len(expected["requests"]) == 1
    for text in ("\ufeff" + BATCH, ("\ufeff" + BATCH).encode()):
        assert mapping.transform_json(text).to_json() == expected


@pytest.mark.parametrize("text", ["", " ", "\r\n\t"])
def test_json_text_that_is_empty_is_named(text: str, shipped_mapping: Shipped) -> None:
    (problem,) = shipped_mapping().transform_json(text).problems
    assert problem.message == "the record is not JSON: it is empty"


def test_json_in_another_encoding_is_named(shipped_mapping: Shipped) -> None:
    (problem,) = shipped_mapping().transform_json(BATCH.encode("utf-16")).problems
    assert problem.message == "the record is not JSON: it is UTF-16 or UTF-32 text; only UTF-8 is read"


@pytest.mark.parametrize("text", [10**10, None, {}, 1.5, ["{}"]])
def test_json_that_is_no_text_is_refused(text: Any, shipped_mapping: Shipped) -> None:
    with pytest.raises(TypeError, match=f"JSON text is str or bytes, not {type(text).__name__}"):
        shipped_mapping().transform_json(text)


def test_where_requests_go(write: Callable[[Any], Path]) -> None:
    main = {
        "language": 1,
        "name": "base",
        "version": "1.0.0",
        "input": {"as": "batch", "schema": "./in.schema.json"},
        "server": {
            "url": "https://{dc}.example.com",
            "headers": {"Authorization": "Bearer {token}", "Content-Type": "application/json"},
        },
        "outputs": {
            "out": {
                "schema": "./out.schema.json",
                "request": {
                    "path": "/{app}/{{ batch.id }}",
                    "query": {"tag": "batch.tags", "key": {"const": "{key}"}},
                    "headers": {"content-type": {"const": "application/vnd.api+json"}},
                },
            },
            "other": {"body": "none", "server": {"url": "https://other.example.com"}, "request": {"path": "/x"}},
        },
        "rules": [
            {"rule": "one", "output": "out", "fields": {"id": "batch.id"}},
            {"rule": "two", "output": "other"},
        ],
    }
    mapping = moemap.load(write({"mapping.yaml": main}))
    requests = mapping.transform({"id": "a/b{c}", "tags": ["x y", "50%"]}).requests
    assert [mapping.url_of(request) for request in requests] == [
        "https://{dc}.example.com/{app}/a%2Fb%7Bc%7D?tag=x%20y&tag=50%25&key={key}",
        "https://other.example.com/x",
    ]
    assert [mapping.headers_of(request) for request in requests] == [
        {"Authorization": "Bearer {token}", "content-type": "application/vnd.api+json"},
        {},
    ]


@pytest.mark.slow
def test_methods_import_nothing_so_that_a_fork_meanwhile_leaves_no_child_that_waits() -> None:
    script = f"""
import json, sys
import moemap
mapping = moemap.load("mparticle-moengage")
before = set(sys.modules)
text = {BATCH!r}
batch = json.loads(text)
mapping.prepare()
(request,) = mapping.transform(batch).requests
for one in (text, "{{", "[1]", text.replace('"gold"', "1.50"), "\ufeff" + text):
    mapping.transform_json(one)
mapping.explain(batch), mapping.check_input({{"events": 1}}), mapping.account(batch), mapping.elements(batch)
mapping.url_of(request), mapping.headers_of(request)
print(sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
