"""Kinds of JSON values, and values in words."""

from __future__ import annotations

import json
from types import NoneType
from typing import Any

__all__ = [
    "JSON_TYPES",
    "KINDS",
    "KIND_CLASSES",
    "MAX_SAID",
    "TYPE_CLASSES",
    "TYPE_NAMES",
    "in_part",
    "kind",
    "scalar_text",
    "shown",
    "type_with_article",
    "with_article",
]


_TABLE: tuple[tuple[type, str, str], ...] = (
    (NoneType, "null", "null"),
    (bool, "boolean", "boolean"),
    (int, "integer", "number"),
    (float, "double", "number"),
    (str, "string", "string"),
    (list, "list", "array"),
    (dict, "object", "object"),
)
"""The class of each kind of JSON value, the word for it in messages, and its type in JMESPath and JSON Schema."""

KIND_CLASSES = {"array" if word == "list" else word: class_ for class_, word, _ in _TABLE}
"""The class of each kind of values, by the name of the type of the rule language that has them, or "null"."""

KINDS = {class_: word for class_, word, _ in _TABLE}
"""The kinds of JSON values for messages, by their class."""

TYPE_NAMES = {class_: type_ for class_, _, type_ in _TABLE}
"""The type of a value, in the words of JMESPath and JSON Schema, by its class."""

JSON_TYPES = frozenset(TYPE_NAMES.values())
"""The types of JSON values, in the words of JMESPath and JSON Schema."""

TYPE_CLASSES = {type_: frozenset(one for one, name in TYPE_NAMES.items() if name == type_) for type_ in JSON_TYPES}
"""The classes of the values of a type."""


def kind(value: Any) -> str:
    """The kind of a JSON value for messages: string, integer, double, boolean, list, object or null."""
    return KINDS[type(value)]


def with_article(kind: str) -> str:
    """A kind with its indefinite article: "a string", "an integer"; "null" has none."""
    if kind == "null":
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def type_with_article(type_: str) -> str:
    """ "a list", "an object": a type of JMESPath or JSON Schema as messages say it."""
    return with_article({"array": "list", "integer": "whole number"}.get(type_, type_))


def shown(value: Any, limit: int = 80) -> str:
    """A value as JSON text for a message, cut to at most `limit` characters with "..." at the end."""
    text = ""
    for chunk in _ENCODER.iterencode(value):  # in chunks: a large value costs no more than the part shown
        text += chunk[: limit + 1]
        if len(text) > limit:
            text = f"{text[: limit - 3]}..."
            break
    return text.encode("utf-8", "backslashreplace").decode()


def in_part(text: str) -> str:
    """A text for a message, cut to `MAX_SAID` characters; the number of those left out follows."""
    if len(text) <= MAX_SAID:
        return text
    rest = f"... ({len(text) - MAX_SAID + 40} more characters)"
    return f"{text[: MAX_SAID - 40]}{rest}"


MAX_SAID = 1_000
"""The maximum number of characters of a text in a message."""


def scalar_text(value: bool | int | float | None) -> str:
    """A number, a boolean or null as JSON text: the key that tables are looked up by."""
    return json.dumps(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False)
