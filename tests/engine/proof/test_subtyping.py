"""Types against schemas: without a gap, every value is valid; with a gap that is always there, none is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from moemap.engine import schemas
from moemap.engine.proof.mismatches import Gap, ProofPlace
from moemap.engine.proof.samples import NoSampleError, sample
from moemap.engine.proof.subtyping import MAX_GAPS, SubtypeChecker
from moemap.engine.schemas.schema import schema_of
from moemap.engine.types.from_schema import type_of
from moemap.engine.types.types import (
    ANY,
    ANY_STRING,
    ObjectType,
    Other,
    Property,
    StringType,
    Type,
    literal,
    string,
    union,
    without_null,
)
from moemap.tests.effort import effort

SCHEMAS: list[Any] = [
    {},
    {"type": "string"},
    {"type": ["string", "null"]},
    {"type": "string", "minLength": 2, "maxLength": 4},
    {"type": "string", "pattern": "^[a-z]+$"},
    {"type": "string", "not": {"pattern": "^m"}},
    {"enum": ["a", "ab", 1, True, None]},
    {"const": 1},
    {"not": {"const": "a"}},
    {"not": {"type": ["string", "number"]}},
    {"type": "integer"},
    {"type": "number", "minimum": 0, "maximum": 5},
    {"type": "number", "exclusiveMinimum": 0},
    {"type": "array", "items": {"type": "string"}, "minItems": 1},
    {"type": "array", "maxItems": 2},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}], "items": False},
    {"type": "array", "uniqueItems": True},
    {"type": "array", "contains": {"type": "string"}},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "number"}}},
    {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
    {"type": "object", "additionalProperties": {"type": "number"}},
    {"type": "object", "patternProperties": {"^a": {"type": "string"}}, "additionalProperties": {"type": "boolean"}},
    {"type": "object", "propertyNames": {"minLength": 2}},
    {"type": "object", "minProperties": 1, "maxProperties": 1},
    {"type": "object", "dependentRequired": {"a": ["b"]}},
    {"type": "object", "dependentSchemas": {"a": {"properties": {"a": {"const": "a"}}}}},
    {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"type": ["number", "null", "boolean"]}},
    {"if": {"properties": {"a": {"const": "a"}}, "required": ["a"]}, "then": {"required": ["b"]}},
    {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]},
    {"oneOf": [{"type": "string"}, {"const": "a"}, {"type": "number"}]},
    {"allOf": [{"type": ["string", "number"]}, {"$ref": "#/$defs/short"}], "$defs": {"short": {"maxLength": 1}}},
    {"type": "object", "additionalProperties": {"$ref": "#"}},
    {"type": "number", "multipleOf": 2},
    {"unevaluatedProperties": False, "properties": {"a": True}},
    {"dependencies": {"a": ["b"]}},
    {"$ref": "#short", "$defs": {"short": {"$anchor": "short", "type": "string", "maxLength": 1}}},
    {"$schema": "http://json-schema.org/draft-07/schema#", "type": "string", "format": "date"},
    {"type": "string", "pattern": "^[a-c]{2,}$", "not": {"pattern": "c$"}},
    {"type": "string", "pattern": "^a", "maxLength": 3},
    {"type": "array", "items": {"type": ["string", "number"]}},
    {
        "type": "array",
        "allOf": [
            {"if": {"prefixItems": [{"type": "string"}]}, "then": {"items": {"type": "string"}}},
            {"if": {"prefixItems": [{"type": "number"}]}, "then": {"items": {"type": "number"}}},
        ],
    },
]
TYPES = [
    ANY,
    literal({"a": "a", "b": 1}),
    literal(["x", 2]),
    string(("a", "abc")),
    literal([]),
    literal({}),
    literal(1),
]
TYPES += [union(literal("a"), literal(3)), union(literal({"a": "a"}), literal({"a": "b"}))]


def _load(document: Any, folder: Path) -> schemas.Schema:
    path = folder / f"{abs(hash(json.dumps(document)))}.schema.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return schemas.load(f"./{path.name}", folder)


@pytest.mark.slow
def test_gaps_are_neither_missing_nor_invented(tmp_path: Path) -> None:
    loaded = [_load(document, tmp_path) for document in SCHEMAS]
    types = [*TYPES, *map(type_of, loaded)]
    proven = refused = 0
    for schema, (number, type_) in product(loaded, enumerate(types)):
        gaps, validator = SubtypeChecker(schema).gaps(type_), schemas.Validator(schema)
        never = [gap for gap in gaps if gap.always and not gap.path]
        for seed in range(effort(5, 100)):
            try:
                value = sample(type_, Random(seed))
            except NoSampleError:
                break
            about = f"{schema.document} {number} {value}"
            if not gaps:
                assert validator.is_valid(value), about
                proven += 1
            if never and any(not _is_of_part(gap, value) for gap in never):
                assert not validator.is_valid(value), about
                refused += 1
    assert proven > 400
    assert refused > 120


def _is_of_part(gap: Gap, value: Any) -> bool:
    """Returns whether the keyword of a gap applies to a value of this kind."""
    kinds: dict[str, type | tuple[type, ...]] = {
        "minLength": str,
        "maxLength": str,
        "pattern": str,
        "minimum": (int, float),
        "maximum": (int, float),
        "exclusiveMinimum": (int, float),
        "minItems": list,
        "maxItems": list,
        "required": dict,
        "minProperties": dict,
    }
    kind = kinds.get(gap.keyword)
    return kind is not None and not isinstance(value, kind)


@pytest.mark.parametrize(
    ("document", "type_", "expected"),
    [
        ({"type": "string"}, literal(1), [("", "type", "it can be 1, not a string", True)]),
        ({"enum": ["a", "b"]}, string(("a", "x")), [("", "enum", 'it can be "x", not one of ["a", "b"]', False)]),
        (
            {"oneOf": [{"const": "a"}, {"const": "b", "title": "B"}]},
            string(("a", "x")),
            [("", "enum", 'it can be "x", not one of ["a", "b"]', False)],
        ),
        ({"maxLength": 2}, string(("abc",)), [("", "maxLength", "it can have more than 2 characters", True)]),
        ({"required": ["b"]}, literal({"a": 1}), [("", "required", "no rule gives", True)]),
        (
            {"properties": {"a": {"items": {"type": "string"}}}},
            literal({"a": [1]}),
            [("a/*", "type", "it can be 1, not a string", True)],
        ),
        (
            {"additionalProperties": False, "properties": {"b": True}},
            literal({"a": 1}),
            [("a", "additionalProperties", "no such member is allowed", True)],
        ),
        ({"type": "string", "pattern": "^a"}, ANY, [("", "type", "it can be any value", False)]),
    ],
)
def test_gap(document: Any, type_: Type, expected: list[tuple[str, str, str, bool]], tmp_path: Path) -> None:
    gaps = SubtypeChecker(_load(document, tmp_path)).gaps(type_)
    assert [("/".join(gap.path), gap.keyword, gap.reason, gap.always) for gap in gaps] == expected


def test_a_member_called_like_any_member(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"not": {"additionalProperties": {"type": "number"}}}), "utf-8")
    one = ObjectType({"*": Property(literal(1), True)}, (Other(StringType(), ANY_STRING),))
    (gap,) = SubtypeChecker(schemas.load("./s.json", tmp_path)).gaps(Type(objects=(one,)))  # {"*": 1} is refused
    assert gap.keyword == "not"


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string", "minLength": 1}, "it can be empty"),
        ({"type": "string", "minLength": 2}, "it can have fewer than 2 characters"),
        ({"type": "array", "minItems": 1}, "it can be empty"),
        ({"type": "object", "minProperties": 1}, "it can be empty"),
    ],
)
def test_what_is_too_short_in_words(schema: dict[str, Any], reason: str, tmp_path: Path) -> None:
    checked = SubtypeChecker(_load(schema, tmp_path))
    given = type_of(_load({"type": schema["type"]}, tmp_path))
    assert [gap.reason for gap in checked.gaps(given)] == [reason]


@pytest.mark.parametrize(
    "keywords",
    [
        lambda inner: {"not": {"anyOf": [inner, {"not": inner}]}},
        lambda inner: {"dependentSchemas": {"p": inner, "q": inner}},
        lambda inner: {"anyOf": [inner, {"not": inner}]},
        lambda inner: {"not": {"not": {"oneOf": [inner, inner]}}},
        lambda inner: {"if": inner, "then": inner},
    ],
)
def test_parts_that_are_referred_to_twice_are_compared_once(
    keywords: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    levels = 7
    parts = {f"a{level}": keywords({"$ref": f"#/$defs/a{level + 1}"}) for level in range(levels)}
    document = {"$ref": "#/$defs/a0", "$defs": {**parts, f"a{levels}": {"type": "integer"}}}
    compared = list[Any]()
    compare = SubtypeChecker.compare

    def counted(self: SubtypeChecker, type_: Type, part: Any, at: ProofPlace) -> Iterator[Gap]:
        compared.append(part)
        return compare(self, type_, part, at)

    monkeypatch.setattr(SubtypeChecker, "compare", counted)
    checker = SubtypeChecker(_load(document, tmp_path))
    checker.gaps(without_null(ANY))
    assert len(compared) < 1000


def test_what_is_not_known_is_not_certain(tmp_path: Path) -> None:
    """A `not` of what holds as far as certain gaps tell, but not for every value."""
    inner = {"required": ["b"], "type": "object"}
    either = {"anyOf": [inner, {"properties": {"a": {"not": inner}}}]}
    document = {"not": {"properties": {"a": {"not": {"not": either}}}}}
    schema = _load(document, tmp_path)
    value = without_null(ANY)
    type_ = Type(objects=(ObjectType({"a": Property(value, False), "b": Property(value, False)}, ()),))
    assert schemas.Validator(schema).is_valid({"a": {"a": {"b": 1}}})
    assert not any(gap.always for gap in SubtypeChecker(schema, certain=True).gaps(type_))


@pytest.mark.parametrize("levels", [2, 40])
def test_pairs_that_refer_on_to_what_does_not_fit(levels: int) -> None:
    """2^levels places lead to the last definition."""

    def schema(last: str) -> Any:
        parts = {
            f"a{level}": {"type": "object", "properties": {key: {"$ref": f"#/$defs/a{level + 1}"} for key in "xy"}}
            for level in range(levels)
        }
        return schema_of({"$ref": "#/$defs/a0", "$defs": {**parts, f"a{levels}": {"type": last}}})

    gaps = SubtypeChecker(schema("string")).gaps(type_of(schema("number")))
    assert len(gaps) == min(2**levels, MAX_GAPS)
    assert {(len(gap.path), gap.keyword) for gap in gaps} == {(levels, "type")}
