"""An `anyOf` or `oneOf` of constants is read as one enumeration, with the same meaning."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from moemap.engine.schemas.schema import schema_of

ENUM = [None, True, 1, "a", {"k": [1]}, [True]]
VALUES = [None, True, False, 0, 1, 1.0, 2, 2.5, "a", "b", "1", [], [1], [True], {}, {"k": [1]}, {"k": [True]}]


def constants(*values: Any, **beside: Any) -> list[dict[str, Any]]:
    return [{"const": value, **beside} for value in values]


def meaning(document: dict[str, Any]) -> list[Any]:
    """The values that the schema as it is written allows, according to the reference implementation."""
    return [value for value in VALUES if Draft202012Validator(document).is_valid(value)]


@pytest.mark.parametrize(
    ("document", "enum"),
    [
        ({"anyOf": constants(*ENUM)}, ENUM),
        ({"oneOf": constants(*ENUM)}, ENUM),
        ({"anyOf": constants("a", "b", "a")}, ["a", "b"]),
        ({"oneOf": constants("a", "b", "a")}, ["b"]),
        ({"oneOf": constants(1, 2, 1.0)}, [2]),
        ({"oneOf": constants(1, True, [1], [True])}, [1, True, [1], [True]]),
        ({"oneOf": [{"enum": ["a", "a"]}, {"enum": ["b", 1]}, {"const": 1}]}, ["a", "b"]),
        ({"anyOf": [{"const": "a"}, {"enum": [1, 2]}]}, ["a", 1, 2]),
        ({"oneOf": constants("a", "b", title="A", description="The first.")}, ["a", "b"]),
        ({"anyOf": constants("a", 1, type="string")}, ["a"]),
        ({"anyOf": [{"const": "a", "enum": ["b", "a"]}, {"enum": [1, 2], "minimum": 2}]}, ["a", 2]),
        ({"type": "string", "oneOf": constants("a", 1)}, ["a", 1]),
        ({"anyOf": [*constants("a", "b"), {"type": "null"}]}, ["a", "b", None]),
        ({"oneOf": [*constants("a", None), {"type": "null", "title": "None"}]}, ["a"]),
        ({"anyOf": [{"enum": ["a", 1]}, {"type": "null", "const": 1}]}, ["a", 1]),
        ({"const": 1, "oneOf": constants("a", 1)}, ["a", 1]),
    ],
)
def test_constants_are_an_enumeration(document: dict[str, Any], enum: list[Any]) -> None:
    schema = schema_of(document)
    assert schema.document["enum"] == enum
    assert not {"anyOf", "oneOf"} & schema.document.keys()
    assert meaning(document) == [value for value in VALUES if schema.validator.is_valid(value)]


@pytest.mark.parametrize(
    "document",
    [
        {"oneOf": constants("a", "a")},
        {"anyOf": constants(1, type="string")},
        {"enum": ["a", 1], "anyOf": constants("a", "b")},
        {"anyOf": [*constants("a", "b"), {"type": "integer"}]},
        {"anyOf": [*constants("a", "b"), {"type": ["null", "integer"]}]},
        {"anyOf": [*constants("a", "b"), False]},
        {"anyOf": [{"const": "a", "$ref": "#/$defs/number"}, {"const": 1}], "$defs": {"number": {"type": "number"}}},
        {"anyOf": [{"const": "a", "not": {}}, {"const": 1}]},
        {"oneOf": constants("a", "b", **{"x-personal": "name"})},
    ],
)
def test_other_alternatives_stay_as_they_are(document: dict[str, Any]) -> None:
    schema = schema_of(document)
    assert schema.document.keys() == document.keys()
    assert schema.document.get("enum") == document.get("enum")
    assert meaning(document) == [value for value in VALUES if schema.validator.is_valid(value)]


def test_a_reference_leads_to_an_alternative_all_the_same() -> None:
    schema = schema_of({"properties": {"a": {"anyOf": constants("a", "b")}, "b": {"$ref": "#/properties/a/anyOf/1"}}})
    assert [schema.validator.is_valid({"b": value}) for value in ("a", "b")] == [False, True]


def test_alternatives_of_both_keywords() -> None:
    schema = schema_of({"anyOf": constants("a", "b"), "oneOf": constants("b", "c")})
    assert [value for value in "abc" if schema.validator.is_valid(value)] == ["b"]


ALTERNATIVES = st.one_of(
    st.fixed_dictionaries(
        {"const": st.sampled_from(VALUES)}, optional={"type": st.sampled_from(["string", "integer"])}
    ),
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from(VALUES), min_size=1)}, optional={"maximum": st.just(1)}),
)


@pytest.mark.fuzz
@given(st.sampled_from(["anyOf", "oneOf"]), st.lists(ALTERNATIVES, min_size=1, max_size=6))
def test_any_alternatives_mean_the_same(keyword: str, alternatives: list[Any]) -> None:
    document = {keyword: alternatives}
    assert meaning(document) == [value for value in VALUES if schema_of(document).validator.is_valid(value)]
