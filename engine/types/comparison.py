"""The types of comparisons between values of two types."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from .narrowing import meet, next_to
from .types import BOOLEAN, NEVER, NULL, NumberType, Type, constants, only, union

__all__ = ["MIRRORED", "Inferred", "bound_by", "compared", "equal_part", "may_equal"]

MIRRORED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}


@dataclass(frozen=True, slots=True)
class Inferred:
    """The type of an expression, and whether its evaluation can fail."""

    type: Type
    fails: bool

    @property
    def value(self) -> Type:
        """The type of the result, where a failure counts as null."""
        return union(self.type, NULL) if self.fails else self.type


def may_equal(a: Type, b: Type) -> bool:
    """Returns whether a value of one type can be equal to one of the other."""
    return not equal_part(a, b).never


def equal_part(a: Type, b: Type) -> Type:
    """The part of `a` that can be equal to a value of `b`. Lists and objects are not compared in depth."""
    if a.any and b.any:
        return a
    one, other = a.parts, b.parts
    met = meet(only(one, ("null", "boolean", "number", "string")), other)
    return Type(
        met.null,
        met.booleans,
        met.number,
        met.string,
        one.array if other.array is not None else None,
        one.objects if other.objects else (),
    )


def compared(operator: str, left: Type, right: Type) -> Inferred:
    """The type of a comparison of values of these types."""
    if left.never or right.never:
        return Inferred(NEVER, False)
    if operator in ("eq", "ne"):
        outcomes = {operator == "eq"} if may_equal(left, right) else set()
        if not _must_equal(left, right):
            outcomes.add(operator == "ne")
        return Inferred(Type(booleans=frozenset(outcomes)), False)
    a, b = left.parts, right.parts
    fails = (a.string is not None and b.number is not None) or (a.number is not None and b.string is not None)
    found = BOOLEAN if a.string is not None and b.string is not None else NEVER
    if a.number is not None and b.number is not None:
        found = union(found, Type(booleans=_ordered(operator, a.number, b.number)))
    if (a.kinds | b.kinds) - {"string", "number"}:
        found = union(found, NULL)
    return Inferred(found, fails)


def _must_equal(a: Type, b: Type) -> bool:
    one, other = constants(a), constants(b)
    return one is not None and other is not None and len(one) == len(other) == 1 and may_equal(a, b)


def _ordered(operator: str, a: NumberType, b: NumberType) -> frozenset[bool]:
    """The possible outcomes of comparing two numbers."""
    if operator in ("gt", "gte"):
        a, b, operator = b, a, MIRRORED[operator]
    # a < b or a <= b
    strict = operator == "lt"
    found = set()
    if a.minimum is None or b.maximum is None or a.minimum < b.maximum or (not strict and a.minimum == b.maximum):
        found.add(True)
    if a.maximum is None or b.minimum is None or a.maximum > b.minimum or (strict and a.maximum == b.minimum):
        found.add(False)
    return frozenset(found)


def bound_by(operator: str, other: NumberType) -> NumberType:
    """The numbers for which a comparison with some number of the type `other` can be true."""
    match operator:
        case "lt":
            return NumberType(maximum=next_to(other.maximum, -inf))
        case "lte":
            return NumberType(maximum=other.maximum)
        case "gt":
            return NumberType(minimum=next_to(other.minimum, inf))
    return NumberType(minimum=other.minimum)
