"""Limits of payloads, and the check that a value is JSON within them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .numbers import MAX_DIGITS, MAX_INTEGER, MIN_INTEGER, as_read

__all__ = [
    "MAX_INPUT_DEPTH",
    "MAX_INPUT_NODES",
    "TOO_DEEP",
    "check_constant",
    "check_payload",
    "is_deep",
    "is_surely_small",
    "json_text",
    "received",
]


MAX_INPUT_DEPTH = 100


MAX_INPUT_NODES = 1_000_000


TOO_DEEP = f"it is nested more than {MAX_INPUT_DEPTH} levels deep"


def json_text(value: Any, limit: int) -> str | None:
    """A value as compact JSON text, or None if that has more than `limit` characters."""
    text: list[str] = []
    size = 0
    for chunk in _COMPACT.iterencode(value):
        size += len(chunk)
        if size > limit:
            return None
        text.append(chunk)
    return "".join(text)


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|([\[{]+)|([\]}]+)', re.DOTALL)
"""Runs of opening or closing brackets in a JSON text; strings are matched too, so that brackets in them are skipped."""


def is_surely_small(text: bytes) -> bool:
    """Returns whether a JSON text is certainly within the limits of `check_payload`, by counting its brackets alone."""
    if len(text) > MAX_INPUT_NODES:
        return False
    # Removing them is four times as fast as counting them.
    rest = text.replace(b"[", b"", MAX_INPUT_DEPTH).replace(b"{", b"", MAX_INPUT_DEPTH)
    return len(text) - len(rest) < MAX_INPUT_DEPTH


def is_deep(text: str) -> bool:
    """Returns whether a JSON text, complete or not, nests lists and objects too deeply.

    Parsers have limits of their own with messages of their own. Called where a parser failed, this reports the limit of
    `check_payload` first.
    """
    depth = 0
    for found in _BRACKETS.finditer(text):
        opening, closing = found.groups("")
        depth += len(opening) - len(closing)
        if depth > MAX_INPUT_DEPTH:
            return True
    return False


def check_payload(value: Any) -> str | None:
    """Returns why a Python value is not JSON that the engine accepts, or None if it is.

    Accepted are finite numbers, integers of at most `MAX_DIGITS` digits, strings without lone surrogates, keys that are
    strings, at most `MAX_INPUT_DEPTH` levels and `MAX_INPUT_NODES` values; of the Python types only those of JSON,
    without subclasses.
    """
    return _looked_at(value)[0]


def check_constant(value: Any) -> str | None:
    """Like `check_payload` for a value written in rules, settings or schemas, where integers have at most 64 bits."""
    flaw, has_wide = _looked_at(value)
    return "an integer needs more than 64 bits" if flaw is None and has_wide else flaw


def received(value: Any) -> tuple[Any, str | None]:
    """Normalises the integers of a Python value to those that JSON text would give; returns it and its flaw, or None.

    Only parts with integers of more than 64 bits are copied.
    """
    flaw, has_wide = _looked_at(value)
    return (_as_read(value) if flaw is None and has_wide else value), flaw


def _as_read(value: Any) -> Any:
    match value:
        case list():
            return [_as_read(element) for element in value]
        case dict():
            return {name: _as_read(member) for name, member in value.items()}
        case int() if type(value) is int:
            return as_read(value)
    return value


def _looked_at(value: Any) -> tuple[str | None, bool]:
    """Returns why a value is not acceptable JSON, if it is not, and whether it has integers of more than 64 bits."""
    nodes, has_wide = 0, False
    level: list[Any] = [value]
    for _ in range(MAX_INPUT_DEPTH):
        below: list[Any] = []
        nodes += len(level)
        for item in level:
            type_ = type(item)
            if type_ is str:
                if not item.isascii() and _has_lone_surrogate(item):
                    return "a string has half of a surrogate pair", has_wide
            elif type_ is dict:
                below.extend(item.values())
                for name in item:
                    if type(name) is not str:
                        return "a name is not a string", has_wide
                    if not name.isascii() and _has_lone_surrogate(name):
                        return "a name has half of a surrogate pair", has_wide
                if nodes + len(below) > MAX_INPUT_NODES:
                    return _TOO_MANY, has_wide
            elif type_ is list:
                below.extend(item)
                if nodes + len(below) > MAX_INPUT_NODES:
                    return _TOO_MANY, has_wide
            elif type_ is int:
                if not MIN_INTEGER <= item <= MAX_INTEGER:
                    has_wide = True
                    if abs(item) >= _TOO_LARGE:
                        return f"an integer has more than {MAX_DIGITS} digits", has_wide
            elif type_ is float:
                if not math.isfinite(item):
                    return "a number is not finite", has_wide
            elif type_ is not bool and item is not None:
                return f"a value of the type {type_.__name__} is not JSON", has_wide
        if not below:
            return None, has_wide
        level = below
    return TOO_DEEP, has_wide


_TOO_LARGE = 10**MAX_DIGITS
_TOO_MANY = f"it has more than {MAX_INPUT_NODES} values"


def _has_lone_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
