"""Kinds of JSON values, and values in words."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["kind", "scalar_text", "shown", "with_article"]


_KINDS = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "double",
    list: "list",
    dict: "object",
    type(None): "null",
}


def kind(value: Any) -> str:
    """The kind of a JSON value for messages: string, integer, double, boolean, list, object or null."""
    return _KINDS[type(value)]


def with_article(kind: str) -> str:
    """A kind with its indefinite article: "a string", "an integer"; "null" has none."""
    if kind == "null":
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def shown(value: Any, limit: int = 80) -> str:
    """A value as JSON text for a message, cut to at most `limit` characters with "..." at the end."""
    text = ""
    for chunk in _ENCODER.iterencode(value):  # in chunks: a large value costs no more than the part shown
        text += chunk[: limit + 1]
        if len(text) > limit:
            text = f"{text[: limit - 3]}..."
            break
    return text.encode("utf-8", "backslashreplace").decode()


def scalar_text(value: bool | int | float | None) -> str:
    """A number, a boolean or null as JSON text: the key that tables are looked up by."""
    return json.dumps(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False)
