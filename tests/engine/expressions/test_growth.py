"""The bounds on the growth of functions' results hold."""

from __future__ import annotations

import pytest

from moemap.engine.expressions import growth
from moemap.engine.expressions.parser import parse


@pytest.mark.parametrize(
    ("expression", "copies"),
    [
        ("map(&[@, @], list)", 2),
        ("to_object(list, &name, &[@, @, @])", 3),
        ("sort_by(list, &[@, @])", 1),
        ("last_by(list, &[@, @])", 1),
        ("merge(list, list)", 2),
        ("length(list)", 0),
        ("not_null(a, [b, b])", 2),
    ],
)
def test_copies(expression: str, copies: int) -> None:
    assert growth.of_expression(parse(expression).tree, {}).copies == copies


def test_a_function_of_which_nothing_more_is_known_may_hold_all_that_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(growth, "_ORDERED", frozenset())
    assert growth.of_expression(parse("sort_by(list, &[@, @])").tree, {}).copies == 3


def test_nested_lists_are_looked_at_once_for_each_level() -> None:
    text = "[" * 45 + "batch" + "]" * 45
    assert growth.of_expression(parse(text).tree, {}).copies == 1
