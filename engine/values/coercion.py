"""The types of the rule language: which values each accepts, how others are converted, and canonical text.

A coercion is lossless or refused; nothing is rounded, truncated or guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from .kinds import kind, with_article
from .numbers import decimal_text, fixed_text, is_wide, parse_decimal
from .times import EPOCH, MILLISECOND, TimeError, formatted, in_zone, iso_text, of_iso, of_unix, parsed, zone_of

__all__ = ["TYPES", "CoercionError", "Form", "TimeForm", "coerce"]

TimeForm = tuple[tuple[str, ...], str | None, str, str, str | None]
"""How a time is read and written: what it is read as, the zone of local times, what it is written as, the zone in which
it is written, and its precision."""
Form = int | TimeForm
"""The decimals of a number as a string, or how a time is read and written."""

TYPES = ("string", "integer", "double", "number", "boolean", "datetime", "date", "array", "object", "any")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class CoercionError(ValueError):
    """A value that cannot be converted to a type; the text is the reason, such as "it is not a decimal number"."""


def coerce(value: Any, type: str, items: str | None = None, form: Form | None = None) -> Any:
    """Converts a value to one of `TYPES`, and the elements of an array to the type `items`. Never called with None.

    `form` is the form of a string or a datetime, where it is not the usual one.

    Raises CoercionError where the conversion would lose something.
    """
    if type == "array" and items is not None:
        return [_element(number, element, items) for number, element in enumerate(_as_array(value), 1)]
    if form is not None:
        return _as_fixed(value, form) if isinstance(form, int) else _as_time(value, *form)
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


def _as_number(value: Any) -> int | float:
    number = _number(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise _refuse(value)
    if isinstance(number, int):
        return _as_integer(number)
    return _as_double(number)


def _as_fixed(value: Any, decimals: int) -> str:
    if isinstance(value, str):
        _number(value)
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _refuse(value)
    return fixed_text(value, decimals)


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


def _as_time(
    value: Any, reads: tuple[str, ...], zone: str | None, writes: str, writes_zone: str, precision: str | None
) -> str | int:
    try:
        moment = _moment(value, reads, zone)
        if writes_zone != "keep":
            moment = in_zone(moment, zone_of(writes_zone))
        match writes:
            case "iso":
                return iso_text(moment, precision)
            case "seconds" | "milliseconds":
                return (moment - EPOCH) // (MILLISECOND * (1000 if writes == "seconds" else 1))
        return formatted(moment, writes)
    except TimeError as error:
        raise CoercionError(str(error)) from None


def _moment(value: Any, reads: tuple[str, ...], zone: str | None) -> datetime:
    unit = next((form for form in reads if form in ("seconds", "milliseconds")), None)
    texts = [form for form in reads if form != unit]
    if unit is not None and not isinstance(value, (str, bool, list, dict)):
        return of_unix(value, unit)
    if not isinstance(value, str):
        raise _refuse(value, ", not a string" if unit is None else "")
    if unit is not None and parse_decimal(value) is not None:
        return of_unix(value, unit)
    reasons = []
    for form in texts:
        try:
            return of_iso(value) if form == "iso" else parsed(value, form, zone_of(zone or "UTC"))
        except TimeError as error:
            reasons.append(str(error))
    if len(reads) == 1:
        raise TimeError(*reasons or ["it is not a decimal number"])
    fitting = (reason for reason in reasons if reason.startswith("there is no such time"))
    raise TimeError(next(fitting, f"it is none of {', '.join(reads)}"))


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
    "number": _as_number,
    "boolean": _as_boolean,
    "datetime": _as_datetime,
    "date": _as_date,
    "array": _as_array,
    "object": _as_object,
    "any": lambda value: value,
}
