"""From JSON Schema to types: every valid instance is of the type, and what is understood is as narrow as this."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from moemap.engine import schemas
from moemap.engine.proof.samples import instance
from moemap.engine.schemas.schema import schema_of
from moemap.engine.types.from_schema import type_of
from moemap.engine.types.membership import includes
from moemap.engine.types.types import ANY, ANY_STRING, Type
from moemap.tests.engine.notation import written

A, B = (
    {"type": "object", "required": ["k"], "properties": {"k": {"const": "a"}}},
    {"properties": {"x": {"type": "string"}}},
)
CASES: list[tuple[Any, str]] = [
    ({}, "any"),
    ({"type": "string"}, "string"),
    ({"type": ["string", "null"], "minLength": 2, "maxLength": 5, "pattern": "^a"}, "string(>=2, <=5, /^a/)|null"),
    ({"type": "integer"}, "int"),
    ({"type": ["number", "integer"], "exclusiveMinimum": 0}, "number(>0..)"),
    ({"type": "integer", "minimum": 1, "maximum": 3}, "int(1..3)"),
    ({"const": {"a": [1]}}, "{a: [1]}"),
    ({"enum": ["x", 1, None, False]}, "1|'x'|false|null"),
    ({"type": "string", "enum": ["x", 1]}, "'x'"),
    ({"type": "string", "not": {"enum": ["x"]}}, "string(not 'x')"),
    ({"type": ["string", "null"], "not": {"const": None}}, "string"),
    ({"not": {"type": "null"}}, "number|string|boolean|[any]|{*: any}"),
    ({"type": "string", "not": {"type": "string", "pattern": "^m"}}, "string(!/^m/)"),
    ({"type": "array", "items": {"type": "string"}, "minItems": 1}, "[string]1.."),
    ({"type": "array", "prefixItems": [{"const": 1}], "items": False, "minItems": 1}, "[1]1.."),
    ({"type": "object", "properties": {"a": {"type": "null"}}}, "{a?: null, *: any}"),
    ({"type": "object", "additionalProperties": False, "required": ["a"], "properties": {"a": True}}, "{a: any}"),
    ({"type": "object", "additionalProperties": {"type": "boolean"}}, "{*: boolean}"),
    (
        {"type": "object", "patternProperties": {"^m": {"const": 1}}, "additionalProperties": {"const": 2}},
        "{*: 1, *: 2}",
    ),
    ({"type": "object", "x-complete": True, "properties": {"a": {"type": "string"}}}, "{a?: string, ~}"),
    ({"type": "object", "allOf": [A, B]}, "{k: 'a', x?: string, *: any}"),
    ({"type": "object", "x-complete": True, "allOf": [B], "properties": {"y": {"const": 1}}}, "{y?: 1, x?: string, ~}"),
    ({"anyOf": [{"const": "a"}, {"type": "null"}]}, "'a'|null"),
    ({"oneOf": [A, {"type": "string"}]}, "string|{k: 'a', *: any}"),
    ({"$ref": "#/$defs/s", "maxLength": 3, "$defs": {"s": {"type": "string"}}}, "string(<=3)"),
    ({"type": "array", "items": {"$ref": "#"}}, "[[[[[any]]]]]"),
    ({"type": "string", "if": {"const": "a"}, "then": False}, "string"),
    (
        {"type": ["string", "null"], "if": {"type": "string"}, "then": {"const": "a"}, "else": {"type": "null"}},
        "'a'|null",
    ),
    ({"minimum": 3, "maxLength": 2}, "number(3..)|string(<=2)|boolean|[any]|{*: any}|null"),
    ({"dependentRequired": {"a": ["b"]}, "contains": {"const": 1}}, "any"),
]


def _schema(document: Any, folder: Path) -> schemas.Schema:
    (folder / "x.schema.json").write_text(json.dumps(document), encoding="utf-8")
    return schemas.load("./x.schema.json", folder)


@pytest.mark.parametrize(("document", "expected"), CASES, ids=json.dumps)
def test_type(document: Any, expected: str, tmp_path: Path) -> None:
    assert written(type_of(_schema(document, tmp_path))) == expected


@pytest.mark.parametrize("document", [document for document, _ in CASES if "pattern" not in json.dumps(document)])
def test_instances_are_of_the_type(document: Any, tmp_path: Path) -> None:
    schema = _schema(document, tmp_path)
    for seed in range(20):
        assert includes(type_of(schema), instance(schema, Random(seed)))


def test_the_samples_are_of_the_type() -> None:
    schema = schemas.load("mparticle/batch.schema.json", Path())
    for path in sorted((Path(__file__).parents[3] / "examples").glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for batch in content if isinstance(content, list) else [content]:
            if schemas.Validator(schema).is_valid(batch):
                assert includes(type_of(schema), batch), path.name


def test_what_refers_to_itself_stays_open_at_some_depth() -> None:
    tree = {"properties": {"id": {"type": "string"}, "child": {"$ref": "#"}}, "required": ["id"], "type": "object"}
    found = type_of(schema_of(tree))
    for _ in range(5):
        (node,) = found.objects
        assert node.properties["id"].type == ANY_STRING
        found = node.properties["child"].type
    assert found == ANY


def test_the_more_a_schema_refers_to_itself_the_less_deeply_it_is_read() -> None:
    names = [f"n{number}" for number in range(30)]
    tree = {"type": "object", "properties": {name: {"$ref": "#"} for name in names}}
    found = type_of(schema_of(tree))
    for name in names[:2]:
        (node,) = found.objects
        found = node.properties[name].type
    assert found == ANY


def test_definitions_that_refer_to_each_other() -> None:
    one = {"type": "object", "properties": {"other": {"$ref": "#/$defs/other"}, "leaf": {"$ref": "#/$defs/leaf"}}}
    other = {"type": "object", "properties": {"one": {"$ref": "#/$defs/one"}}}
    leaf = {"type": "boolean"}
    found = type_of(schema_of({"$ref": "#/$defs/one", "$defs": {"one": one, "other": other, "leaf": leaf}}))
    for name in ("other", "one", "other"):
        (node,) = found.objects
        found = node.properties[name].type
    assert found.objects[0].properties["one"].type == ANY
    (node,) = type_of(schema_of({"$ref": "#/$defs/one", "$defs": {"one": one, "other": other, "leaf": leaf}})).objects
    assert node.properties["leaf"].type == Type(booleans=frozenset({True, False}))
