"""The words for values that outputs always refuse (M403), for each keyword of a schema that can be that sure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api

_ONE = {"const": "a"}
_DEEP = {"fields": {"a": {"fields": {"b": _ONE}}}}


def _looked_up(table: str) -> dict[str, str]:
    return {"from": "to_string(batch)", "table": table}


@pytest.mark.parametrize(
    ("schema", "field", "reason"),
    [
        ({"type": "string"}, {"const": 1}, "it is 1, not a string"),
        ({"type": ["integer", "null"]}, {"const": True}, "it is true, not a whole number or null"),
        ({"type": ["integer", "null"]}, {"const": 1.5}, "it is 1.5, not a whole number or null"),
        ({"type": "integer"}, "if(batch, `1.5`, `2.5`)", "it is 1.5 or 2.5, not a whole number"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"const": 1.5}, "it fits none of the alternatives"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, {"const": 1.5}, "it fits none of the alternatives"),
        ({"allOf": [{"type": "integer"}]}, {"const": -0.5}, "it is -0.5, not a whole number"),
        ({"if": {"type": "number"}, "then": {"type": "integer"}}, {"const": 1.5}, "it is 1.5, not a whole number"),
        ({"enum": [1, 2]}, {"const": 1.5}, "it is 1.5, not one of [1, 2]"),
        ({"items": {"type": ["integer", "null"]}}, {"const": [1.5]}, "it is 1.5, not a whole number or null"),
        ({"items": {"type": "integer"}}, {"list": [{"const": 1.5}]}, "it is 1.5, not a whole number"),
        ({"multipleOf": 1}, {"const": 1.5}, "it is 1.5, no multiple of 1"),
        ({"multipleOf": 0.1}, "if(batch, `0.25`, `0.35`)", "it is 0.25 or 0.35, no multiple of 0.1"),
        ({"enum": ["b", 2]}, _ONE, 'it is "a", not one of ["b", 2]'),
        ({"const": 2}, _ONE, 'it is "a", not one of [2]'),
        ({"enum": ["x"]}, _looked_up("many"), 'it is "a", "b", "c", "d" or others, not one of ["x"]'),
        ({"enum": ["x"]}, _looked_up("two"), 'it is "a" or "b", not one of ["x"]'),
        ({"const": {"a": 1}}, {"from": "length(to_string(batch))"}, 'it is other than [{"a": 1}]'),
        ({"minimum": 5}, {"const": 1}, "it is less than 5"),
        ({"maximum": 5}, {"const": 6}, "it is more than 5"),
        ({"exclusiveMinimum": 5}, {"const": 5}, "it is no more than 5"),
        ({"exclusiveMaximum": 5}, {"const": 5}, "it is no less than 5"),
        ({"minLength": 1}, {"const": ""}, "it is empty"),
        ({"minLength": 3}, _ONE, "it has fewer than 3 characters"),
        ({"maxLength": 0}, _ONE, "it has more than 0 characters"),
        ({"pattern": "^b"}, _ONE, '"a" does not match ^b'),
        ({"pattern": "^x"}, _looked_up("two"), '"a" or "b" does not match ^x'),
        ({"pattern": "^b"}, {"template": "c{{ batch.a }}"}, "it does not match ^b"),
        ({"minItems": 1}, {"const": []}, "it is empty"),
        ({"minItems": 2}, {"const": [1]}, "it has fewer than 2 elements"),
        ({"maxItems": 1}, {"const": [1, 2]}, "it has more than 1 elements"),
        ({"minProperties": 2}, {"fields": {"b": _ONE}}, "it has fewer than 2 members"),
        ({"propertyNames": {"maxLength": 0}}, {"fields": {"b": _ONE}}, "its name: it has more than 0 characters"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, _ONE, "it fits none of the alternatives"),
        ({"oneOf": [{"type": "number"}, {"minLength": 2}]}, _ONE, "it fits none of the alternatives"),
        ({"not": {"pattern": "^a"}}, _ONE, "it matches ^a, which is not allowed"),
        ({"not": {"enum": ["a", 1]}}, _ONE, 'it is one of ["a", 1], which is not allowed'),
        ({"not": {"type": "string"}}, _ONE, "it is what is not allowed"),
        ({"not": {"type": "string", "description": "no text"}}, _ONE, "no text"),
        ({"if": {"type": "string"}, "then": {"not": {"const": "a"}}}, _ONE, "it is what is not allowed"),
        ({"allOf": [{"not": {}}]}, _ONE, "it is what is not allowed"),
        (False, _ONE, "nothing is allowed there"),
        ({"items": {"type": "string"}}, {"const": [1]}, "it is 1, not a string"),
        ({"properties": {"a": {"properties": {"b": {"maxLength": 0}}}}}, _DEEP, "it has more than 0 characters"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_always_refused_in_words(schema: Any, field: Any, reason: str, write: Callable[..., Path]) -> None:
    tables = {"two": "ab", "many": "abcdef"}
    entries = {name: {"unlisted": "omit", "entries": {one: one for one in names}} for name, names in tables.items()}
    rules = {"tables": entries, "rules": [{"rule": "one", "output": "out", "fields": {"x": field}}]}
    main = write({"out.schema.json": json.dumps({"properties": {"x": schema}}), "rules.yaml": rules})
    found = [problem.message for problem in api.inspect(main).problems if problem.code == "M403"]
    assert found == [f"the out request refuses what stands here: {reason}"]


@pytest.mark.parametrize("value", ["`1.0`", "`1`", "`-3.0e+10`", "if(batch, `1.5`, `2`)"])
@pytest.mark.parametrize("schema", [{"type": ["integer", "null"]}, {"type": ["number", "null"], "multipleOf": 1}])
def test_numbers_of_which_some_are_whole_are_not_always_refused(
    schema: Any, value: str, write: Callable[..., Path]
) -> None:
    rules = {"rules": [{"rule": "one", "output": "out", "fields": {"x": value}}]}
    main = write({"out.schema.json": json.dumps({"properties": {"x": schema}}), "rules.yaml": rules})
    assert [problem.code for problem in api.inspect(main).problems] == []
