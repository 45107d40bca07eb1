"""Places in JSON texts, and of the parts of schemas in their files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine import schemas
from moemap.engine.schemas.positions import Locator, locate

KEYS = st.text(max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, str | None]]:
    """Each place in a value below its top: the steps to it, what stands there, and its name where it has one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name), inner, name
            yield from paths(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield (*path, str(number)), inner, None
            yield from paths(inner, (*path, str(number)))


@pytest.mark.fuzz
@given(JSON, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_every_place_is_found(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for path, inner, name in paths(value):
        span = locate(text, list(path))
        assert span is not None
        assert json.loads(text[slice(*span)]) == (inner if name is None else name)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ('{"a": 1}', ["b"]),
        ('{"a": [1]}', ["a", "1"]),
        ('{"a": [1]}', ["a", "x"]),
        ('{"a": 1}', ["a", "b"]),
        ('{"a": {}}', ["a", "b"]),
        ('{"a": ', ["a"]),
        ("", ["a"]),
    ],
)
def test_what_is_not_there(text: str, steps: list[str]) -> None:
    assert locate(text, steps) is None


def test_parts_of_schemas(tmp_path: Path) -> None:
    (tmp_path / "main.json").write_text('{\n  "properties": {"a/b": {"$ref": "part.json#/$defs/x"}}\n}', "utf-8")
    (tmp_path / "part.json").write_text('{"$defs":\n  {"x":\n    {"enum": ["u", "v"]}}}', "utf-8")
    schema = schemas.load("./main.json", tmp_path)
    main, part = schema.resources.values()
    locator = Locator()

    def place(part: Any, *steps: str | int) -> str | None:
        found = locator.place(schema, part, *steps)
        return None if found is None else f"{Path(found.file).name}:{found.line}:{found.column}-{found.end_column}"

    assert place(main["properties"]["a/b"]) == "main.json:2:18-23"
    assert place(main["properties"], "a/b", "$ref") == "main.json:2:26-32"
    assert place(part["$defs"]["x"], "enum") == "part.json:3:6-12"
    assert place(part["$defs"]["x"], "enum", 1) == "part.json:3:20-23"
    assert place(part["$defs"]["x"], "type") is None
    assert place({}) is None


def test_a_schema_whose_file_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "main.json"
    path.write_text('{"type": "object"}', "utf-8")
    schema = schemas.load("./main.json", tmp_path)
    path.unlink()
    assert Locator().place(schema, schema.document, "type") is None
