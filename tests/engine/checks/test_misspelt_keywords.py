"""Words in schemas that are no keywords but look like some (M158), and words that are annotations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.schemas.normal_form import MAX_UNKNOWN

Write = Callable[[Mapping[str, Any]], Path]
DRAFT_07, DRAFT_04 = (f"http://json-schema.org/draft-0{number}/schema#" for number in (7, 4))


def found(schema: Any, write: Write, **others: str) -> list[tuple[str, str | None]]:
    """The word, the place and the hint of each problem."""
    text = schema if isinstance(schema, str) else json.dumps(schema)
    problems = api.inspect(write({"in.schema.json": text, **others})).problems
    told = [one for one in problems if one.code == "M158"]
    assert {one.severity for one in told} <= {"warning"}
    return [(one.message.partition(" has ")[2], one.hint) for one in told]


@pytest.mark.parametrize(
    ("word", "value", "meant"),
    [
        ("require", ["a"], "required"),
        ("propertys", {"a": True}, "properties"),
        ("maxLenght", 5, "maxLength"),
        ("maxLenght", "5", "maxLength"),
        ("ref", "#/x", "$ref"),
        ("$reff", "#/x", "$ref"),
        ("fromat", "date", "format"),
        ("PATTERNS", "^a", "pattern"),
        ("Type", "string", "type"),
        ("max_length", 5, "maxLength"),
        ("any-of", [True], "anyOf"),
        ("patern", "^a", "pattern"),
        ("enums", ["a"], "enum"),
        ("item", {"type": "string"}, "items"),
        ("additionalProperty", False, "additionalProperties"),
        ("exclusiveMin", 5, "exclusiveMinimum"),
        ("defs", {}, "$defs"),
        ("schema", DRAFT_07, "$schema"),
    ],
)
def test_a_word_that_is_nearly_a_keyword(word: str, value: Any, meant: str, write: Write) -> None:
    message = f"'{word}' at /properties/a/{word}, which is no keyword of draft 2020-12"
    assert found({"properties": {"a": {word: value}}}, write) == [(message, f"did you mean {meant!r}?")]


@pytest.mark.parametrize(
    ("schema", "message", "draft"),
    [
        ({"$schema": DRAFT_04, "const": 1}, "'const' at /const, which is no keyword of draft-04", "draft 2020-12"),
        (
            {"$schema": DRAFT_07, "prefixItems": [True]},
            "'prefixItems' at /prefixItems, which is no keyword of draft-07",
            "draft 2020-12",
        ),
        (
            {"additionalItems": False},
            "'additionalItems' at /additionalItems, which is no keyword of draft 2020-12",
            "draft 2019-09",
        ),
    ],
)
def test_a_keyword_of_another_draft(schema: Any, message: str, draft: str, write: Write) -> None:
    assert found(schema, write) == [(message, f"{draft} has it: name that in `$schema`")]


@pytest.mark.parametrize(
    "schema",
    [
        {"note": "text", "form": "short", "tsType": "Date", "when": "later", "label": "A", "unit": "m", "name": "a"},
        {"x-require": ["a"], "titel": "T", "example": 5, "comment": "c", "Description": "d", "nullable": True},
        {"discriminator": {}, "xml": {}, "externalDocs": {}, "markdownDescription": "d", "errorMessage": "e"},
        {"defaultSnippets": [], "enumNames": ["a"], "enumDescriptions": ["a"], "propertyOrdering": ["a"]},
        {"contentSchema": True, "$vocabulary": {}, "deprecated": True, "dependencies": {}, "definitions": {}},
        {"const": {"require": ["a"]}, "default": {"propertys": {}}, "examples": [{"ref": "a"}], "enum": [{"Type": 1}]},
        {"properties": {"require": True, "ref": {"type": "string"}}, "required": ["propertys"]},
        {"other": {"require": ["a"]}},
        {"$schema": DRAFT_04, "id": "http://x.example/a"},
    ],
)
def test_a_word_that_is_an_annotation_or_a_name(schema: Any, write: Write) -> None:
    assert found(schema, write) == []


def test_the_place_in_the_file_that_has_it(write: Write) -> None:
    schema = {"properties": {"a": {"$ref": "./other.schema.json"}}}
    files = {"in.schema.json": json.dumps(schema), "other.schema.json": '{\n  "a/b": 1,\n  "require": ["a"]\n}'}
    (one,) = (one for one in api.inspect(write(files)).problems if one.code == "M158")
    assert "at /require of other.schema.json, which" in one.message
    assert [(Path(at.place.file).name, at.place.line, at.place.column) for at in one.related] == [
        ("other.schema.json", 3, 3)
    ]


@pytest.mark.slow
def test_the_number_of_words_is_bounded(write: Write) -> None:
    words = {f"w{number}q": number for number in range(MAX_UNKNOWN - 1)}
    assert len(found({**words, "require": ["a"]}, write)) == 1
    assert found({**words, "more": 1, "require": ["a"]}, write) == []
