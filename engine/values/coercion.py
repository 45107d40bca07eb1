"""The types of the rule language: which values each has, how others are converted, and canonical text.

A coercion is lossless or refused; nothing is rounded, truncated or guessed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeVar

from .kinds import KIND_CLASSES, kind, with_article
from .numbers import decimal_text, fixed_text, is_wide, parse_decimal
from .placeholders import PLACEHOLDER
from .times import EPOCH, MILLISECOND, TimeError, formatted, in_zone, iso_text, of_iso, of_unix, parsed, zone_of

__all__ = [
    "ALL_TYPES",
    "DAY_PATTERN",
    "HEADER",
    "PARAMETER",
    "SECOND_PATTERN",
    "TYPES",
    "WRITTEN_HEADER",
    "WRITTEN_PARAMETER",
    "CoercionError",
    "Form",
    "TimeForm",
    "ValueType",
    "coerce",
    "value_type",
]

TimeForm = tuple[tuple[str, ...], str | None, str, str, str | None]
"""The forms a time is read as, the zone of local times, the form it is written as, the zone it is written in, and its
precision."""
Form = int | TimeForm
"""The decimals of a number as a string, or the form of a time."""

_Conversion = TypeVar("_Conversion", bound=Callable[[Any], Any])


class ValueType(NamedTuple):
    """The declaration of a type.

    All its values are of `classes`. A `pattern`, in the syntax of JSON Schema, is one that every string that the
    conversion returns matches. `is_short` is true if the size of its values is bounded.
    """

    description: str
    classes: frozenset[type]
    convert: Callable[[Any], Any]
    pattern: str | None
    is_short: bool


TYPES: dict[str, ValueType] = {}
"""The types that rules can name."""
ALL_TYPES: dict[str, ValueType] = {}
"""The types that rules can name, and those of the parts of requests, which they cannot."""


def value_type(
    name: str,
    description: str,
    *classes: type,
    pattern: str | None = None,
    is_short: bool = False,
    is_named: bool = True,
) -> Callable[[_Conversion], _Conversion]:
    """Makes a function the conversion to a type. It gets no null, and raises CoercionError for what it refuses."""

    def register(convert: _Conversion) -> _Conversion:
        ALL_TYPES[name] = ValueType(description, frozenset(classes), convert, pattern, is_short)
        if is_named:
            TYPES[name] = ALL_TYPES[name]
        return convert

    return register


DAY_PATTERN = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
SECOND_PATTERN = f"{DAY_PATTERN}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
PARAMETER, HEADER = "a query parameter", "a header"
"""The types of query parameters and headers."""
WRITTEN_PARAMETER, WRITTEN_HEADER = f"the text of {PARAMETER}", f"the text of {HEADER}"
"""The types of query parameters and headers that are written in the rules, and may have {placeholders}."""
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e]")

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
    return ALL_TYPES[type].convert(value)


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


@value_type(
    "string",
    "A string as it is; an integer with all its digits; a double as the shortest decimal that reads back,"
    " without exponent and `.0`; `true`, `false`.",
    str,
)
def _as_string(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return decimal_text(value)
    raise _refuse(value)


@value_type(
    "integer",
    "An integer; a double without fraction; a string that is a whole decimal number, or has a fraction of"
    " zeros. From -2^63 to 2^64-1.",
    int,
    is_short=True,
)
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


@value_type(
    "double",
    "A number; a string that is a decimal number. Integers that a double cannot represent are refused.",
    float,
    is_short=True,
)
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


@value_type(
    "number",
    "A number as it is, whole or not; a string that is a decimal number, as the integer or the double that it writes.",
    int,
    float,
    is_short=True,
)
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


@value_type("boolean", "A boolean; the strings `true` and `false` in any letter case.", bool, is_short=True)
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


@value_type(
    "datetime",
    "An ISO 8601 string with a time zone. It becomes UTC, `YYYY-MM-DDTHH:MM:SSZ`, with a fraction where there is one.",
    str,
    pattern=rf"^{SECOND_PATTERN}(?:\.[0-9]{{3}}(?:[0-9]{{3}})?)?Z$",
    is_short=True,
)
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


@value_type("date", "A string `YYYY-MM-DD`.", str, pattern=f"^{DAY_PATTERN}$", is_short=True)
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


@value_type("array", "A list; with `items` each element is converted, and one that fails fails the list.", list)
def _as_array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _refuse(value, ", not a list")
    return value


@value_type("object", "An object.", dict)
def _as_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refuse(value, ", not an object")
    return value


@value_type("any", "Anything.", *KIND_CLASSES.values())
def _as_any(value: Any) -> Any:
    return value


# --- requests

_SCALARS = (str, int, float, bool)


@value_type(PARAMETER, "", *_SCALARS, list, is_named=False)
def _as_parameter(value: Any) -> Any:
    """A scalar, or a list of them for a parameter that is repeated."""
    if isinstance(value, list):
        return _as_written_parameter([_without_placeholder(element) for element in value])
    return _as_written_parameter(_without_placeholder(value))


@value_type(WRITTEN_PARAMETER, "", *_SCALARS, list, is_named=False)
def _as_written_parameter(value: Any) -> Any:
    if isinstance(value, list):
        return [_parameter(element, " in a list") for element in value]
    return _parameter(value, "")


def _parameter(value: Any, where: str) -> Any:
    if value is None or isinstance(value, list | dict):
        raise _refuse(value, where)
    return str(value) if type(value) is int and is_wide(value) else value


@value_type(HEADER, "", str, is_named=False)
def _as_header(value: Any) -> str:
    return _as_written_header(_without_placeholder(value))


@value_type(WRITTEN_HEADER, "", str, is_named=False)
def _as_written_header(value: Any) -> str:
    if isinstance(value, list | dict):
        raise _refuse(value)
    text = value if isinstance(value, str) else json.dumps(value)
    if (found := _UNSENDABLE.search(text)) is not None:
        raise CoercionError(f"a header cannot have the character {found[0]!r}")
    if text != text.strip(" \t"):
        raise CoercionError("a header cannot begin or end with a space")
    return text


def _without_placeholder(value: Any) -> Any:
    if isinstance(value, str) and (found := PLACEHOLDER.search(value)) is not None:
        raise CoercionError(f"the sender would take {found[0]} for a placeholder")
    return value
