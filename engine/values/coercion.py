"""The types of the rule language: which values each accepts, how others are converted, and canonical text.

A coercion is lossless or refused; nothing is rounded, truncated or guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date
from typing import Any

from .kinds import kind, with_article
from .numbers import decimal_text, is_wide, parse_decimal
from .times import TimeError, in_zone, iso_text, of_iso

__all__ = ["TYPES", "CoercionError", "coerce"]

TYPES = ("string", "integer", "double", "boolean", "datetime", "date", "array", "object", "any")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class CoercionError(ValueError):
    """A value that cannot be converted to a type; the text is the reason, such as "it is not a decimal number"."""


def coerce(value: Any, type: str, items: str | None = None) -> Any:
    """Converts a value to one of `TYPES`, and the elements of an array to the type `items`. Never called with None.

    Raises CoercionError where the conversion would lose something.
    """
    if type == "array" and items is not None:
        return [_element(number, element, items) for number, element in enumerate(_as_array(value), 1)]
    return _COERCIONS[type](value)


# --- coercions


def _element(number: int, element: Any, type: str) -> Any:
    if element is None and type != "any":
        raise CoercionError(f"its element {number} is null")
    try:
        return coerce(element, type)
    except CoercionError as error:
        raise CoercionError(f"its element {number}: {error}") from None


def _refuse(value: Any, wanted: str = "") -> CoercionError:
    return CoercionError(f"it is {with_article(kind(value))}{wanted}")


def _number(text: str) -> int | float:
    number = parse_decimal(text)
    if number is None:
        raise CoercionError("it is not a decimal number")
    return number


def _as_string(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return decimal_text(value)
    raise _refuse(value)


def _as_integer(value: Any) -> int:
    number = _number(value) if isinstance(value, str) else value
    if isinstance(value, str) and isinstance(number, float):  # its fraction, which the double may have rounded away
        raise CoercionError("it has a fraction")
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise _refuse(value)
    if isinstance(number, float):
        if not number.is_integer():
            raise CoercionError("it has a fraction")
        number = int(number)
    if is_wide(number):
        raise CoercionError("it needs more than 64 bits")
    return number


def _as_double(value: Any) -> float:
    number = _number(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise _refuse(value)
    try:
        double = float(number)
    except OverflowError:
        double = math.inf
    if not math.isfinite(double):
        raise CoercionError("it is too large for a double")
    if double != number and decimal_text(double) != str(number):  # the shortest form of a large double ends in zeros
        raise CoercionError("it has more digits than a double can hold")
    return double


def _as_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise _refuse(value)
    match value.lower():
        case "true":
            return True
        case "false":
            return False
    raise CoercionError("it is neither true nor false")


def _as_datetime(value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse(value, ", not a string")
    try:
        return iso_text(in_zone(of_iso(value), UTC))
    except TimeError as error:
        raise CoercionError(str(error)) from None


def _as_date(value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse(value, ", not a string")
    if _DATE.fullmatch(value) is None:
        raise CoercionError("it is not a date such as 2026-01-31")
    try:
        date.fromisoformat(value)
    except ValueError:
        raise CoercionError("there is no such date") from None
    return value


def _as_array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _refuse(value, ", not a list")
    return value


def _as_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refuse(value, ", not an object")
    return value


_COERCIONS: dict[str, Callable[[Any], Any]] = {
    "string": _as_string,
    "integer": _as_integer,
    "double": _as_double,
    "boolean": _as_boolean,
    "datetime": _as_datetime,
    "date": _as_date,
    "array": _as_array,
    "object": _as_object,
    "any": lambda value: value,
}
