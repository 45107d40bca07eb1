"""The members that a schema marks as personal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.checks.personal_marks import flaws
from moemap.engine.privacy.members import members_of
from moemap.engine.schemas.schema import load, schema_of

ROOT = Path(__file__).parents[3]
MAIL = {"type": "string", "x-personal": "email"}
NEWEST = "https://json-schema.org/draft/2020-12/schema"

SCHEMAS: list[tuple[Any, list[str]]] = [
    ({"properties": {"a": MAIL, "b": {"type": "string"}}}, ["/a email"]),
    ({"properties": {"a": {"x-personal": ["email", "phone"]}}}, ["/a email", "/a phone"]),
    ({"x-personal": "free_form"}, [" free_form"]),
    ({"properties": {"a": {"items": MAIL}}}, ["/a/* email"]),
    ({"properties": {"a": {"prefixItems": [{}, MAIL]}}}, ["/a/* email"]),
    ({"patternProperties": {"^x": MAIL}, "additionalProperties": {"x-personal": "name"}}, ["/* email", "/* name"]),
    ({"propertyNames": MAIL}, ["/{name} email"]),
    ({"x-personal-names": {"$FirstName": "name", "*": "free_form"}}, ["/$firstname name", "/* free_form"]),
    ({"$defs": {"m": MAIL}, "properties": {"a": {"$ref": "#/$defs/m"}}}, ["/a email"]),
    ({"$defs": {"m": {}}, "properties": {"a": {"$ref": "#/$defs/m", **MAIL}}}, ["/a email"]),
    ({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"m": {}},
      "properties": {"a": {"$ref": "#/definitions/m", "x-personal": "email"}}}, ["/a email"]),
    ({"allOf": [{"properties": {"a": MAIL}}], "anyOf": [{"properties": {"b": MAIL}}], "oneOf": [{"items": MAIL}]},
     ["/a email", "/b email", "/* email"]),
    ({"if": {"properties": {"a": MAIL}}, "then": {"properties": {"b": MAIL}}, "else": {"properties": {"c": MAIL}}},
     ["/a email", "/b email", "/c email"]),
    ({"dependentSchemas": {"x": {"properties": {"a": MAIL}}}}, ["/a email"]),
    ({"not": {"properties": {"a": MAIL}}}, []),
    ({"properties": {"x-personal": MAIL}, "examples": [{"x-personal": "email"}]}, ["/x-personal email"]),
    ({"$defs": {"n": {"properties": {"mail": MAIL, "in": {"$ref": "#/$defs/n"}}}},
      "properties": {"a": {"$ref": "#/$defs/n"}}}, ["/a/mail email", "/a email"]),
    ({"properties": {"a": {"x-personal": "nonsense"}, "b": {"x-personal": 5}}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "members"), SCHEMAS, ids=lambda one: json.dumps(one)[:60])
def test_members(schema: Any, members: list[str]) -> None:
    assert [f"{one.text} {one.category}" for one in members_of(schema_of(schema))] == members


def test_marks_of_files_that_a_schema_refers_to(tmp_path: Path) -> None:
    (tmp_path / ".moemap").write_text("", "utf-8")
    (tmp_path / "in.json").write_text('{"properties": {"user": {"$ref": "user.json#/$defs/user"}}}', "utf-8")
    (tmp_path / "user.json").write_text(json.dumps({"$defs": {"user": {"properties": {"mail": MAIL}}}}), "utf-8")
    assert [one.text for one in members_of(load("./in.json", tmp_path))] == ["/user/mail"]


FLAWS: list[tuple[Any, list[tuple[str, str, str | None]]]] = [
    ({"x-personal": "mail"}, [("/x-personal", '"mail" is not a category', "did you mean 'email'?")]),
    ({"x-personal": ["email", 5]}, [("/x-personal", "5 is not a category", None)]),
    ({"x-personal": []}, [("/x-personal", "[] is not a category", None)]),
    ({"x-personal": {}}, [("/x-personal", "{} is not a category", None)]),
    ({"x-personal-names": "email"}, [("/x-personal-names", '"email" is not an object of names and categories', None)]),
    ({"x-personal-names": {"a": "b"}}, [("/x-personal-names", '"b" is not a category', None)]),
    ({"x-personnal": "email"}, [("/x-personnal", "there is no keyword 'x-personnal'", "did you mean 'x-personal'?")]),
    ({"personal": "email"}, [("/personal", "there is no keyword 'personal'", "did you mean 'x-personal'?")]),
    ({"properties": {"a": {"items": {"x-personal": "x"}}}},
     [("/properties/a/items/x-personal", '"x" is not a category', None)]),
    ({"allOf": [{"x-personal": "x"}]}, [("/allOf/0/x-personal", '"x" is not a category', None)]),
    ({"properties": {"x-personnal": {}}, "x-complete": True, "x-other": 1, "x-internal": True, "x-pattern": "a",
      "const": {"x-personal": "x"}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "found"), FLAWS, ids=lambda one: json.dumps(one)[:60])
def test_marks_that_mark_nothing(schema: Any, found: list[tuple[str, str, str | None]]) -> None:
    assert list(flaws(schema)) == found


@pytest.mark.parametrize("path", sorted((ROOT / "schemas").rglob("*.json")), ids=lambda path: path.stem)
def test_the_marks_of_the_installed_schemas(path: Path) -> None:
    assert list(flaws(json.loads(path.read_text("utf-8")))) == []
