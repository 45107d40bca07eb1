"""Conditions on one value as Python code, from the keywords of JSON Schema for values of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ...values.kinds import KIND_CLASSES
from ..python.value import KIND_BITS

__all__ = [
    "ALWAYS",
    "CLASSES",
    "KINDS",
    "NEVER",
    "all_of",
    "answers_by_kind",
    "any_of",
    "bounds",
    "is_of_kind",
    "is_understood",
    "negated",
    "of_number",
    "of_type",
]

ALWAYS, NEVER = "True", "False"
KINDS = tuple(KIND_BITS)
CLASSES = {kind: KIND_CLASSES[kind].__name__ for kind in KINDS} | {"null": "type(None)"}
"""The kinds of values, and the code of their classes."""

_NOT_UNDERSTOOD = ("format", "multipleOf", "patternProperties", "unevaluatedItems", "unevaluatedProperties")


def is_understood(node: Mapping[str, Any]) -> bool:
    """Returns whether all keywords of a schema are supported here."""
    return not any(key in node for key in _NOT_UNDERSTOOD) and not node.get("uniqueItems")


def of_type(node: Mapping[str, Any], kind: str, value: str) -> Iterator[str]:
    """The condition that `type` puts on a value of the kind in the variable `value`."""
    if "type" not in node:
        return
    wanted = node["type"]
    types = {wanted} if isinstance(wanted, str) else set(wanted)
    if kind == "integer":
        allowed = bool(types & {"integer", "number"})
    elif kind == "double":
        allowed = "number" in types
        if not allowed and "integer" in types:
            yield f"{value}.is_integer()"
            return
    else:
        allowed = kind in types
    if not allowed:
        yield NEVER


def of_number(node: Mapping[str, Any], value: str) -> Iterator[str]:
    """The bounds of a number."""
    for key, sign in (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="), ("exclusiveMaximum", "<")):
        if key in node:
            yield f"{value} {sign} {node[key]!r}"


def is_of_kind(value: Any, kind: str) -> bool:
    """Returns whether a value of a schema can equal one of the kind; 1 and 1.0 are equal."""
    if kind in ("integer", "double"):
        return type(value) in (int, float)
    return type(value) is KIND_CLASSES[kind]


def bounds(size: str, least: Any, most: Any) -> Iterator[str]:
    """A size of at least and at most so much; the bounds may be written as 1.0."""
    if least:
        yield f"{size} >= {int(least)}"
    if most is not None:
        yield f"{size} <= {int(most)}"


def _joined(word: str, whole: str, codes: Iterable[str]) -> str:
    """The conditions joined by `and` or `or`; `whole` is the one that decides alone."""
    neutral = NEVER if whole == ALWAYS else ALWAYS
    listed = [code for code in dict.fromkeys(codes) if code != neutral]
    if whole in listed:
        return whole
    if not listed:
        return neutral
    return listed[0] if len(listed) == 1 else f"({f' {word} '.join(listed)})"


all_of: Callable[[Iterable[str]], str] = partial(_joined, "and", NEVER)
any_of: Callable[[Iterable[str]], str] = partial(_joined, "or", ALWAYS)


def negated(code: str) -> str:
    """The opposite of a condition."""
    return {ALWAYS: NEVER, NEVER: ALWAYS}.get(code) or f"not ({code})"


def answers_by_kind(codes: Mapping[str, str]) -> Iterator[str]:
    """The lines of a function that dispatches on the kind of its value."""
    if set(codes.values()) in ({ALWAYS}, {NEVER}):
        yield f"return {next(iter(codes.values()))}"
        return
    yield "kind = type(value)"
    for kind, code in codes.items():
        if code != NEVER:
            yield f"if kind is {CLASSES[kind]}:"
            yield f"    return {code}"
    yield "return False"


# Conditions
