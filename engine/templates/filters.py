"""Filters and operators of templates over JSON values, and the conversion of values to text. None is null or absent."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from ..values.budget import MAX_SCANNED, is_beyond
from ..values.coercion import coerce
from ..values.equality import equal, included
from ..values.kinds import kind, shown, with_article
from ..values.numbers import is_wide, parse_number
from ..values.payload import json_text
from ..values.placeholders import PLACEHOLDER
from .template import MAX_TEMPLATE_RESULT, NullValue, TemplateFailure, too_long

__all__ = [
    "FILTERS",
    "GUARDS",
    "PARAMETER_GUARD",
    "SEGMENT_GUARD",
    "TOO_MANY_DIGITS",
    "compared",
    "concatenated",
    "is_digits",
    "member",
    "put_out",
    "segment",
    "text_of",
    "without_placeholders",
]

_WORD_START = re.compile(r"([-\s({\[<]+)")


def text_of(value: Any) -> str:
    """Converts a value that is not null to text."""
    is_structure = isinstance(value, list | dict)
    text: str | None = json_text(value, MAX_TEMPLATE_RESULT) if is_structure else coerce(value, "string")
    if text is None:
        raise too_long()
    return text


def put_out(value: Any, null_as_word: bool) -> str:
    """Converts a value to text for output. Raises NullValue for null, unless `null_as_word` is set."""
    if value is not None:
        return text_of(value)
    if null_as_word:
        return "null"
    raise NullValue


def concatenated(operands: list[Any], null_as_word: bool) -> str:
    """The operator `a ~ b`."""
    return _limited("".join([put_out(operand, null_as_word) for operand in operands]))


def member(target: Any, name: Any) -> Any:
    """The member of an object by key, or of a list by index; null if there is none."""
    match target, name:
        case dict(), str():
            return target.get(name)
        case list(), int() if not isinstance(name, bool) and -len(target) <= name < len(target):
            return target[name]
    return None


def look_through(values: Sequence[Any], *, whole: bool) -> None:
    """Counts the elements of values, which the iterations of a batch may look through once for each element.

    Raises TemplateFailure if the batch exceeds `MAX_SCANNED`.
    """
    if any(is_beyond(value, whole) for value in values):
        raise TemplateFailure(f"the iterations of the batch look through more than {MAX_SCANNED:,} elements")


# --- comparisons


def compared(values: Sequence[Any], operators: Sequence[str]) -> bool:
    """The comparison `a < b <= c`, with Jinja's names of the operators between the values."""
    if not (operators[0] in ("in", "notin") and isinstance(values[1], dict)):
        look_through(values, whole=True)
    pairs = zip(operators, values, values[1:], strict=False)
    return all(_COMPARISONS[operator](one, other) for operator, one, other in pairs)


