"""The type of every construct, in a table; and the law that holds for all of them: what the interpreter gives is of the
inferred type, whatever the expression and the data."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine import schemas
from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.tree import EvaluationError
from moemap.engine.functions.table import FUNCTIONS
from moemap.engine.inference import functions as infer_functions
from moemap.engine.inference.calls import declared
from moemap.engine.inference.expressions import Seen, infer, narrow, otherwise
from moemap.engine.proof.samples import instance, sample
from moemap.engine.types.from_schema import type_of
from moemap.engine.types.membership import includes
from moemap.engine.types.types import BOOLEAN, ObjectType, Property, Type, literal, only, string
from moemap.engine.values.equality import is_true
from moemap.tests.engine.notation import written
from moemap.tests.engine.random_expressions import expression

HERE = Path(__file__).parents[1]
TABLE: dict[str, list[Any]] = yaml.safe_load((HERE / "infer.yaml").read_text(encoding="utf-8"))
NARROWINGS = TABLE.pop("narrowing")
SCHEMA = schemas.load("./infer.schema.json", HERE)
LARGE = schemas.load("mparticle/batch.schema.json", HERE)


def _context(schema: schemas.Schema) -> Type:
    known = {"mode": Property(string(("a", "text")), True)}
    roots = {"batch": Property(type_of(schema), True), "settings": Property(Type(objects=(ObjectType(known),)), True)}
    return Type(objects=(ObjectType(roots),))


CONTEXT = _context(SCHEMA)


@pytest.mark.parametrize(("text", "expected"), [case for cases in TABLE.values() for case in cases])
def test_type(text: str, expected: str) -> None:
    found = infer(parse(text).tree, CONTEXT)
    assert written(found.type) + (" or fails" if found.fails else "") == expected


@pytest.mark.parametrize("case", NARROWINGS, ids=lambda case: case["when"])
def test_narrowing(case: dict[str, str]) -> None:
    left = narrow(CONTEXT, parse(case["when"]).tree, True)
    assert written(infer(parse(case["of"]).tree, left).type) == case["type"]


def test_a_function_without_a_refinement_has_the_type_of_its_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer_functions, "REFINED", {})
    texts = ("lower('A')", "type(batch)", "not_null(batch.x, batch)")
    found = {text: infer(parse(text).tree, CONTEXT) for text in texts}
    assert [written(one.type) for one in found.values()] == ["string|null", "string", "any"]
    assert all(one.fails for one in found.values())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_refined_type_lies_within_that_of_the_signature(name: str) -> None:
    for one in FUNCTIONS[name].examples:
        roots = {root: Property(literal(value), True) for root, value in one.given.items()}
        found = infer(parse(one.expression).tree, Type(objects=(ObjectType(roots),)))
        assert includes(found.type, one.result)
        if parse(one.expression).tree.get("value") == name:
            assert not subtract_kinds(found.type, declared(name))


def subtract_kinds(type_: Type, whole: Type) -> set[str]:
    kinds = ("null", "boolean", "number", "string", "array", "object")
    return {kind for kind in kinds if not only(type_, [kind]).never and only(whole, [kind]).never}


def test_every_part_is_seen_once() -> None:
    seen: list[Seen] = []
    infer(parse("batch.items[?price > `1`].id | [0] || 'x'").tree, CONTEXT, seen.append)
    texts = sorted((one.node["start"], one.node["end"], one.node["type"]) for one in seen)
    assert len(texts) == len(set(texts)) == 14


@pytest.mark.fuzz
@pytest.mark.slow
@given(st.integers(0, 2**32))
@settings(max_examples=settings().max_examples * 3 // 2)
def test_the_interpreter_gives_what_was_inferred(seed: int) -> None:
    _holds(SCHEMA, Random(seed))


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.integers(0, 2**32))
@settings(max_examples=settings().max_examples * 2 // 5)
def test_the_interpreter_gives_what_was_inferred_for_a_large_schema(seed: int) -> None:
    _holds(LARGE, Random(seed))


def _holds(schema: schemas.Schema, random: Random) -> None:
    """Soundness, of types and of narrowing, on a few random expressions and instances."""
    roots = {"batch": Property(type_of(schema), True), "settings": Property(_SETTINGS, True)}
    context = Type(objects=(ObjectType(roots),))
    validator = schemas.Validator(schema)
    values = [{"batch": instance(schema, random, validator), "settings": sample(_SETTINGS, random)} for _ in range(3)]
    assert all(includes(context, value) for value in values)
    for _ in range(8):
        made = expression(context, random)
        found = infer(made.tree, context)
        true, false, rest = (
            narrow(context, made.tree, True),
            narrow(context, made.tree, False),
            otherwise(context, made.tree),
        )
        for value in values:
            try:
                result = made.search(value)
            except EvaluationError:
                assert found.fails, made.text
                assert includes(rest, value), made.text
                continue
            assert includes(found.type, result), made.text
            assert includes(true if is_true(result) else false, value), made.text
            assert is_true(result) or includes(rest, value), made.text


_SETTINGS = Type(
    objects=(ObjectType({"mode": Property(string(("a", "custom_event")), True), "flag": Property(BOOLEAN, True)}),)
)
