"""How large bodies are as JSON, and what makes two of them the same text.

A standalone module has `json_size_plain` in the place of this one.
"""

from __future__ import annotations

from typing import Any

import orjson

__all__ = ["measured", "size_of", "sorted_text"]


def size_of(body: Any) -> int:
    """The bytes of a value as compact JSON. Raises TypeError where it is nested too deeply to be written, or has an
    integer of more than 64 bits."""
    return len(orjson.dumps(body))


def measured(body: Any) -> tuple[bytes, int]:
    """A value as compact JSON, and the bytes of that. Raises TypeError as `size_of` does."""
    text = orjson.dumps(body)
    return text, len(text)


def sorted_text(body: Any) -> bytes:
    """The same for two values only where they are equal, types included."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
