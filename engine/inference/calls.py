"""Calls of functions: the types of their arguments, and of results by their signatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce

from ..functions.registry import Parameter
from ..functions.table import FUNCTIONS
from ..types.narrowing import meet
from ..types.types import (
    ANY,
    ANY_NUMBER,
    ANY_STRING,
    NEVER,
    ArrayType,
    ObjectType,
    Type,
    join,
    only,
    union,
    without,
)

__all__ = ["Call", "accepted", "declared"]


@dataclass(slots=True)
class Call:
    """A call: the types of its accepted arguments, and those of the results of an `&expression` for each element."""

    name: str
    arguments: tuple[Type, ...]
    over: Callable[[int, ArrayType], ArrayType]
    fails: bool = field(default=False)

    def of(self, number: int) -> Type:
        return self.arguments[number]

    def list(self, number: int) -> ArrayType:
        return self.of(number).parts.array or ArrayType(NEVER, (), 0, 0)

    def object(self, number: int) -> ObjectType:
        """The variants of an object argument joined into one."""
        objects = self.of(number).parts.objects
        return reduce(join, objects) if objects else ObjectType({})


def accepted(argument: Type, parameter: Parameter) -> tuple[Type, bool]:
    """The part of an argument's type that a parameter accepts, and whether that is the whole type."""
    if not parameter.types:
        return argument, True
    kinds = {type_ for type_ in parameter.types if not type_.startswith("array-")}
    element = union(*(_ELEMENTS[type_] for type_ in parameter.types if type_ in _ELEMENTS))
    plain = only(argument, kinds)
    rest = without(argument, kinds)
    if element.never or rest.parts.array is None:
        return plain, rest.never
    array = _of_elements(rest.parts.array, element)
    part = NEVER if array is None else Type(array=array)
    # A list of strings or a list of numbers is not a list of both.
    both = element.string is not None and element.number is not None and array is not None
    mixed = both and array is not None and array.element().string is not None and array.element().number is not None
    return union(plain, part), part == rest and not mixed


_ELEMENTS = {"array-string": ANY_STRING, "array-number": ANY_NUMBER}


def _of_elements(array: ArrayType, element: Type) -> ArrayType | None:
    met = meet(Type(array=array), Type(array=ArrayType(element))).array
    return array if met == array else met


def declared(name: str) -> Type:
    """The type of the result by the signature of a function."""
    returns = FUNCTIONS[name].returns
    return ANY if returns == "any" else only(ANY, returns.split("|"))
