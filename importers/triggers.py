"""Reads the triggers of Segment's subscriptions, such as `type = "track" and event != "Order Completed"`.

The grammar: conditions joined by `and`, `or` and parentheses; a condition compares a path with a string, a number,
true, false or null by `=`, `!=`, `<`, `<=`, `>`, `>=`, or is `contains(path, "text")`, `match(path, "glob")`.
"""

from __future__ import annotations

import re
from typing import Any

from ..engine.authoring.writing import expression_of, literal
from ..engine.source.json_reader import read_value
from ..engine.values.payload import check_constant
from .drafts import steps_of

__all__ = ["TriggerError", "condition_of"]

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<operator>!=|<=|>=|=|<|>)|(?P<mark>[(),])"""
    r"""|(?P<number>-?[0-9]+(?:\.[0-9]+)?)(?![\w.])|(?P<word>[^\s()=!<>",]+))"""
)
_MAX_DEPTH = 50
_SHOWN = 40


class TriggerError(ValueError):
    """A trigger that cannot be read; the message says why."""


def condition_of(root: str, trigger: str) -> str:
    """The condition of a rule that is equivalent to a trigger. Raises TriggerError."""
    reader = _Reader(root, _tokens(trigger))
    condition = reader.either(0)
    if reader.rest:
        raise TriggerError(f"{reader.rest[0][1]!r} is not expected there")
    return condition


def _value(text: str) -> Any:
    """The value that a literal writes as JSON does. Raises TriggerError."""
    try:
        value = read_value(text)
    except ValueError as error:
        raise TriggerError(f"{text[:_SHOWN]!r} {error}") from None
    if flaw := check_constant(value):
        raise TriggerError(f"{text[:_SHOWN]!r} cannot be used: {flaw}")
    return value


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise TriggerError(f"{text[at:].strip()[:20]!r} is not expected there")
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


class _Reader:
    def __init__(self, root: str, tokens: list[tuple[str, str]]) -> None:
        self.root = root
        self.rest = tokens

    def either(self, depth: int) -> str:
        """Conditions joined by `or`."""
        if depth > _MAX_DEPTH:
            raise TriggerError(f"it is nested more than {_MAX_DEPTH} levels deep")
        parts = [self._both(depth)]
        while self.rest and self.rest[0] == ("word", "or"):
            self._next()
            parts.append(self._both(depth))
        return " || ".join(parts)

    def _both(self, depth: int) -> str:
        parts = [self._one(depth)]
        while self.rest and self.rest[0] == ("word", "and"):
            self._next()
            parts.append(self._one(depth))
        return " && ".join(parts)

    def _one(self, depth: int) -> str:
        kind, text = self._next()
        if (kind, text) == ("mark", "("):
            inner = self.either(depth + 1)
            self._mark(")")
            return f"({inner})"
        if kind != "word":
            raise TriggerError(f"{text!r} is not expected there")
        if self.rest and self.rest[0] == ("mark", "("):
            return self._call(text)
        return self._comparison(self._path(text))

    def _call(self, name: str) -> str:
        if name not in ("contains", "match"):
            raise TriggerError(f"{name}() is not known")
        self._mark("(")
        path = self._path(self._next()[1])
        self._mark(",")
        kind, text = self._next()
        if kind != "string":
            raise TriggerError(f"{name}() takes a path and a string")
        self._mark(")")
        value = _value(text)
        if name == "match":
            return f"type({path}) == 'string' && like({path}, {literal(value)})"
        return f"type({path}) == 'string' && contains({path}, {literal(value)})"

    def _comparison(self, path: str) -> str:
        kind, operator = self._next()
        if kind != "operator":
            raise TriggerError(f"{operator!r} is not expected there")
        kind, text = self._next()
        if kind in ("string", "number") or text in ("true", "false", "null"):
            value = _value(text)
            return f"{path} {'==' if operator == '=' else operator} {literal(value)}"
        raise TriggerError(f"{text!r} is neither a string, a number, true, false nor null")

    def _path(self, text: str) -> str:
        steps = steps_of(text)
        if not steps:
            raise TriggerError(f"{text!r} is no path")
        return expression_of(self.root, steps)

    def _mark(self, wanted: str) -> None:
        found = self._next()
        if found != ("mark", wanted):
            raise TriggerError(f"{wanted!r} is expected, not {found[1]!r}")

    def _next(self) -> tuple[str, str]:
        if not self.rest:
            raise TriggerError("it ends too early")
        return self.rest.pop(0)
