"""Sizes of bodies as JSON, and a canonical text to compare them by.

Standalone modules contain `json_size_plain` instead of this module.
"""

from __future__ import annotations

from typing import Any

import orjson

__all__ = ["measured", "size_of", "sorted_text"]


def size_of(body: Any) -> int:
    """The size of a value as compact JSON in bytes.

    Raises TypeError if the value is nested too deeply to be written or has an integer of more than 64 bits.
    """
    return len(orjson.dumps(body))


def measured(body: Any) -> tuple[bytes, int]:
    """A value as compact JSON, with its size in bytes. Raises TypeError as `size_of` does."""
    text = orjson.dumps(body)
    return text, len(text)


def sorted_text(body: Any) -> bytes:
    """A value as JSON text with sorted keys: equal for two values only if these are equal, types included."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
