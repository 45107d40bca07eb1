"""Conditions on one value as Python code, from the keywords of JSON Schema for values of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ...values.kinds import KIND_CLASSES
from ..python.pool import Pool
from ..python.value import KIND_BITS

__all__ = [
    "ALWAYS",
    "CLASSES",
    "ELEMENT_CLASSES",
    "KINDS",
    "NEVER",
    "NUMBER",
    "DoubtError",
    "all_of",
    "answers_by_kind",
    "any_of",
    "bounds",
    "is_of_kind",
    "is_understood",
    "negated",
    "of_number",
    "of_type",
    "of_values",
]

ALWAYS, NEVER = "True", "False"
KINDS = tuple(KIND_BITS)
CLASSES = {kind: KIND_CLASSES[kind].__name__ for kind in KINDS} | {"null": "type(None)"}
"""The kinds of values, and the code of their classes."""
NUMBER = "number"
"""The kind of a value that is an integer or a double, which only elements of lists are said to have."""
ELEMENT_CLASSES = {kind: f"{{{name}}}" for kind, name in CLASSES.items()} | {NUMBER: "{int, float}"}
"""The code of the set of classes that the elements of a list have, by their kind."""

_NOT_UNDERSTOOD = ("format", "multipleOf", "patternProperties", "unevaluatedItems", "unevaluatedProperties")


class DoubtError(Exception):
    """A keyword is not supported where the exact answer matters."""


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
    elif kind == NUMBER:
        allowed = "number" in types
        if not allowed and "integer" in types:
            yield f"(type({value}) is int or {value}.is_integer())"
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


def of_values(
    node: Mapping[str, Any], kind: str, value: str, known: frozenset[str] | None, pool: Pool
) -> Iterator[str]:
    """The conditions of `const` and `enum`; `known` has the strings of which the value is known to be one.

    Raises DoubtError for values that are lists or objects.
    """
    for values in ([node["const"]] if "const" in node else None, node.get("enum")):
        if values is None:
            continue
        same = [one for one in values if is_of_kind(one, kind)]
        if kind in ("array", "object") and same:
            raise DoubtError
        if known is not None and (known <= set(same) or known.isdisjoint(same)):
            yield ALWAYS if known <= set(same) else NEVER
        elif not same:
            yield NEVER
        elif kind == "boolean" and len(set(same)) == 1:
            yield f"{value} is {same[0]}"
        elif kind not in ("boolean", "null"):
            texts = pool.name("VALUES", f"frozenset({sorted(same)!r})")
            yield f"{value} == {same[0]!r}" if len(same) == 1 else f"{value} in {texts}"


def is_of_kind(value: Any, kind: str) -> bool:
    """Returns whether a value of a schema can equal one of the kind; 1 and 1.0 are equal."""
    if kind in ("integer", "double", NUMBER):
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
