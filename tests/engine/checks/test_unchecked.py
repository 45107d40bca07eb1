"""Keywords of output schemas that are annotations only, and what to write instead (M229)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api

DRAFT_07 = "http://json-schema.org/draft-07/schema#"
BY_PATTERN = "say it by `pattern`"
BY_DRAFT = "say it by `pattern`, or name draft-07 in `$schema`, where formats are conditions"
CASES: list[tuple[str | None, dict[str, Any], str, str]] = [
    (None, {"format": "date-time"}, "format 'date-time'", BY_DRAFT),
    ("https://json-schema.org/draft/2019-09/schema", {"format": "email"}, "format 'email'", BY_DRAFT),
    (None, {"format": "uuid"}, "format 'uuid'", BY_PATTERN),
    (DRAFT_07, {"format": "uuid"}, "format 'uuid'", BY_PATTERN),
    (DRAFT_07, {"format": "Date"}, "format 'Date'", BY_PATTERN),
    (None, {"contentEncoding": "base64"}, "contentEncoding 'base64'", BY_PATTERN),
    (None, {"allOf": [{"format": "uuid"}, {"format": "date"}]}, "format 'uuid', format 'date'", BY_DRAFT),
]


@pytest.mark.parametrize(("draft", "part", "named", "hint"), CASES)
def test_formats_that_are_not_checked_are_named(
    draft: str | None, part: dict[str, Any], named: str, hint: str, write: Callable[[Mapping[str, Any]], Path]
) -> None:
    schema = {**({"$schema": draft} if draft else {}), "properties": {"a": {"type": "string", **part}}}
    problems = api.inspect(write({"out.schema.json": json.dumps(schema)})).problems
    found = {(one.message.rpartition("schema.json': ")[2], one.hint) for one in problems if one.code == "M229"}
    assert found == {(named, hint)}  # each of both outputs has this schema


@pytest.mark.parametrize("format_", ["date", "time", "email", "ipv6", "uri-template", "relative-json-pointer"])
def test_formats_of_draft_07_are_conditions(format_: str, write: Callable[[Mapping[str, Any]], Path]) -> None:
    schema = {"$schema": DRAFT_07, "properties": {"a": {"type": "string", "format": format_}}}
    found = api.inspect(write({"out.schema.json": json.dumps(schema)})).problems
    assert "M229" not in {one.code for one in found}


def test_each_keyword_is_shown_where_it_stands(write: Callable[[Mapping[str, Any]], Path]) -> None:
    schema = """{
  "properties": {
    "a/b": {"type": "string", "allOf": [
      {"format": "uuid"},
      {"format": "date"}
    ]},
    "c": {"$ref": "./other.schema.json"},
    "d": {"type": "string", "format": "uuid"}
  }
}"""
    other = """{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "contentEncoding": "base64"
}"""
    problems = api.inspect(write({"out.schema.json": schema, "other.schema.json": other})).problems
    found = next(one for one in problems if one.code == "M229")
    assert [(str(one.place).rpartition("/")[2], one.text) for one in found.related] == [
        ("out.schema.json:4:8", "format 'uuid'"),
        ("out.schema.json:5:8", "format 'date'"),
        ("other.schema.json:3:3", "contentEncoding 'base64'"),
    ]
