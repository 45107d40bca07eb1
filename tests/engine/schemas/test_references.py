"""References between schemas: sets of files, identifiers, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.schemas.schema import SchemaError, Validator, load

BASE = "https://example.com/schemas/"
SETS = [
    pytest.param({"main.json": {"$ref": "zip.json"}, "zip.json": {}}, id="files alone"),
    pytest.param({"a/main.json": {"$ref": "../b/zip.json"}, "b/zip.json": {}}, id="files in folders"),
    pytest.param({"main.json": {"$ref": "zip%20code.json"}, "zip code.json": {}}, id="a name that is encoded"),
    pytest.param(
        {"main.json": {"$id": "main.json", "$ref": "zip.json"}, "zip.json": {"$id": "zip.json"}}, id="relative $id"
    ),
    pytest.param(
        {
            "main.json": {"$id": "/schemas/main.json", "$ref": "/schemas/parts/zip.json"},
            "parts/zip.json": {"$id": "/schemas/parts/zip.json"},
        },
        id="$id from the root",
    ),
    pytest.param(
        {
            "main.json": {"$id": f"{BASE}main", "$ref": "/schemas/zip"},
            "zip.schema.json": {"$id": "/schemas/zip", "$ref": "code"},
            "code.json": {"$id": "/schemas/code"},
        },
        id="$id without an ending",
    ),
    pytest.param(
        {
            "main.json": {"$id": f"{BASE}v1/main.json", "$ref": f"{BASE}common/zip.json#/$defs/zip"},
            "../common/zip.json": {"$defs": {"zip": {"$ref": "code.json"}}},
            "../common/code.json": {"$id": f"{BASE}common/code.json"},
        },
        id="absolute references within a set",
    ),
    pytest.param(
        {
            "main.json": {"$ref": "https://example.org/zip"},
            "first.json": {"$id": "https://example.org/code"},
            "other.json": {"$id": "https://example.org/zip", "$ref": "code"},
            "no.json": [],
        },
        id="$id unlike the name",
    ),
    pytest.param(
        {"main.json": {"$id": "urn:example:main", "$ref": "urn:example:zip"}, "zip.json": {"$id": "urn:example:zip"}},
        id="names that are no places",
    ),
    pytest.param(
        {
            "main.json": {"$id": f"{BASE}get?name=main", "$ref": "?name=zip"},
            "zip.json": {"$id": f"{BASE}get?name=zip"},
        },
        id="names in queries",
    ),
    pytest.param(
        {
            "main.json": {"allOf": [{"$id": f"{BASE}parts/inner.json", "$ref": "zip.json"}], "$id": f"{BASE}main.json"},
            "zip.json": {"type": "integer"},
            "parts/zip.json": {},
        },
        id="$id of a part",
    ),
    pytest.param(
        {
            "main.json": {
                "$schema": "http://json-schema.org/draft-04/schema#",
                "id": f"{BASE}main",
                "allOf": [{"$ref": "zip"}],
            },
            "zip.json": {"id": f"{BASE}zip"},
        },
        id="id of draft 04",
    ),
]


@pytest.mark.parametrize("files", SETS)
def test_sets_of_schemas(files: dict[str, Any], tmp_path: Path) -> None:
    """Whatever refers to nothing else accepts strings only."""
    main = next(iter(files))
    (tmp_path / ".moemap").touch()
    for name, content in files.items():
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"type": "string", **content} if content != [] and "ref" not in str(content) else content)
        )
    validator = Validator(load(f"./{Path(main).name}", tmp_path / "set" / Path(main).parent))
    assert (validator.is_valid("2100"), validator.is_valid(2100)) == (True, False)


@pytest.mark.parametrize("index", ["00", "-1", "1", "\u0660", "9" * 5000])
def test_an_element_that_does_not_exist(index: str, tmp_path: Path) -> None:
    (tmp_path / "main.json").write_text(json.dumps({"items": {"$ref": f"#/x/{index}"}, "x": [True]}))
    with pytest.raises(SchemaError, match=f"refers to '#/x/{index[:9]}.*which does not exist"):
        load("./main.json", tmp_path)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("zip.json", "refers to 'zip.json', which does not exist"),
        ("/schemas/../../secret.json", "refers to '/schemas/../../secret.json', which does not exist"),
        ("../secret.json", "refers to '../secret.json', which is outside the folder of the mapping"),
        (
            "https://example.com/secret.json#/items",
            "refers to 'https://example.com/secret.json', which is not fetched; no schema in its folder has this '$id'",
        ),
        ("//host/a", "refers to '//host/a', which is not fetched; no schema in its folder has this '$id'"),
        ("urn:a:b", "refers to 'urn:a:b', which is not fetched; no schema in its folder has this '$id'"),
        ("file:///a.json", "refers to 'file:///a.json', which does not exist"),
        ("%00.json", "refers to '%00.json', which cannot be the name of a file"),
        ("?q", "refers to '?q', which does not exist"),
        ("?q#/items", "refers to '?q', which does not exist"),
        ("?", "refers to '?', which does not exist (at /items)"),
        ("?#/items", "refers to '?#/items', which does not exist (at /items)"),
        ("https:", "refers to 'https:', which does not exist (at /items)"),
        ("#?", "refers to '#?', which does not exist (at /items)"),
        ("# ", "refers to '# ', which does not exist (at /items)"),
        ("##", "refers to '##', which does not exist (at /items)"),
        (" ", "refers to ' ', which begins with a space (at /items)"),
        (" main.json", "refers to ' main.json', which begins with a space (at /items)"),
        ("%20", "refers to '%20', which does not exist"),
        *[
            (text, f"refers to {text!r}, which has a control character (at /items)")
            for text in ("\0", "\0#", "#\0", "\t", "#\n", "ma\nin.json", "main.json\n", "\x1e", "\x7f", "#/items\r")
        ],
        *[
            (text, f"refers to {text!r}, whose percent-encoding is not UTF-8 (at /items)")
            for text in ("%ff", "#%ff", "#/$defs/%ff", "main.json#/$defs/%C3")
        ],
    ],
)
def test_references_lead_nowhere_else(reference: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"$id": "https://example.com/secret.json"}')
    (tmp_path / "set").mkdir()
    schema = {"$id": "https://example.com/schemas/main.json", "items": {"$ref": reference}, "$defs": {"\ufffd": {}}}
    (tmp_path / "set" / "main.json").write_text(json.dumps(schema))
    with pytest.raises(SchemaError) as caught:
        load("./main.json", tmp_path / "set")
    assert (caught.value.reason, caught.value.pointer) == (reason, "/items/$ref")


@pytest.mark.parametrize("identifier", ["http://[::1", "http://[::1#/a", "//["])
def test_another_file_whose_identifier_is_no_uri(identifier: str, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(json.dumps({"$id": identifier}))
    (tmp_path / "zip.json").write_text(json.dumps({"$id": f"{BASE}code"}))
    (tmp_path / "main.json").write_text(json.dumps({"$ref": f"{BASE}code"}))
    assert load("./main.json", tmp_path).paths[-1].name == "zip.json"
    (tmp_path / "main.json").write_text(json.dumps({"$ref": "missing.json"}))
    with pytest.raises(SchemaError) as caught:
        load("./main.json", tmp_path)
    assert caught.value.reason == "refers to 'missing.json', which does not exist"
