"""Differences of JSON values: what counts as one, how lists are aligned, and the exact text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.diagnostics.problem import Place
from moemap.engine.golden.diff import Difference, RuleAt, align, compare, is_same, matches, text
from moemap.engine.language.rulebook import ABSENT

leaves = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, -0.0, 2.5]) | st.text("ab", max_size=2)
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", max_size=2), inner)
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        (1, 1.0),
        (15, 15.0),
        (1, "1"),
        (0.0, -0.0),
        (None, False),
        (None, ABSENT),
        ("", None),
        ([], {}),
        ([], None),
        (2**63, 2**63 + 1),
        (2**53, float(2**53)),
        ([1, 2], [2, 1]),
        ({"a": None}, {}),
    ],
)
def test_values_that_are_not_the_same(one: Any, other: Any) -> None:
    assert compare(one, other) != ()
    assert compare(other, one) != ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([{"a": [1]}], [{"a": [1]}]),
        (2**64 - 1, 2**64 - 1),
        (1e16, 1e16),
        ("é", "é"),
    ],
)
def test_values_that_are_the_same(one: Any, other: Any) -> None:
    assert compare(one, other) == ()


@pytest.mark.parametrize(
    ("expected", "actual", "partial", "differences"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, False, [("/b", "/b", ABSENT, 2)]),
        ({"a": 1}, {"a": 1, "b": 2}, True, []),
        ({"a": {}}, {"a": {"b": 2}}, True, []),
        ({"a": {}}, {"a": []}, True, [("/a", "/a", {}, [])]),
        ({"a": 1, "b": 2}, {"b": 2}, True, [("/a", "/a", 1, ABSENT)]),
        ([], [1], True, [("/0", "/0", ABSENT, 1)]),
        ([{}], [{"a": 1}, 2], True, [("/1", "/1", ABSENT, 2)]),
        (
            {"a/b": 1, "c~d": {"": 2}},
            {"a/b": 2, "c~d": {"": 3}},
            False,
            [("/a~1b", "/a~1b", 1, 2), ("/c~0d/", "/c~0d/", 2, 3)],
        ),
        # Lists: one element too many or too few is one difference
        ([1, 2, 3], [0, 1, 2, 3], False, [("/0", "/0", ABSENT, 0)]),
        ([1, 2, 3], [2, 3], False, [("/0", "", 1, ABSENT)]),
        ([1, 2, 3], [1, 9, 2, 4], False, [("/1", "/1", ABSENT, 9), ("/2", "/3", 3, 4)]),
        ([1, 2], [3, 4], False, [("/0", "/0", 1, 3), ("/1", "/1", 2, 4)]),
        ([1], [2, 3], False, [("/0", "/0", 1, 2), ("/1", "/1", ABSENT, 3)]),
        # What has most in common comes together
        (
            [{"to": "a", "x": 1}, {"to": "b", "x": 1, "y": 2}],
            [{"to": "b", "x": 1, "y": 3}],
            False,
            [("/0", "", {"to": "a", "x": 1}, ABSENT), ("/1/y", "/0/y", 2, 3)],
        ),
        (
            [{"to": "a"}, {"to": "b"}],
            [{"to": "new", "z": 1}, {"to": "a", "z": 1}, {"to": "b", "z": 1}],
            True,
            [("/0", "/0", ABSENT, {"to": "new", "z": 1})],
        ),
    ],
)
def test_differences(expected: Any, actual: Any, partial: bool, differences: list[Any]) -> None:
    assert list(compare(expected, actual, partial=partial)) == [Difference(*parts) for parts in differences]


def test_pointers_start_where_the_values_stand() -> None:
    assert [difference.pointer for difference in compare([1], [2], pointer="/requests")] == ["/requests/0"]


@pytest.mark.parametrize("shift", [0, 1])
def test_long_lists_are_compared_in_reasonable_time(shift: int) -> None:
    expected, actual = [{"n": n} for n in range(3000)], [{"n": -n - shift} for n in range(3000)]
    assert len(compare(expected, actual)) >= 2999


@pytest.mark.slow
@pytest.mark.fuzz
@given(values, values, st.booleans())
def test_no_difference_where_they_match(one: Any, other: Any, partial: bool) -> None:
    assert matches(one, one, partial=partial)
    assert (compare(one, other, partial=partial) == ()) == matches(one, other, partial=partial)


@pytest.mark.fuzz
@pytest.mark.slow
@given(st.lists(values, max_size=6), st.lists(values, max_size=6), st.booleans())
def test_alignment_keeps_every_element_once_and_in_order(one: list[Any], other: list[Any], partial: bool) -> None:
    pairs = align(one, other, partial=partial)
    assert [i for i, _ in pairs if i is not None] == list(range(len(one)))
    assert [j for _, j in pairs if j is not None] == list(range(len(other)))
    assert (None, None) not in pairs


# Text

PURCHASE = RuleAt("purchase", Place("shop/v1/commerce.yaml", 31, 7, 31, 30))


def rendered(expected: Any, actual: Any, *rules: RuleAt) -> str:
    return text([Difference("/a", "/a", expected, actual, rules)], color=False)


@pytest.mark.parametrize(
    ("expected", "actual", "lines"),
    [
        ("EUR", ABSENT, ['expected  "EUR"', "actual    (absent)"]),
        (ABSENT, None, ["expected  (absent)", "actual    null"]),
        (15, 15.0, ["expected  15    (integer)", "actual    15.0  (double)"]),
        (1, True, ["expected  1", "actual    true"]),
        (1, "1", ["expected  1", 'actual    "1"']),
        ("EUR", "USD", ['expected  "EUR"', 'actual    "USD"']),
        ({"b": 1, "a": [True]}, "x", ['expected  {"b": 1, "a": [true]}', 'actual    "x"']),
        ("\x1b[31m\u202eé", "\n", ['expected  "\\u001b[31m\\u202eé"', 'actual    "\\n"']),
        (
            "a customer of the shop",
            "a customer in the shop",
            ['expected  "a customer of the shop"', 'actual    "a customer in the shop"', " " * (10 + 12) + "^"],
        ),
        (
            "日本語日本語日本語日本語日本語日本語a",
            "日本語日本語日本語日本語日本語日本語b",
            [
                'expected  "日本語日本語日本語日本語日本語日本語a"',
                'actual    "日本語日本語日本語日本語日本語日本語b"',
                " " * (10 + 1 + 36) + "^",
            ],
        ),
        (
            "x" * 300 + "EUR" + "y" * 300,
            "x" * 300 + "USD" + "y" * 300,
            [
                "expected  ..." + "x" * 40 + "EUR" + "y" * 57 + "...",
                "actual    ..." + "x" * 40 + "USD" + "y" * 57 + "...",
                " " * (10 + 3 + 40) + "^",
            ],
        ),
        (
            "x" * 300,
            "x" * 200,
            [
                "expected  ..." + "x" * 100 + "...",
                "actual    ..." + "x" * 40 + '"',
                " " * (10 + 3 + 40) + "^",
            ],
        ),
        (list(range(100)), ABSENT, ["expected  [" + ", ".join(map(str, range(28)))[:99] + "...", "actual    (absent)"]),
    ],
)
def test_values_in_text(expected: Any, actual: Any, lines: list[str]) -> None:
    assert rendered(expected, actual) == "\n".join(["  /a", *(f"    {line}" for line in lines)])


def test_rules_in_text() -> None:
    assert rendered("EUR", ABSENT, PURCHASE, RuleAt(None, None)) == (
        "  /a\n"
        '    expected  "EUR"\n'
        "    actual    (absent)\n"
        "    rule      purchase   shop/v1/commerce.yaml:31:7\n"
        "    or        (none)"
    )


def test_places_in_text() -> None:
    differences = compare([{"a": 1, "b": 1}, 5], [9, {"a": 2, "b": 1}, 5, 6])
    assert text(differences, color=False) == (
        "  /0\n    expected  (absent)\n    actual    9\n"
        "  /0/a\n    expected  1\n    actual    2\n    found at  /1/a\n"
        "  /3\n    expected  (absent)\n    actual    6"
    )
    assert text(compare(1, 2), color=False).startswith("  (the whole)\n")


def test_color() -> None:
    difference = Difference("/a", "/a", 1, 2, (PURCHASE,))
    assert text([difference], color=True) == (
        "  \x1b[1m/a\x1b[0m\n    expected  \x1b[32m1\x1b[0m\n    actual    \x1b[31m2\x1b[0m\n"
        "    rule      purchase   \x1b[34mshop/v1/commerce.yaml:31:7\x1b[0m"
    )


@pytest.mark.parametrize("wrapped", [lambda value: [value], lambda value: {"a": {"b": value}}])
def test_equal_values_of_other_kinds_are_not_the_same(wrapped: Callable[[Any], Any]) -> None:
    values: tuple[Any, ...] = (1, 1.0, True, "1", 2**70, float(2**70), None, 0.0, -0.0, [], {}, "\ud800")
    for number, one in enumerate(values):
        for other, value in enumerate(values):
            assert is_same(wrapped(one), wrapped(value)) is (number == other), (one, value)
            assert bool(compare(wrapped(one), wrapped(value))) is (number != other), (one, value)
    assert is_same({"a": 1, "b": 2}, {"b": 2, "a": 1})
