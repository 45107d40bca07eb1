"""Decides whether a JSON value is of a type."""

from __future__ import annotations

from typing import Any

from .types import ArrayType, NumberType, ObjectType, Type, matches

__all__ = ["includes", "is_number"]


def includes(type_: Type, value: Any) -> bool:
    """Returns whether a JSON value is of the type."""
    if type_.any:
        return True
    match value:
        case None:
            return type_.null
        case bool():
            return value in type_.booleans
        case int() | float():
            return type_.number is not None and is_number(type_.number, value)
        case str():
            return type_.string is not None and matches(type_.string, value)
        case list():
            return type_.array is not None and _is_array(type_.array, value)
    return any(_is_object(one, value) for one in type_.objects)


def is_number(number: NumberType, value: int | float) -> bool:
    """Returns whether a number is of the type."""
    return (
        (not number.integral or isinstance(value, int) or value.is_integer())
        and (number.minimum is None or value >= number.minimum)
        and (number.maximum is None or value <= number.maximum)
        and (number.values is None or value in number.values)
    )


def _is_array(array: ArrayType, value: list[Any]) -> bool:
    if len(value) < array.least or (array.most is not None and len(value) > array.most):
        return False
    types = (*array.first[: len(value)], *[array.items] * (len(value) - len(array.first)))
    return all(includes(type_, item) for type_, item in zip(types, value, strict=True))


def _is_object(one: ObjectType, value: dict[str, Any]) -> bool:
    if any(prop.required and name not in value for name, prop in one.properties.items()):
        return False
    for name, item in value.items():
        own = one.properties.get(name)
        if own is not None:
            if not includes(own.type, item):
                return False
        elif not any(matches(other.name, name) and includes(other.type, item) for other in one.others):
            return False
    return True
