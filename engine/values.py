"""The types of the rule language: which values they take, what becomes of a value of another kind, and canonical text.

A coercion is lossless or refused; nothing is rounded, cut or guessed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from .numbers import MAX_DIGITS, MAX_INTEGER, MIN_INTEGER, as_read, decimal_text, is_wide, parse_decimal

__all__ = [
    "MAX_INPUT_DEPTH",
    "MAX_INPUT_NODES",
    "TOO_DEEP",
    "TYPES",
    "CoercionError",
    "check_constant",
    "check_payload",
    "coerce",
    "is_deep",
    "is_surely_small",
    "json_text",
    "kind",
    "received",
    "scalar_text",
    "shown",
    "with_article",
]

TYPES = ("string", "integer", "double", "boolean", "datetime", "date", "array", "object", "any")
MAX_INPUT_DEPTH = 100
MAX_INPUT_NODES = 1_000_000
TOO_DEEP = f"it is nested more than {MAX_INPUT_DEPTH} levels deep"

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))"
)
_KINDS = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "double",
    list: "list",
    dict: "object",
    type(None): "null",
}


class CoercionError(ValueError):
    """A value cannot become the wanted type; the text is the reason: "it is not a decimal number"."""


def coerce(value: Any, type: str, items: str | None = None) -> Any:
    """The value as one of `TYPES`, for an array with its elements as type `items`. Never called with None.

    Raises CoercionError where that would lose something.
    """
    if type == "array" and items is not None:
        return [_element(number, element, items) for number, element in enumerate(_as_array(value), 1)]
    return _COERCIONS[type](value)


def kind(value: Any) -> str:
    """What a JSON value is, for messages: string, integer, double, boolean, list, object or null."""
    return _KINDS[type(value)]


def with_article(kind: str) -> str:
    """ "a string", "an integer", "null": a kind as it stands in a sentence."""
    if kind == "null":
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def shown(value: Any, limit: int = 80) -> str:
    """A value as JSON text for a message, at most `limit` characters: longer ones end in "..."."""
    text = ""
    for chunk in _ENCODER.iterencode(value):  # piece by piece: a large value costs no more than what is shown
        text += chunk[: limit + 1]
        if len(text) > limit:
            text = f"{text[: limit - 3]}..."
            break
    return text.encode("utf-8", "backslashreplace").decode()


def scalar_text(value: bool | int | float | None) -> str:
    """A number, a boolean or null as JSON text: what tables look up."""
    return json.dumps(value)


def json_text(value: Any, limit: int) -> str | None:
    """A value as compact JSON text, or None where that has more than `limit` characters."""
    text: list[str] = []
    size = 0
    for chunk in _COMPACT.iterencode(value):
        size += len(chunk)
        if size > limit:
            return None
        text.append(chunk)
    return "".join(text)


_ENCODER = json.JSONEncoder(ensure_ascii=False)
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|([\[{]+)|([\]}]+)', re.DOTALL)
"""The brackets of a JSON text, in runs of one direction; those in its strings are passed over with these."""


def is_surely_small(text: bytes) -> bool:
    """Whether what a JSON text holds is certainly within the limits of `check_payload`, by counting brackets alone."""
    if len(text) > MAX_INPUT_NODES:
        return False
    # To take them away is four times as quick as to count them.
    rest = text.replace(b"[", b"", MAX_INPUT_DEPTH).replace(b"{", b"", MAX_INPUT_DEPTH)
    return len(text) - len(rest) < MAX_INPUT_DEPTH


def is_deep(text: str) -> bool:
    """Whether lists and objects stand in each other too deep in a JSON text, which may end where a parser failed.

    Parsers have limits of their own, and name them in their own words: asked where one failed, this tells the limit of
    `check_payload` first.
    """
    depth = 0
    for found in _BRACKETS.finditer(text):
        opening, closing = found.groups("")
        depth += len(opening) - len(closing)
        if depth > MAX_INPUT_DEPTH:
            return True
    return False


def check_payload(value: Any) -> str | None:
    """The reason why a Python value is not JSON that the engine takes, or None where it is.

    It takes finite numbers, integers of at most `MAX_DIGITS` digits, text without lone surrogates, names that are text,
    at most `MAX_INPUT_DEPTH` levels and `MAX_INPUT_NODES` values; of the Python types only JSON's own, no subclasses.
    """
    return _looked_at(value)[0]


def check_constant(value: Any) -> str | None:
    """The same for a value that stands in rules, settings or schemas, where integers have 64 bits."""
    flaw, has_wide = _looked_at(value)
    return "an integer needs more than 64 bits" if flaw is None and has_wide else flaw


def received(value: Any) -> tuple[Any, str | None]:
    """A Python value as the engine takes it, its integers as they are read from text; and the flaw, where it has one.

    A part without integers of more than 64 bits is not copied.
    """
    flaw, has_wide = _looked_at(value)
    return (_as_read(value) if flaw is None and has_wide else value), flaw


def _as_read(value: Any) -> Any:
    match value:
        case list():
            return [_as_read(element) for element in value]
        case dict():
            return {name: _as_read(member) for name, member in value.items()}
        case int() if type(value) is int:
            return as_read(value)
    return value


def _looked_at(value: Any) -> tuple[str | None, bool]:
    """What makes a value no JSON that the engine takes, and whether it has integers of more than 64 bits."""
    nodes, has_wide = 0, False
    level: list[Any] = [value]
    for _ in range(MAX_INPUT_DEPTH):
        below: list[Any] = []
        nodes += len(level)
        for item in level:
            type_ = type(item)
            if type_ is str:
                if _has_lone_surrogate(item):
                    return "a text has half of a surrogate pair", has_wide
            elif type_ is dict:
                below.extend(item.values())
                for name in item:
                    if type(name) is not str:
                        return f"a name of the type {type(name).__name__} is not text", has_wide
                    if _has_lone_surrogate(name):
                        return "a name has half of a surrogate pair", has_wide
            elif type_ is list:
                below.extend(item)
            elif type_ is int:
                if not MIN_INTEGER <= item <= MAX_INTEGER:
                    has_wide = True
                    if abs(item) >= _TOO_LARGE:
                        return f"an integer has more than {MAX_DIGITS} digits", has_wide
            elif type_ is float:
                if not math.isfinite(item):
                    return "a number is not finite", has_wide
            elif type_ is not bool and item is not None:
                return f"a value of the type {type_.__name__} is not JSON", has_wide
            if nodes + len(below) > MAX_INPUT_NODES:
                return f"it has more than {MAX_INPUT_NODES} values", has_wide
        if not below:
            return None, has_wide
        level = below
    return TOO_DEEP, has_wide


_TOO_LARGE = 10**MAX_DIGITS


def _has_lone_surrogate(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


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
        raise _refuse(value, ", not a text")
    match = _DATETIME.fullmatch(value)
    if match is None:
        raise CoercionError("it is not a time with a zone such as 2026-01-31T23:59:59Z")
    local, fraction, sign, hours, minutes = match.groups()
    try:
        # The zone is completed by hand: an offset without a colon is read by newer versions of Python only.
        moment = datetime.fromisoformat(f"{local}{f'{sign}{hours}:{minutes}' if sign else '+00:00'}").astimezone(UTC)
    except ValueError:
        raise CoercionError("there is no such time") from None
    except OverflowError:
        raise CoercionError("it is not in the years 1 to 9999") from None
    if fraction is not None and fraction[6:].strip("0"):
        raise CoercionError("it is more exact than a microsecond")
    return _datetime_text(moment.replace(microsecond=int((fraction or "0").ljust(6, "0")[:6])))


def _datetime_text(moment: datetime) -> str:
    """A time in UTC as `2026-01-31T23:59:59Z`, with three or six digits of a fraction where there is one."""
    digits = "milliseconds" if moment.microsecond % 1000 == 0 else "microseconds"
    return f"{moment.replace(tzinfo=None).isoformat(timespec=digits if moment.microsecond else 'seconds')}Z"


def _as_date(value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse(value, ", not a text")
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
