"""Equality of JSON values, the same everywhere: 1 equals 1.0, and at no depth does a boolean equal a number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["ValueSet", "equal", "included", "is_empty", "is_true"]

_CONTAINERS = frozenset({list, dict})


def equal(one: Any, other: Any) -> bool:
    """Returns whether two JSON values are equal."""
    if one is other:
        return True
    if type(one) not in _CONTAINERS or type(other) not in _CONTAINERS:
        return _equal_scalars(one, other)
    pairs = [(one, other)]
    compared: set[tuple[int, int]] = set()  # values can share parts: each pair is compared once
    while pairs:
        left, right = pairs.pop()
        type_ = type(left)
        if type_ not in _CONTAINERS or type(right) not in _CONTAINERS:
            if not _equal_scalars(left, right):
                return False
            continue
        pair = id(left), id(right)
        if left is right or pair in compared:
            continue
        compared.add(pair)
        if type_ is not type(right) or len(left) != len(right):
            return False
        if type_ is list:
            pairs.extend(zip(left, right, strict=True))
        elif left.keys() != right.keys():
            return False
        else:
            pairs.extend((value, right[name]) for name, value in left.items())
    return True


def _equal_scalars(one: Any, other: Any) -> bool:
    return bool(one == other) and (type(one) is bool) is (type(other) is bool)


def included(elements: Iterable[Any], value: Any) -> bool:
    """Returns whether any of the elements is equal to a value."""
    if type(value) is str or value is None:
        return value in elements
    return any(equal(element, value) for element in elements)


class ValueSet:
    """JSON values in which others are looked up, in time that does not grow with their number."""

    def __init__(self, elements: Iterable[Any]) -> None:
        self._found: dict[int, list[Any]] = {}
        """The values by their fingerprint."""
        for element in elements:
            self._found.setdefault(_fingerprint(element), []).append(element)

    def __contains__(self, value: Any) -> bool:
        return any(equal(element, value) for element in self._alike(value))

    def count(self, value: Any) -> int:
        """The number of elements that equal a value."""
        return sum(equal(element, value) for element in self._alike(value))

    def _alike(self, value: Any) -> Iterable[Any]:
        return self._found.get(_fingerprint(value), ()) if self._found else ()


def _fingerprint(value: Any) -> int:
    """A number that is the same for equal values, and hardly ever for others."""
    known: dict[int, int] = {}  # values can share parts

    def of(one: Any) -> int:
        return known[id(one)] if type(one) in _CONTAINERS else hash((type(one) is bool, one))

    pending = [value]
    while pending:
        one = pending[-1]
        if type(one) not in _CONTAINERS or id(one) in known:
            pending.pop()
            continue
        inner = list(one.values() if type(one) is dict else one)
        below = [item for item in inner if type(item) in _CONTAINERS and id(item) not in known]
        if below:
            pending += below
        else:
            marks = map(of, inner)
            known[id(one)] = hash(frozenset(zip(one, marks, strict=True)) if type(one) is dict else tuple(marks))
    return of(value)


def is_true(value: Any) -> bool:
    """Returns whether JMESPath considers a value true: all but null, false and empty values; 0 is true."""
    return not (value is None or value is False or (isinstance(value, str | list | dict) and not value))


def is_empty(value: Any) -> bool:
    """Returns whether a value is an empty string, list or object."""
    return isinstance(value, str | list | dict) and not value
