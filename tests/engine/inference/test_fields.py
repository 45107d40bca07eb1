"""Coercions, tables and templates give what their types say."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine import schemas, templates
from moemap.engine.inference.fields import coerced, looked_up
from moemap.engine.inference.templates import rendered
from moemap.engine.language.rulebook import Table, Text
from moemap.engine.proof.samples import NoSampleError, sample
from moemap.engine.source.nodes import ScalarNode
from moemap.engine.source.parser import parse
from moemap.engine.source.text import Source
from moemap.engine.types.from_schema import type_of
from moemap.engine.types.membership import includes
from moemap.engine.types.types import ANY, ObjectType, Property, Type, constants, literal, string, union, without_null
from moemap.engine.values.coercion import TYPES, CoercionError, Form, coerce
from moemap.tests.engine.notation import written

TREE = type_of(schemas.load("./infer.schema.json", Path(__file__).parents[1]))
KINDS = [ANY, literal([1, "a", None]), string(("true", "12", "x")), union(literal(2), literal(1.5)), TREE]
KINDS += [prop.type for prop in TREE.objects[0].properties.values()]


FORMS: list[tuple[str, Form]] = [
    ("string", 0),
    ("string", 2),
    ("datetime", (("iso", "milliseconds"), None, "iso", "keep", "milliseconds")),
    ("datetime", (("seconds", "%Y-%m-%d"), "Europe/Berlin", "seconds", "UTC", None)),
    ("datetime", (("iso",), None, "%d.%m.%Y", "UTC", None)),
    ("datetime", (("iso", "seconds"), None, "iso", "UTC", None)),
]
TIMES = string(("2026-01-31T23:59:59.5+01:00", "2026-01-31", "1700000000"))


@pytest.mark.fuzz
@given(
    st.sampled_from([*KINDS, TIMES, union(TIMES, literal(1700000000123))]), st.sampled_from(FORMS), st.integers(0, 999)
)
def test_coercions_to_a_form(type_: Type, form: tuple[str, Form], seed: int) -> None:
    try:
        value = sample(without_null(type_), Random(seed))
    except NoSampleError:
        return
    for known in (without_null(type_), without_null(ANY)):
        found = coerced(known, form[0], None, form[1])
        try:
            result = coerce(value, form[0], form=form[1])
        except CoercionError:
            assert found.fails
        else:
            assert includes(found.type, result)


@pytest.mark.fuzz
@given(
    st.sampled_from(KINDS), st.sampled_from([*TYPES]), st.sampled_from((None, "string", "double")), st.integers(0, 9999)
)
@settings(max_examples=settings().max_examples * 3)
def test_coercions(type_: Type, to: str, items: str | None, seed: int) -> None:
    try:
        value = sample(without_null(type_), Random(seed))
    except NoSampleError:
        return
    found = coerced(without_null(type_), to, items if to == "array" else None)
    try:
        result = coerce(value, to, items if to == "array" else None)
    except CoercionError:
        assert found.fails
    else:
        assert includes(found.type, result)


def _scalar(text: str) -> ScalarNode:
    node, _ = parse(Source("x.yaml", text, None))
    assert isinstance(node, ScalarNode)
    return node


@pytest.mark.parametrize(
    ("unlisted", "value", "expected"),
    [
        ("omit", string(("a", "z")), "'one'|null"),
        ("keep", string(("a", "z")), "'one'|'z'"),
        ("reject", string(("a", "z")), "'one'"),
        (("const", 0), string(("a", "z")), "0|'one'"),
        ("omit", string(("b",)), "null"),
        ("omit", literal(1), "true|null"),  # 1.0 is written otherwise
        ("omit", ANY, "'one'|true|null"),
        ("keep", ANY, "any"),
    ],
)
def test_tables(unlisted: Any, value: Type, expected: str) -> None:
    table = Table(name="t", entries={"a": "one", "b": None, "1": True}, unlisted=unlisted, node=_scalar("x"))
    assert written(looked_up(value, table)) == expected


CONTEXT = Type(
    objects=(
        ObjectType(
            {
                "mode": Property(string(("a", "b")), True),
                "text": Property(union(string(("x",)), literal(None)), True),
                "free": Property(without_null(ANY), True),
                "user": Property(literal({"id": 7}), True),
            }
        ),
    )
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "'plain'"),
        ("{{ mode }}-{{ user.id }}", "'a-7'|'b-7'"),
        ("{{ text }}!", "'x!'|null"),
        ("{{ free }}", "string|null"),
        ("{{ mode }}\r\n{{ mode }}\n", "'a\na'|'a\nb'|'b\na'|'b\nb'"),
        ("{{ mode | upper }}", "string|null"),
        ("{% if text %}yes{% endif %}", "string|null"),
        ("{{ nothing }}", "null"),
    ],
)
def test_templates(text: str, expected: str) -> None:
    found = rendered(Text(templates.compile(text), _scalar("x")), CONTEXT)
    assert written(found) == expected
    values = {"mode": "a", "text": "x", "free": [1], "user": {"id": 7}, "nothing": None}
    assert includes(found, templates.compile(text).render(values))


def test_constants_stay_constants() -> None:
    assert constants(coerced(union(literal(True), literal(1.0)), "string", None).type) == ("1", "true")
