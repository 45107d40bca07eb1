"""JSON Schemas: which are refused is in cases/files.yaml; here what they say of bodies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.schemas import SCHEMAS, Schema, SchemaError, Validator, load
from moemap.engine.violations import MAX_VIOLATIONS


def schema(document: Any, folder: Path, **files: Any) -> Schema:
    for name, content in {"main": document, **files}.items():
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return load("./main.json", folder)


DESCRIBED = {"not": {"pattern": "^_"}, "description": "names that begin with _ are reserved"}


@pytest.mark.parametrize(
    ("document", "body", "violations"),
    [
        ({"type": "object"}, [], [("", "must be object, not list")]),
        ({"type": ["string", "null"]}, 5, [("", "must be string or null, not integer")]),
        ({"properties": {"a": {"type": "integer"}}}, {"a": 1.5}, [("/a", "must be integer, not double")]),
        ({"properties": {"a": {"const": 1}}}, {"a": True}, [("/a", "must be 1, not true")]),
        ({"properties": {"a": {"enum": ["x", 1]}}}, {"a": "y"}, [("/a", '"y" is not one of ["x", 1]')]),
        (
            {"properties": {"a/b": {"minLength": 2}}},
            {"a/b": "x"},
            [("/a~1b", "has 1 characters, at least 2 are needed")],
        ),
        ({"maxLength": 2}, "\U0001f600é\n", [("", "has 3 characters, at most 2 are allowed")]),
        ({"pattern": "^a"}, "b", [("", '"b" does not match the pattern ^a')]),
        ({"minimum": 1}, 0, [("", "0 is less than 1")]),
        ({"maximum": 1}, 2, [("", "2 is more than 1")]),
        ({"exclusiveMinimum": 1}, 1, [("", "1 is refused")]),
        ({"minItems": 1}, [], [("", "has 0 elements, at least 1 are needed")]),
        ({"items": {"maxItems": 1}}, [[], [1, 2]], [("/1", "has 2 elements, at most 1 are allowed")]),
        ({"minProperties": 1}, {}, [("", "has 0 members, at least 1 are needed")]),
        ({"maxProperties": 0}, {"a": 1}, [("", "has 1 members, at most 0 are allowed")]),
        ({"uniqueItems": True}, [1, 1], [("", "[1, 1] is refused")]),
        ({"required": ["a", "b"]}, {"a": 1}, [("", "'b' is missing")]),
        ({"required": ["a", "b"]}, {}, [("", "'a', 'b' are missing")]),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1, "b": 2}, [("/b", "'b' is not allowed")]),
        ({"properties": {"a": {"not": {}}}}, {"a": 1}, [("/a", "1 is not allowed")]),
        (False, {}, [("", "{} is not allowed")]),
        (DESCRIBED, "_x", [("", '"_x" is not allowed (names that begin with _ are reserved)')]),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, [("/ab", "the name has 2 characters, at most 1 are allowed")]),
        ({"anyOf": [{"type": "string"}, {"items": {"minimum": 5}}]}, [9, 1], [("/1", "1 is less than 5")]),
        ({"anyOf": [{"type": "string"}, {"minimum": 5}]}, 1, [("", "1 is refused")]),
        (
            {"properties": {"b": {"type": "string"}, "a": {"type": "string"}}},
            {"b": 1, "a": 2},
            [("/a", "must be string, not integer"), ("/b", "must be string, not integer")],
        ),
        ({"$ref": "other.json#/$defs/x"}, "y", [("", "must be integer, not string")]),
    ],
)
def test_words(document: Any, body: Any, violations: list[tuple[str, str]], tmp_path: Path) -> None:
    document = document if isinstance(document, dict) else {"allOf": [document]}
    other = {"$defs": {"x": {"type": "integer"}}}
    found = Validator(schema(document, tmp_path, other=other)).violations(body)
    assert [(violation.pointer, violation.reason) for violation in found] == violations


def test_at_most_so_many(tmp_path: Path) -> None:
    validator = Validator(schema({"items": {"type": "string"}}, tmp_path))
    assert len(validator.violations([1] * 100)) == MAX_VIOLATIONS
    assert validator.violations(["x"]) == ()


def test_references_lead_through_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.json").write_text(json.dumps({"$ref": "../a.json#/$defs/text"}), "utf-8")
    loaded = schema({"properties": {"x": {"$ref": "deep/b.json"}}}, tmp_path, a={"$defs": {"text": {"type": "string"}}})
    assert len(loaded.resources) == 3
    assert Validator(loaded).is_valid({"x": "y"})
    assert [violation.pointer for violation in Validator(loaded).violations({"x": 1})] == ["/x"]


def test_a_schema_that_refers_to_itself(tmp_path: Path) -> None:
    validator = Validator(schema({"type": "object", "additionalProperties": {"$ref": "#"}}, tmp_path))
    assert validator.is_valid({"a": {"b": {}}})
    assert [violation.pointer for violation in validator.violations({"a": {"b": 1}})] == ["/a/b"]


def test_a_schema_that_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="has more than 5000000 bytes"):
        schema({"description": "x" * 5_000_000}, tmp_path)


def test_a_schema_that_is_nested_too_deeply(tmp_path: Path) -> None:
    document: Any = {}
    for _ in range(200):
        document = {"not": document}
    with pytest.raises(SchemaError, match="it is nested more than 100 levels deep"):
        schema(document, tmp_path)


NAMES = sorted(path.relative_to(SCHEMAS).as_posix() for path in SCHEMAS.glob("mo*ge/*.json"))

WORDS = st.sampled_from(
    [
        "type",
        "customer_id",
        "device_id",
        "actions",
        "action",
        "attributes",
        "platform",
        "name",
        "elements",
        "email",
        "x",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-1, 3) | st.floats(-1, 3) | st.text("a1_", max_size=3)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4))


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=50)
@given(
    body=st.dictionaries(WORDS, JSON, max_size=5), kind=st.sampled_from(["customer", "event", "device", "transition"])
)
def test_both_libraries_judge_alike(name: str, body: dict[str, Any], kind: str) -> None:
    validator = VALIDATORS[name]
    for candidate in (body, {**body, "type": kind, "customer_id": "1"}):
        exact: Any = validator._exact
        assert validator.is_valid(candidate) is exact.is_valid(candidate)
        assert (validator.violations(candidate) == ()) is validator.is_valid(candidate)


VALIDATORS = {name: Validator(load(name, SCHEMAS)) for name in NAMES}


def test_no_pattern_of_a_schema_makes_it_search_for_hours(tmp_path: Path) -> None:
    slow = "^(a+)+$"
    schema = {
        "properties": {"a": {"pattern": slow}},
        "patternProperties": {slow: {"type": "string"}},
        "additionalProperties": False,
    }
    (tmp_path / "slow.schema.json").write_text(json.dumps(schema))
    validator = Validator(load("./slow.schema.json", tmp_path))
    text = "a" * 60 + "b"
    assert [(one.pointer, one.keyword) for one in validator.violations({"a": text, text: 1, "aa": 2})] == [
        ("/a", "pattern"),
        ("/aa", "type"),
        (f"/{text}", "additionalProperties"),
    ]
