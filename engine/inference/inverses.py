"""Infers the argument of a function from its result."""

from __future__ import annotations

from typing import Any

from ..functions.table import FUNCTIONS
from ..patterns.builders import BLANK_EDGE, NOT_BLANK, any_case, pattern_of
from ..patterns.emptiness import is_empty
from ..types.narrowing import meet
from ..types.types import NEVER, NULL, StringType, Type, constants, matches, only, union, without

__all__ = ["argument_of", "fitting_part", "listed_in"]


def argument_of(function: str, argument: Type, wanted: Type) -> Type:
    """The part of the type of a function's only argument for which the result is of the wanted type."""
    match function:
        case "type":
            text = wanted.parts.string
            return only(argument, (kind for kind in argument.kinds if text is not None and matches(text, kind)))
        case "to_string":
            return union(meet(only(argument, ("string",)), wanted), without(argument, ("string",)))
        case "lower" | "upper" | "trim":
            text = wanted.parts.string
            texts = NEVER if text is None else meet(only(argument, ("string",)), Type(string=_before(function, text)))
            return union(texts, NULL if argument.parts.null and wanted.parts.null else NEVER)
    return argument


def _before(function: str, text: StringType) -> StringType:
    """The strings that `lower`, `upper` or `trim` turns into one of these."""
    least = 0 if matches(text, "") else 1
    patterns, avoids = (frozenset[str](), frozenset[str]()) if text.also else (text.patterns, text.avoids)
    if function == "trim":
        return StringType(
            None,
            frozenset(value for value in text.excluded if value == value.strip()),
            max(least, text.least),
            None,
            frozenset({NOT_BLANK}) if least else frozenset(),
            frozenset(pattern for pattern in avoids if is_empty(frozenset({pattern, BLANK_EDGE}), frozenset())),
        )
    change = str.lower if function == "lower" else str.upper
    excluded = [value for value in text.excluded if value == change(value)]
    return StringType(
        least=least,
        patterns=patterns & {NOT_BLANK},
        avoids=frozenset({any_case(excluded)} if excluded else ()),
    )


def listed_in(type_: Type) -> tuple[Any, ...] | None:
    """The strings of a list of known strings; None for other types, since 1 and true are equal in Python."""
    if type_ != Type(array=type_.array) or type_.array is None or not type_.array.exact:
        return None
    found: list[Any] = []
    for element in type_.array.first:
        values = constants(element)
        if values is None or len(values) != 1 or not isinstance(values[0], str):
            return None
        found += values
    return tuple(found)


def fitting_part(type_: Type, name: str, argument: Type, truth: bool) -> Type:
    """The part of a type for which `starts_with`, `ends_with` or `like` with this second argument is true, or false."""
    values = constants(argument)
    texts = only(type_, ("string",))
    takes_null = "null" in FUNCTIONS[name].parameters[0].types
    rest = only(type_, ("null",)) if takes_null and not truth else NEVER
    if values is None or len(values) != 1 or not isinstance(values[0], str):
        return union(texts, rest)
    found = frozenset({pattern_of(name, values[0])})
    return union(meet(texts, Type(string=StringType(patterns=found) if truth else StringType(avoids=found))), rest)
