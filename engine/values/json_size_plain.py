"""The functions of `json_size`, with the standard library alone."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from .numbers import is_wide

__all__ = ["measured", "size_of", "sorted_text"]

_DEEPEST = 254


def size_of(body: Any) -> int:
    """The size of a value as compact JSON in bytes. Raises TypeError as `json_size.size_of` does."""
    return measured(body)[1]


def measured(body: Any) -> tuple[bytes, int]:
    """A value as compact JSON, with its size in bytes as `json_size` counts it.

    Raises TypeError as `json_size.measured` does.
    """
    surplus = _surplus(body)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return text, len(text) - surplus


def sorted_text(body: Any) -> bytes:
    """A value as JSON text with sorted keys: equal for two values only if these are equal, types included."""
    return json.dumps(body, sort_keys=True).encode()


def _surplus(body: Any) -> int:
    """The number of characters by which Python writes the numbers of a value longer than orjson does."""
    level, depth, surplus = [body], 0, 0
    while level:
        below: list[Any] = []
        for item in level:
            type_ = type(item)
            if type_ is int and is_wide(item):
                raise TypeError("Integer exceeds 64-bit range")
            if type_ is float and -1e-4 < item < 1e-4:
                surplus += len(repr(item)) - len(_written(item))
            elif type_ is dict or type_ is list:
                if depth == _DEEPEST:
                    raise TypeError("Recursion limit reached")
                below.extend(item.values() if type_ is dict else item)
        level, depth = below, depth + 1
    return surplus


def _written(number: float) -> str:
    """A small number as orjson writes it."""
    mantissa, _, exponent = repr(number).partition("e-")
    if exponent == "05":
        return format(Decimal(repr(number)), "f")
    return f"{mantissa}e-{int(exponent)}" if exponent else mantissa
