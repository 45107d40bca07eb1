"""Equality of JSON values, the same everywhere: 1 is 1.0, and at no depth a boolean is a number, as it is to Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["equal", "included"]

_CONTAINERS = frozenset({list, dict})


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal."""
    if type(one) not in _CONTAINERS or type(other) not in _CONTAINERS:
        return _equal_scalars(one, other)
    pairs = [(one, other)]
    compared: set[tuple[int, int]] = set()  # values can have the same part many times over
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
    """Whether a value is equal to one of the elements."""
    if type(value) is str or value is None:
        return value in elements
    return any(equal(element, value) for element in elements)
