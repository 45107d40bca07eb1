"""Mutants of expressions: each is a valid expression that differs from the original."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.expressions.parser import parse
from moemap.engine.mutation.expressions import changes_of
from moemap.engine.types.types import ANY
from moemap.tests.engine.random_expressions import expression

CASES = [
    ("event.name", ["the step '.name' is dropped: event"]),
    (
        "event.type == 'order' && (total || !free)",
        [
            "the operand \"event.type == 'order'\" of && is dropped: (total || !free)",
            "the operand 'total || !free' of && is dropped: event.type == 'order'",
            "the step '.type' is dropped: event == 'order' && (total || !free)",
            "== becomes !=: event.type != 'order' && (total || !free)",
            "'order' becomes 'orde': event.type == 'orde' && (total || !free)",
            "the operand 'total' of || is dropped: event.type == 'order' && (!free)",
            "the operand '!free' of || is dropped: event.type == 'order' && (total)",
            "not 'free' becomes itself: event.type == 'order' && (total || free)",
        ],
    ),
    (
        "a && b && c",
        [
            "the operand 'a' of && is dropped: b && c",
            "the operand 'b' of && is dropped: a && c",
            "the operand 'c' of && is dropped: a && b",
        ],
    ),
    ("(a || b) && c", ["the operand 'a || b' of && is dropped: c", "the operand 'c' of && is dropped: (a || b)"]),
    ("x >= `-5`", [">= becomes >: x > `-5`", "`-5` becomes `-4`: x >= `-4`"]),
    ("x == `true`", ["== becomes !=: x != `true`", "`true` becomes `false`: x == `false`"]),
    ("lower(to_string(x))", ["lower() becomes its first argument: to_string(x)"]),
    ("trim(a || b) == c", ["trim() becomes its first argument: (a || b) == c"]),
    ("contains(xs, x)", []),
    ("xs[?a == b].c", ["the filter 'a == b' is dropped: xs[*].c", "== becomes !=: xs[?a != b].c"]),
    ("xs[0]", ["the index 0 becomes 1: xs[1]"]),
    ("[a, b][]", ["the element 1, 'a', is dropped: [b][]", "the element 2, 'b', is dropped: [a][]"]),
    ("{x: a, y: b}", ["the element 1, 'x: a', is dropped: {y: b}", "the element 2, 'y: b', is dropped: {x: a}"]),
]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_changes(text: str, wanted: list[str]) -> None:
    found = [f"{one.words}: {one.expression.text}" for one in changes_of(parse(text))]
    assert [one for one in wanted if one not in found] == []
    if not wanted:
        assert found == []


@pytest.mark.fuzz
@given(st.integers())
def test_every_change_is_another_expression(seed: int) -> None:
    random_one = expression(ANY, Random(seed))
    text = random_one.text
    found = list(changes_of(random_one))
    texts = [one.expression.text for one in found]
    assert len({text, *texts}) == len(texts) + 1
    for one in found:
        assert text[: one.start] == one.expression.text[: one.start]
        assert one.expression.text.endswith(text[one.end :])
