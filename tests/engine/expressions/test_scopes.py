"""Names that expressions bind themselves: `let`, and variables."""

from typing import Any

import pytest

from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.syntax_errors import ExpressionError

SCOPES: list[tuple[str, Any, Any]] = [  # those of JEP 18 come first
    ("let $foo = foo in $foo", {"foo": "bar"}, "bar"),
    ("let $foo = foo.bar in $foo", {"foo": {"bar": "baz"}}, "baz"),
    ("let $foo = foo in [$foo, $foo]", {"foo": "bar"}, ["bar", "bar"]),
    (
        "let $a = a\nin\n  b[*].[a, $a, let $a = 'shadow' in $a]",
        {"a": "topval", "b": [{"a": "inner1"}, {"a": "inner2"}]},
        [["inner1", "topval", "shadow"], ["inner2", "topval", "shadow"]],
    ),
    ("let $foo = foo[*] in $foo[0]", {"foo": [[0, 1], [2, 3], [4, 5]]}, [0, 1]),
    ("let $a = a, $b = b in {x: $a, y: $b}", {"a": 1, "b": 2}, {"x": 1, "y": 2}),
    ("{let: let, in: in}", {"let": 1, "in": 2}, {"let": 1, "in": 2}),
    ("let $let = let in $let", {"let": 1}, 1),
    ("let $in = in in $in", {"in": 1}, 1),
    ("a.items[?id == $a.wanted].n", {"a": {"wanted": 2, "items": [{"id": 1, "n": 1}, {"id": 2, "n": 2}]}}, [2]),
    ("sort_by(items, &get(@, $by))[0].x", {"by": "x", "items": [{"x": 2}, {"x": 1}]}, 1),
    ("let $x = (let $y = a in [$y]) in $x", {"a": 1}, [1]),
]


@pytest.mark.parametrize(("text", "roots", "expected"), SCOPES)
def test_scopes(text: str, roots: Any, expected: Any) -> None:
    assert parse(text).search(roots) == expected


def test_variables_that_nothing_binds_are_roots() -> None:
    found = parse("let $a = b in [$a, $c, (let $d = $a in $d)]").roots
    assert [(use.name, use.start, use.end) for use in found] == [("b", 9, 10), ("c", 19, 21)]


@pytest.mark.parametrize(
    ("text", "start", "reason"),
    [
        ("$ a", 0, "unexpected '$'"),
        ("let $a b in c", 7, "unexpected 'b'"),
        ("let $a = b c", 11, "unexpected 'c'"),
        ("let $a = b, c in d", 12, "unexpected 'c'"),
        ("let $a = b in", 13, "it ends too early"),
        ("let $a == b in c", 7, "unexpected '=='"),
        ("a = b", 2, "unexpected '='"),
        ("a === b", 2, "unexpected '==='"),
        ("$f(x)", 2, "unexpected '('"),
    ],
)
def test_scopes_that_are_none(text: str, start: int, reason: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert (error.value.start, error.value.data["reason"]) == (start, reason)


def test_a_variable_counts_in_each_iteration() -> None:
    with pytest.raises(ExpressionError) as error:
        parse("a[*].b[*].c[*].d[*].[$a]")
    assert error.value.code == "M232"
    assert parse("a[*].b[?c == $a].[$a]").roots