def _in_order(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Restricts a comparison to two numbers or two strings."""

    def ordered(one: Any, other: Any) -> bool:
        numbers = type(one) in (int, float) and type(other) in (int, float)
        if not numbers and not (type(one) is str and type(other) is str):
            raise TemplateFailure(_UNCOMPARABLE)
        return holds(one, other)

    return ordered


def _in(one: Any, other: Any) -> bool:
    """The operator `in`: an element of a list, a key of an object, a substring."""
    match other:
        case list():
            return included(other, one)
        case dict():
            return type(one) is str and one in other
        case str() if type(one) is str:
            return one in other
    raise TemplateFailure(_UNCOMPARABLE)


_UNCOMPARABLE = "it compares values of kinds that cannot be compared"
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": equal,
    "ne": lambda one, other: not equal(one, other),
    "gt": _in_order(operator.gt),
    "gteq": _in_order(operator.ge),
    "lt": _in_order(operator.lt),
    "lteq": _in_order(operator.le),
    "in": _in,
    "notin": lambda one, other: not _in(one, other),
}


# --- filters: all but `default` give null for null


def _limited(text: str) -> str:
    if len(text) > MAX_TEMPLATE_RESULT:
        raise too_long()
    return text


def _refused(name: str, wanted: str, value: Any) -> TemplateFailure:
    return TemplateFailure(f"{name} takes {wanted}, not {with_article(kind(value))}")


def _scalar(name: str, value: Any) -> str:
    if value is None or isinstance(value, (list, dict)):
        raise _refused(name, "a string", value)
    return text_of(value)


def _on_text(name: str, function: Callable[[str], str]) -> Callable[[Any], str | None]:
    def filter_(value: Any) -> str | None:
        return None if value is None else function(_scalar(name, value))

    return filter_


def _filter_default(value: Any, fallback: Any) -> Any:
    return fallback if value is None else value


def _filter_replace(value: Any, old: Any, new: Any) -> str | None:
    if value is None:
        return None
    text, old, new = _scalar("replace", value), _scalar("replace", old), _scalar("replace", new)
    if not old:
        raise TemplateFailure("replace needs a string to search for")
    if len(text) + text.count(old) * len(new) > MAX_TEMPLATE_RESULT + text.count(old) * len(old):
        raise too_long()
    return text.replace(old, new)


def _filter_join(value: Any, separator: Any = "") -> str | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise _refused("join", "a list", value)
    between = _scalar("join", separator)
    texts = [_scalar("join", element) for element in value if element is not None]
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_TEMPLATE_RESULT:
        raise too_long()
    return between.join(texts)


def _filter_length(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, (str, list, dict)):
        raise _refused("length", "a string, a list or an object", value)
    return len(value)


def _element_at(name: str, index: int) -> Callable[[Any], Any]:
    def filter_(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, (str, list)):
            raise _refused(name, "a string or a list", value)
        return value[index] if value else None

    return filter_


def _number_in(name: str, value: Any) -> int | float:
    number = parse_number(value) if isinstance(value, str) else value
    if number is None:
        raise TemplateFailure(f"{name} cannot read {shown(value)} as a number")
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise _refused(name, "a number", value)
    return number


def _integer_within(name: str, number: int) -> int:
    if is_wide(number):
        raise TemplateFailure(f"the result of {name} needs more than 64 bits")
    return number


def _filter_int(value: Any) -> int | None:
    return None if value is None else _integer_within("int", int(_number_in("int", value)))


TOO_MANY_DIGITS = "round takes a number of digits from 0 to 15"


def is_digits(value: Any) -> bool:
    """Returns whether a value is a number of digits that `round` accepts."""
    return type(value) is int and 0 <= value <= 15


def _filter_round(value: Any, digits: Any = 0) -> int | float | None:
    if value is None:
        return None
    if not is_digits(digits):
        raise TemplateFailure(TOO_MANY_DIGITS)
    number = round(_number_in("round", value), digits)
    return number if isinstance(number, float) else _integer_within("round", number)


def _title(text: str) -> str:
    return "".join(word[0].upper() + word[1:].lower() for word in _WORD_START.split(text) if word)


def _looking_through(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    def looking(value: Any, *arguments: Any) -> Any:
        look_through((value,), whole=name == "string")
        return filter_(value, *arguments)

    return filter_ if name in _CONSTANT_TIME else looking


_CONSTANT_TIME = {"default", "length", "first", "last", "int", "round"}
"""Filters whose time does not depend on the size of their argument."""
# Each with its minimum and maximum number of arguments.
_PLAIN_FILTERS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "lower": (_on_text("lower", str.lower), 0, 0),
    "upper": (_on_text("upper", str.upper), 0, 0),
    "trim": (_on_text("trim", str.strip), 0, 0),
    "title": (_on_text("title", _title), 0, 0),
    "capitalize": (_on_text("capitalize", str.capitalize), 0, 0),
    "default": (_filter_default, 1, 1),
    "join": (_filter_join, 0, 1),
    "replace": (_filter_replace, 2, 2),
    "length": (_filter_length, 0, 0),
    "first": (_element_at("first", 0), 0, 0),
    "last": (_element_at("last", -1), 0, 0),
    "string": (lambda value: None if value is None else text_of(value), 0, 0),
    "int": (_filter_int, 0, 0),
    "round": (_filter_round, 0, 1),
}
FILTERS = {
    name: (_looking_through(name, filter_), least, most) for name, (filter_, least, most) in _PLAIN_FILTERS.items()
}


# --- guards: filters of all values in the template of a path, a query parameter or a header; no template can name one


def segment(value: Any) -> str:
    """A value as a segment of a path, or a part of one. Raises TemplateFailure."""
    if value is None:
        raise TemplateFailure("a value of the path is null")
    text = _scalar("a path", value)
    if text in ("", ".", ".."):
        raise TemplateFailure(f"a value of the path is {text!r}" if text else "a value of the path is empty")
    return quote(text, safe="")


def without_placeholders(value: Any) -> str | None:
    """A value as text. Raises TemplateFailure if it has a {placeholder}, which the sender would fill."""
    text = None if value is None else text_of(value)
    if text is not None and (found := PLACEHOLDER.search(text)):
        raise TemplateFailure(f"a value has {found[0]}, which would be taken for a placeholder")
    return text


SEGMENT_GUARD = " segment"
PARAMETER_GUARD = " parameter"
GUARDS: dict[str, Callable[[Any], Any]] = {SEGMENT_GUARD: segment, PARAMETER_GUARD: without_placeholders}
