"""FunctionError, and the checks of results and keys that raise it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from ..values.kinds import kind, with_article
from ..values.numbers import is_wide
from ..values.payload import check_payload
from .registry import Parameter

__all__ = ["NUMBER", "FunctionError", "SortKey", "bounded", "calculated", "found", "identity", "json_of", "order_keys"]

MAX_TEXT = 1_000_000
NUMBER, _STRING = Parameter("key", ("number",)), Parameter("key", ("string",))

SortKey = Callable[[Any], Any]
"""An `&expression` as a function gets it: a callable that evaluates it for an element."""


class FunctionError(ValueError):
    """A function refuses its arguments; the text is the reason."""


def found(argument: Any) -> str:
    """The kind of an argument in words; for a list also the kinds of its elements."""
    if not isinstance(argument, list) or not argument:
        return with_article(kind(argument))
    *others, last = sorted({with_article(kind(element)) for element in argument})
    return f"a list with {', '.join(others)}{' and ' if others else ''}{last}"


def calculated(name: str, calculate: Callable[[], Any]) -> Any:
    """The result of a calculation. Raises FunctionError unless it is an integer of 64 bits or a finite double."""
    try:
        number = calculate()
    except OverflowError:  # a wide integer and a double
        number = math.inf
    if is_wide(number) if isinstance(number, int) else not math.isfinite(number):
        raise FunctionError(f"the result of {name}() is too large")
    return number


def bounded(name: str, size: int) -> None:
    """Raises FunctionError for a string that would become too long."""
    if size > MAX_TEXT:
        raise FunctionError(f"the result of {name}() has more than {MAX_TEXT} characters")


def json_of(name: str, value: Any) -> str:
    """A value as compact JSON text. Raises FunctionError if it is too long, as one whose parts repeat can be."""
    if flaw := check_payload(value):
        raise FunctionError(f"{name}() cannot take the value: {flaw}")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def order_keys(name: str, elements: list[Any], key: SortKey) -> list[Any]:
    """The keys of the elements, which must be all strings or all numbers."""
    keys = [key(element) for element in elements]
    wanted = NUMBER if keys and NUMBER.takes(keys[0]) else _STRING
    if all(map(wanted.takes, {type(value): value for value in keys}.values())):
        return keys
    for number, value in enumerate(keys, 1):
        if not wanted.takes(value):
            raise FunctionError(
                f"the keys of {name}() must be all strings or all numbers; that of element {number} is {found(value)}"
            )
    return keys


def identity(name: str, value: Any) -> Any:
    """A hashable value that is equal only for equal JSON values: 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(value, (list, dict)) and (flaw := check_payload(value)):
        raise FunctionError(f"{name}() cannot compare the values: {flaw}")
    return _hashable(value)


def _hashable(value: Any) -> Any:
    match value:
        case bool():
            return ("boolean", value)
        case list():
            return ("list", *map(_hashable, value))
        case dict():
            return ("object", frozenset((name, _hashable(item)) for name, item in value.items()))
    return value
