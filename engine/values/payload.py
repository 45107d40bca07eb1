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
    """A value as compact JSON text, or None where that has more than `limit` characters."""
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
"""The brackets of a JSON text, in runs of one direction; those in its strings are passed over with these."""


def is_surely_small(text: bytes) -> bool:
    """Whether what a JSON text holds is certainly within the limits of `check_payload`, by counting brackets alone."""
    if len(text) > MAX_INPUT_NODES:
        return False
    # To take them away is four times as quick as to count them.
    rest = text.replace(b"[", b"", MAX_INPUT_DEPTH).replace(b"{", b"", MAX_INPUT_DEPTH)
    return len(text) - len(rest) < MAX_INPUT_DEPTH


def is_deep(text: str) -> bool:
    """Whether lists and objects stand in each other too deep in a JSON text, which may end where a parser failed.

    Parsers have limits of their own, and name them in their own words: asked where one failed, this tells the limit of
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
    """The reason why a Python value is not JSON that the engine takes, or None where it is.

    It takes finite numbers, integers of at most `MAX_DIGITS` digits, text without lone surrogates, names that are text,
    at most `MAX_INPUT_DEPTH` levels and `MAX_INPUT_NODES` values; of the Python types only JSON's own, no subclasses.
    """
    return _looked_at(value)[0]


def check_constant(value: Any) -> str | None:
    """The same for a value that stands in rules, settings or schemas, where integers have 64 bits."""
    flaw, has_wide = _looked_at(value)
    return "an integer needs more than 64 bits" if flaw is None and has_wide else flaw


def received(value: Any) -> tuple[Any, str | None]:
    """A Python value as the engine takes it, its integers as they are read from text; and the flaw, where it has one.

    A part without integers of more than 64 bits is not copied.
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
    """What makes a value no JSON that the engine takes, and whether it has integers of more than 64 bits."""
    nodes, has_wide = 0, False
    level: list[Any] = [value]
    for _ in range(MAX_INPUT_DEPTH):
        below: list[Any] = []
        nodes += len(level)
        for item in level:
            type_ = type(item)
            if type_ is str:
                if _has_lone_surrogate(item):
                    return "a text has half of a surrogate pair", has_wide
            elif type_ is dict:
                below.extend(item.values())
                for name in item:
                    if type(name) is not str:
                        return f"a name of the type {type(name).__name__} is not text", has_wide
                    if _has_lone_surrogate(name):
                        return "a name has half of a surrogate pair", has_wide
            elif type_ is list:
                below.extend(item)
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
            if nodes + len(below) > MAX_INPUT_NODES:
                return f"it has more than {MAX_INPUT_NODES} values", has_wide
        if not below:
            return None, has_wide
        level = below
    return TOO_DEEP, has_wide


_TOO_LARGE = 10**MAX_DIGITS


def _has_lone_surrogate(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
