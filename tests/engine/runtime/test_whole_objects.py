"""Objects that rules use as a whole are no structs; where only some elements need that, these are left to others."""

from __future__ import annotations

import re
from typing import Any

import pytest

from moemap.engine.compiler.python.pool import Pool
from moemap.engine.compiler.python.struct_layouts import Exceptions, Shapes
from moemap.engine.compiler.python.value import DICT, Value
from moemap.engine.compiler.rules.mapping import structs_source_of
from moemap.engine.types.from_schema import type_of
from moemap.tests.engine.runtime.test_structs import PLAIN, SHAPED, Books

ROUTES = {"parts": {"each": "batch.parts", "as": "item"}}


def structs(source: str | None) -> list[str]:
    """The places of the structs that code reads; that of the batch is empty."""
    return sorted(re.findall(r"= struct\('([^']*)'", source or ""), reverse=True)


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("batch.part.n", ["part", ""]),
        ("batch.part", [""]),
        ("length(batch.part)", [""]),
        ("batch.part.n || batch.part", [""]),
        ("batch.part.undeclared", [""]),
        ({"const": 1, "when": "batch.part != `null`"}, ["part", ""]),
        ({"const": 1, "when": "batch.part != `null` && type(batch.part) != 'object'"}, ["part", ""]),
        ({"const": 1, "when": "type(batch.part) == 'null'"}, ["part", ""]),
        ({"template": "{{ batch.part.n }}"}, ["part", ""]),
        ({"template": "{{ batch.part | default('') }}"}, [""]),
        ("batch.parts[*].n", ["parts.[]", ""]),
        ("batch.parts", [""]),
        ("contains(map(&type(@), batch.parts), 'object')", [""]),
        ("batch.parts[].sub[].k", ["parts.[].sub.[]", "parts.[]", ""]),
        ("batch.parts[*].sub", ["parts.[]", ""]),
        ("length(batch)", []),
        ({"from": "length(batch.part)", "when": "settings.flag"}, [""]),
    ],
)
def test_what_a_field_reads(book: Books, field: Any, wanted: list[str]) -> None:
    rules = [{"rule": "one", "output": "single", "fields": {"x": field, "id": "batch.id"}}]
    assert structs(structs_source_of(book({**PLAIN, "rules": rules}, SHAPED))) == wanted


@pytest.mark.parametrize(
    ("first", "lets", "left"),
    [
        ("item.n", {}, []),
        ("item", {}, ["first"]),
        ("length(batch.part)", {}, ["first"]),
        ("get_ignore_case(item, 'N')", {}, ["first"]),
        ({"from": "size", "when": "batch.part.n"}, {"size": "length(item)"}, []),
    ],
)
def test_elements_of_a_rule_that_uses_structs_as_a_whole(book: Books, first: Any, lets: Any, left: list[str]) -> None:
    rules = [
        {"rule": name, "route": "parts", "when": f"item.n == '{name}'", "output": "single", "let": lets, "fields": read}
        for name, read in (("first", {"x": first}), ("second", {"x": "item.n", "y": "batch.part.n"}))
    ]
    source = structs_source_of(book({**PLAIN, "routes": ROUTES, "rules": rules}, SHAPED)) or ""
    assert structs(source) == ["parts.[]", "part", ""]
    assert re.findall(r"# rule (\w+) .*\n +unusual\(\)", source) == left


def test_asking_for_code_changes_nothing(book: Books) -> None:
    schema = book({**PLAIN, "rules": []}, SHAPED).schemas["./in.schema.json"]
    shapes = Shapes(type_of(schema), Exceptions(), Pool(frozenset()))
    batch = Value("batch", DICT, shape=shapes.root)
    assert shapes.root is not None
    assert (batch.code, batch.unshaped.code) == ("unusual(STRUCT_1)", "unusual(STRUCT_1)")
    assert shapes.needed("x = batch.id") == frozenset()
    assert shapes.needed("x = batch.id", f"y = len({batch.code})") == {()}
