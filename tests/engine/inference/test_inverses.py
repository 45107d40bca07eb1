"""Conditions on results of functions narrow the type of the argument without losing a value that meets them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.tree import EvaluationError
from moemap.engine.inference.expressions import narrow, otherwise
from moemap.engine.types.membership import includes
from moemap.engine.types.types import ANY, ObjectType, Property, Type
from moemap.engine.values.equality import is_true
from moemap.tests.engine.notation import written

CONTEXT = Type(objects=(ObjectType({"x": Property(ANY, True)}),))
SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, 1.0, 2.5])
    | st.text(alphabet="aAkK\u212a\u0130 \ufeff\u2028b", max_size=3)
)
VALUES: st.SearchStrategy[object] = (
    SCALARS | st.lists(SCALARS | st.just([]) | st.just({}), max_size=3) | st.just({"a": 1})
)

CASES = [
    ("lower(x) != 'ak'", "string(!/^(?:[aA][kK])$/)|null"),
    ("upper(x)", "string(>=1)"),
    ("trim(lower(x)) == 'a'", None),
    ("lower(trim(x)) != ''", None),
    ("!contains(['a', 'b ', ''], lower(trim(x)))", None),
    ("contains(['a', 'K'], upper(trim(x)))", None),
    ("length(trim(to_string(x))) > `1`", None),
    ("trim(to_string(x || ''))", None),
    ("type(x) != 'string'", "number|boolean|[any]|{*: any}|null"),
    ("contains(['string', 'null'], type(x))", "string|null"),
    (
        "!contains(map(&type(@), x), 'string')",
        "number|string|boolean|[number|boolean|[any]|{*: any}|null]|{*: any}|null",
    ),
    (
        "!contains(map(&type(@), x[*]), 'boolean')",
        "number|string|boolean|[number|string|[any]|{*: any}|null]|{*: any}|null",
    ),
    ("!contains(x, 'a')", None),
    ("length(distinct(map(&type(@), x[*]))) <= `1`", None),
    ("length(distinct(map(&type(@), x))) < `2`", None),
    ("length(distinct(map(&type(@), x))) > `1`", None),
    ("x > `1`", None),
    ("x < `1`", None),
    ("starts_with(to_string(x), 'a')", None),
]


@pytest.mark.parametrize(("text", "expected"), [case for case in CASES if case[1] is not None])
def test_what_a_condition_leaves_of_a_type(text: str, expected: str) -> None:
    assert written(narrow(CONTEXT, parse(text).tree, True).objects[0].value("x")) == expected


@pytest.mark.fuzz
@pytest.mark.slow
@pytest.mark.parametrize("text", [text for text, _ in CASES])
@settings(max_examples=settings().max_examples // 2)
@given(value=VALUES)
def test_nothing_is_lost(text: str, value: object) -> None:
    expression, roots = parse(text), {"x": value}
    try:
        holds = is_true(expression.search(roots))
    except EvaluationError:
        holds = False
    else:
        assert includes(narrow(CONTEXT, expression.tree, holds), roots)
    assert holds or includes(otherwise(CONTEXT, expression.tree), roots)


@pytest.mark.fuzz
@given(st.lists(SCALARS | st.just([]), max_size=3))
def test_lists_are_alike_only_if_all_their_elements_are(value: list[object]) -> None:
    """Types of lists are `alike` only if the elements of all their lists are."""
    left = narrow(CONTEXT, parse("length(distinct(map(&type(@), x[*]))) <= `1`").tree, True)
    array = left.objects[0].value("x").array
    assert array is not None
    assert array.alike
    kinds = {"number" if type(one) in (int, float) else type(one).__name__ for one in value if one is not None}
    assert (len(kinds) <= 1) == is_true(parse("length(distinct(map(&type(@), x[*]))) <= `1`").search({"x": value}))
