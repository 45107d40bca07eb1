"""Differences between two JSON values: as data, and as text for people.

Values are the same if their JSON text is, except for the order of keys: 1, 1.0, true and "1" are four values, as they
are for the receiver. Lists are aligned, so that an additional element is one difference rather than a hundred.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

import orjson

from ..diagnostics.problem import Place
from ..diagnostics.terminal import cells, printable, styled
from ..language.rulebook import ABSENT
from ..values.kinds import kind
from ..values.pointers import join

__all__ = ["Difference", "RuleAt", "align", "canonical", "compare", "is_same", "matches", "text"]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_MAX_PAIRS = 10_000
_MAX_PARTIAL = 100
_WIDTH, _BEFORE, _SHORT = 100, 40, 20
_STYLES = {"strong": "1", "expected": "32", "actual": "31", "frame": "34"}


@dataclass(frozen=True, slots=True)
class RuleAt:
    """A rule (or an output, for the parts that all its bodies share), and the line concerned."""

    name: str | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not the expected one; `ABSENT` stands for no value.

    `pointer` is the place in the expectation, `found_at` the place in the actual value: they differ after missing or
    additional elements of a list (for a missing element, it is the list). `rules` gave the actual value.
    """

    pointer: str
    found_at: str
    expected: Any
    actual: Any
    rules: tuple[RuleAt, ...] = ()

    @property
    def headline(self) -> str:
        """The place to report: in the expectation, or in the actual value if nothing is expected there."""
        return self.found_at if self.expected is ABSENT else self.pointer


def canonical(value: Any) -> str:
    """JSON text that is equal only for the same values."""
    return _ENCODER.encode(value)


