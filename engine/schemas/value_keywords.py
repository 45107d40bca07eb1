"""The keywords of JSON Schema that depend on a value alone, not on patterns, formats or other schemas."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

from ..values.equality import ValueSet, equal, included
from ..values.kinds import TYPE_CLASSES

__all__ = ["HOLDS", "ConstantParts", "Enums", "are_distinct", "is_multiple", "is_of_type", "key_of"]


def is_of_type(type_: str, value: Any) -> bool:
    """Returns whether a value is of one of the types of JSON Schema."""
    match type_:
        case "integer":
            return type(value) is int or (type(value) is float and value.is_integer())
        case "number":
            return type(value) in (int, float)
    return type(value) in TYPE_CLASSES[type_]


def key_of(value: Any) -> Any:
    """A hashable key for a value: two keys are equal if the values are equal as JSON."""
    if type(value) is list:
        return ("list", *map(key_of, value))
    if type(value) is dict:
        return frozenset((name, key_of(member)) for name, member in value.items())
    return (value,) if type(value) is bool else value


def are_distinct(elements: list[Any]) -> bool:
    """Returns whether no two elements are equal as JSON."""
    return len(set(map(key_of, elements))) == len(elements)


def is_multiple(value: int | float, of: int | float) -> bool:
    """Returns whether a number is a multiple of another one, both in decimal: 0.3 is one of 0.1."""
    if type(value) is int and type(of) is int:
        return value % of == 0
    from fractions import Fraction  # only here: hardly any schema needs it

    left, right = (Fraction(number) if type(number) is int else Fraction(repr(number)) for number in (value, of))
    return (left / right).denominator == 1


def _of(type_: str, holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """The test of a keyword that applies to values of one type only."""
    return lambda wanted, value: not is_of_type(type_, value) or holds(wanted, value)


HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda wanted, value: (
        is_of_type(wanted, value) if type(wanted) is str else any(is_of_type(type_, value) for type_ in wanted)
    ),
    "const": equal,
    "enum": included,
    "minLength": _of("string", lambda wanted, value: len(value) >= wanted),
    "maxLength": _of("string", lambda wanted, value: len(value) <= wanted),
    "minimum": _of("number", lambda wanted, value: value >= wanted),
    "maximum": _of("number", lambda wanted, value: value <= wanted),
    "exclusiveMinimum": _of("number", lambda wanted, value: value > wanted),
    "exclusiveMaximum": _of("number", lambda wanted, value: value < wanted),
    "multipleOf": _of("number", lambda wanted, value: is_multiple(value, wanted)),
    "minItems": _of("array", lambda wanted, value: len(value) >= wanted),
    "maxItems": _of("array", lambda wanted, value: len(value) <= wanted),
    "uniqueItems": _of("array", lambda wanted, value: not wanted or are_distinct(value)),
    "minProperties": _of("object", lambda wanted, value: len(value) >= wanted),
    "maxProperties": _of("object", lambda wanted, value: len(value) <= wanted),
}
"""For each keyword, a function that returns whether a value satisfies it: from the keyword's value, and the value."""


_FEW = 8
"""The number of values that are compared one by one."""


class Enums:
    """Tests of `enum` for the schemas of an evaluator, which keeps them: long lists of values are indexed once."""

    def __init__(self) -> None:
        self._sets: dict[int, ValueSet] = {}

    def __call__(self, wanted: list[Any], value: Any) -> bool:
        if len(wanted) <= _FEW:
            return included(wanted, value)
        found = self._sets.get(id(wanted))
        if found is None:
            found = self._sets[id(wanted)] = ValueSet(wanted)
        return value in found


class ConstantParts:
    """Splits the subschemas of an `anyOf` or `oneOf`, which are kept, into values and others if there are many."""

    def __init__(self) -> None:
        self._split: dict[int, tuple[ValueSet, list[Any]]] = {}

    def __call__(self, parts: list[Any], keywords: Set[str]) -> tuple[ValueSet, list[Any]]:
        """The values of those that have `const` alone among the keywords that are evaluated, and the other ones."""
        if len(parts) <= _FEW:
            return _NO_VALUES, parts
        split = self._split.get(id(parts))
        if split is None:
            consts = [part for part in parts if type(part) is dict and part.keys() & keywords == {"const"}]
            own = set(map(id, consts))
            others = [part for part in parts if id(part) not in own]
            split = self._split[id(parts)] = ValueSet(part["const"] for part in consts), others
        return split


_NO_VALUES = ValueSet(())
