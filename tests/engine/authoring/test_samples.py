"""Schemas inferred from samples: exact on small ones, and every sample conforms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.authoring import infer_schema
from moemap.engine.schemas.schema import schema_of

CASES: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "kinds of numbers": ([{"a": 1, "b": 1, "c": 1.5}, {"a": 2, "b": 2.5, "c": 3.5}], {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "number"}, "c": {"type": "number"}},
        "required": ["a", "b", "c"],
    }),
    "several kinds": ([[1, "x", None, True]], {
        "type": "array",
        "items": {"type": ["boolean", "null", "integer", "string"]},
    }),
    "optional members": ([{"a": 1}, {"a": 1, "b": 2}, {"a": 3}], {
        "type": "object",
        "properties": {
            "a": {"type": "integer"},
            "b": {"$comment": "review: optional: in 1 of 3 objects", "type": "integer"},
        },
        "required": ["a"],
    }),
    "only null": ([{"a": None}], {
        "type": "object",
        "properties": {"a": {"$comment": "review: only null was seen, so anything is allowed"}},
        "required": ["a"],
    }),
    "empty lists": ([[], []], {"$comment": "review: only empty lists were seen", "type": "array"}),
    "formats": ([["2026-01-05T10:00:00Z", "2026-01-05T10:00:00.5+02:00"]], {
        "type": "array", "items": {"type": "string", "format": "date-time"},
    }),
    "one string without the format": ([["2026-01-05", ""]], {"type": "array", "items": {"type": "string"}}),
    "enumerations": ([["ios", "web"] * 3], {
        "type": "array",
        "items": {
            "$comment": "review: an enumeration: these values were seen 6 times in all",
            "type": "string",
            "enum": ["ios", "web"],
        },
    }),
    "enumerations with null": ([["ios", None] * 3], {
        "type": "array",
        "items": {
            "$comment": "review: an enumeration: these values were seen 3 times in all",
            "type": ["null", "string"],
            "enum": ["ios", None],
        },
    }),
    "no enumeration of few": ([["ios", "ios", "web"]], {"type": "array", "items": {"type": "string"}}),
    "no enumeration beside numbers": ([["ios", "ios", "ios", 1]], {
        "type": "array", "items": {"type": ["integer", "string"]},
    }),
    "names as data": ([{f"id{index}": {"n": index}} for index in range(20)], {
        "$comment": "review: the 20 names of members are taken for data",
        "type": "object",
        "additionalProperties": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_schemas(name: str) -> None:
    samples, wanted = CASES[name]
    schema = infer_schema(samples).schema
    assert schema.pop("$schema") == "https://json-schema.org/draft/2020-12/schema"
    assert schema == wanted


def test_notes_say_what_to_review_and_where() -> None:
    inferred = infer_schema([{"events": [{"a/b": "x"}, {"t": "y"}]}, {"events": []}])
    assert inferred.notes == (
        ("/events/*/a~1b", "optional: in 1 of 2 objects"),
        ("/events/*/t", "optional: in 1 of 2 objects"),
    )


def test_no_samples_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^there are no samples to infer a schema from$"):
        infer_schema([])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "b", "2026-01-05", "a@example.com"]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.lists(JSON, min_size=1, max_size=8))
def test_every_sample_conforms(samples: list[Any]) -> None:
    validator = schema_of(infer_schema(samples).schema).validator
    assert [one for one in samples if not validator.is_valid(one)] == []