def matches(expected: Any, actual: Any, *, partial: bool = False) -> bool:
    """Returns whether the values are the same; with `partial`, an actual object may have additional keys."""
    if not partial and isinstance(expected, dict | list):
        return is_same(expected, actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return (partial or len(expected) == len(actual)) and all(
            name in actual and matches(value, actual[name], partial=partial) for name, value in expected.items()
        )
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(
            matches(one, other, partial=partial) for one, other in zip(expected, actual, strict=True)
        )
    if type(expected) is not type(actual) or expected is actual:
        return expected is actual
    return repr(expected) == repr(actual) if type(expected) is float else bool(expected == actual)


def is_same(one: Any, other: Any) -> bool:
    """Returns whether two values are the same. Quick where they are equal in Python, or differ there."""
    if one is other:
        return True
    if type(one) is not type(other) or one != other:
        return False
    try:
        return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # for integers of more than 64 bits
        return canonical(one) == canonical(other)


def compare(expected: Any, actual: Any, *, partial: bool = False, pointer: str = "") -> tuple[Difference, ...]:
    """The differences in the order of the expectation. `pointer` is the place of both values."""
    return tuple(_differences(expected, actual, partial, pointer, pointer))


def _differences(expected: Any, actual: Any, partial: bool, at: str, found_at: str) -> Iterator[Difference]:
    if not partial and isinstance(expected, dict | list) and is_same(expected, actual):
        return
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in expected if partial else {**expected, **actual}:
            values = expected.get(name, ABSENT), actual.get(name, ABSENT)
            if type(values[0]) is str and values[0] == values[1]:
                continue  # as most are: their place is not needed
            yield from _differences(*values, partial, join(at, name), join(found_at, name))
    elif isinstance(expected, list) and isinstance(actual, list):
        seen = [0, 0]
        for one, other in align(expected, actual, partial=partial):
            places = join(at, seen[0]), join(found_at, seen[1]) if other is not None else found_at
            values = ABSENT if one is None else expected[one], ABSENT if other is None else actual[other]
            yield from _differences(*values, partial, *places)
            seen = [seen[0] + (one is not None), seen[1] + (other is not None)]
    elif not matches(expected, actual):
        yield Difference(at, found_at, expected, actual)


# Lists


def align(
    expected: Sequence[Any], actual: Sequence[Any], *, partial: bool = False
) -> list[tuple[int | None, int | None]]:
    """Aligns two lists: pairs of indexes in order; None for an element without a counterpart."""
    if len(expected) == len(actual) == 1:
        return [(0, 0)]
    if len(expected) == len(actual) and matches(list(expected), list(actual), partial=partial):
        return [(index, index) for index in range(len(expected))]
    texts = [canonical(element) for element in expected]
    tokens = [_token(element, expected, texts, partial) for element in actual]
    pairs: list[tuple[int | None, int | None]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, texts, tokens, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += zip(range(i1, i2), range(j1, j2), strict=True)
        else:
            inner = _pair(expected[i1:i2], actual[j1:j2])
            pairs += [(None if i is None else i1 + i, None if j is None else j1 + j) for i, j in inner]
    return pairs


def _token(element: Any, expected: Sequence[Any], texts: list[str], partial: bool) -> str:
    """The text of the expected element that this one matches, or its own text."""
    if partial and isinstance(element, list | dict) and len(expected) <= _MAX_PARTIAL:
        fulfilled = (text for one, text in zip(expected, texts, strict=True) if matches(one, element, partial=True))
        return next(fulfilled, canonical(element))
    return canonical(element)


def _pair(expected: Sequence[Any], actual: Sequence[Any]) -> list[tuple[int | None, int | None]]:
    """Pairs elements that all differ, in order, so that the most similar ones are paired."""
    rows, columns = len(expected), len(actual)
    if rows * columns > _MAX_PAIRS:
        return list(zip_longest(range(rows), range(columns)))
    members = [[_members(element) for element in elements] for elements in (expected, actual)]
    # Any pair is better than none, so that dissimilar elements are compared one by one.
    gain = [[0.01 + _likeness(one, other) for other in members[1]] for one in members[0]]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            best[i][j] = max(best[i + 1][j + 1] + gain[i][j], best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < rows or j < columns:
        if i < rows and j < columns and best[i][j] == best[i + 1][j + 1] + gain[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif i < rows and (j == columns or best[i][j] == best[i + 1][j]):
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return pairs


def _members(value: Any) -> frozenset[str]:
    if isinstance(value, dict):
        return frozenset(f"{canonical(name)}:{canonical(member)}" for name, member in value.items())
    return frozenset(map(canonical, value)) if isinstance(value, list) else frozenset()


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


# Text


def text(differences: Iterable[Difference], *, color: bool) -> str:
    """The differences for a terminal: each with its place, both values, and the rules that gave the actual one."""

    def styled_as(style: str, part: str) -> str:
        return styled(_STYLES[style], part, color=color)

    lines = []
    for difference in differences:
        expected, actual, differ_at = _sides(difference.expected, difference.actual)
        lines.append("  " + styled_as("strong", printable(difference.headline) or "(the whole)"))
        lines += [f"    expected  {styled_as('expected', expected)}", f"    actual    {styled_as('actual', actual)}"]
        if differ_at is not None:
            lines.append(f"{' ' * (14 + differ_at)}^")
        if difference.found_at != difference.headline and difference.actual is not ABSENT:
            lines.append(f"    found at  {printable(difference.found_at)}")
        label = "rule      "
        for rule in difference.rules:
            place = f"   {styled_as('frame', printable(str(rule.place)))}" if rule.place is not None else ""
            lines.append(f"    {label}{printable(rule.name or '(none)')}{place}")
            label = "or        "
    return "\n".join(lines)


def _sides(expected: Any, actual: Any) -> tuple[str, str, int | None]:
    """Both values as text; for long ones, also the width before the first character that differs."""
    one, other = _written(expected), _written(actual)
    if not isinstance(expected, str) or not isinstance(actual, str):
        # Only numbers can look the same: 15 and 15.0
        named = (isinstance(expected, int) and isinstance(actual, float)) or (
            isinstance(expected, float) and isinstance(actual, int)
        )
        width = max(len(one), len(other))
        shown = [
            f"{side:<{width}}  ({kind(value)})" if named else _cut(side, 0)
            for side, value in ((one, expected), (other, actual))
        ]
        return shown[0], shown[1], None
    unlike = (index for index, (c, d) in enumerate(zip(one, other, strict=False)) if c != d)
    first = next(unlike, min(len(one), len(other)))
    start = max(0, first - _BEFORE) if max(len(one), len(other)) > _WIDTH else 0
    shown = [_cut(one, start), _cut(other, start)]
    if min(len(one), len(other)) <= _SHORT:
        return shown[0], shown[1], None
    return shown[0], shown[1], (3 if start else 0) + sum(cells(c) for c in one[start:first])


def _written(value: Any) -> str:
    if value is ABSENT:
        return "(absent)"
    return printable(json.dumps(value, ensure_ascii=False))


def _cut(side: str, start: int) -> str:
    end = start + _WIDTH
    return f"{'...' if start else ''}{side[start:end]}{'...' if end < len(side) else ''}"
