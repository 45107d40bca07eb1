"""Functions that generated code calls: the parts of expressions and coercions that are too long to be inlined.

Their meaning is that of `engine.functions` and `engine.values`, which handle the rare cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import chain
from operator import add as plus
from operator import ge, gt, le, lt
from operator import mul as times
from operator import sub as minus
from typing import Any

from ..functions.errors import identity
from ..functions.globs import matches_glob
from ..functions.registry import BODIES, Function
from ..functions.table import FUNCTIONS, call
from ..templates.filters import segment, text_of, without_placeholders
from ..templates.rendering import rendered
from ..templates.template import MAX_TEMPLATE_RESULT, TemplateFailure, too_long
from ..values.budget import Copies, counting, looked_through, scanning
from ..values.coercion import CoercionError, coerce
from ..values.equality import equal, included
from ..values.kinds import TYPE_NAMES, scalar_text
from ..values.numbers import MAX_INTEGER, MIN_INTEGER, parse_number
from .notes import Notes, Site

__all__ = [
    "CALLS",
    "CONTAINERS",
    "EMPTY",
    "FAILURES",
    "NUMBERS",
    "SCALARS",
    "UNLISTED",
    "UNSET",
    "CoercionError",
    "Copies",
    "TemplateFailure",
    "add",
    "as_boolean",
    "as_double",
    "as_integer",
    "as_string",
    "call",
    "characters",
    "coerce",
    "counting",
    "distinct",
    "equal",
    "filled",
    "flattened",
    "greater",
    "greater_or_equal",
    "included",
    "kinds_in",
    "last_of_keys",
    "less",
    "less_or_equal",
    "looked_through",
    "looked_up",
    "matches_glob",
    "multiply",
    "not_null",
    "omit",
    "rendered",
    "scanning",
    "segment",
    "sorted_by_numbers",
    "subtract",
    "to_number",
    "to_string",
    "type_of",
    "utc_milliseconds",
    "utc_seconds",
    "with_variables",
    "without_nulls",
    "without_placeholders",
]

FAILURES = (TypeError, ValueError, OverflowError, RecursionError)
"""The exceptions that evaluating an expression can raise."""
NUMBERS = frozenset({int, float})
CONTAINERS = frozenset({list, dict})
SCALARS = frozenset({str, int, float, bool})
EMPTY: dict[str, Any] = {}
"""An empty object to read members from instead of a value that is not an object. Never changed."""

_ORDERED = (int, float, str)
_HOUR_ZERO = datetime(1970, 1, 1)
_SIXTY = [f"{number:02}" for number in range(60)]
_SECONDS_OF_HOUR = [f"{minute}:{second}Z" for minute in _SIXTY for second in _SIXTY]
_MOST_HOURS = 4096
_EXACT = 2**53
_TEXT = {str}
_NO_KINDS: frozenset[str] = frozenset()


# --- operators


def _comparison(operator: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    def compared(left: Any, right: Any) -> bool | None:
        # Null for kinds without an order; a number and a string raise TypeError, as in jmespath.
        return operator(left, right) if type(left) in _ORDERED and type(right) in _ORDERED else None

    return compared


less, less_or_equal, greater, greater_or_equal = map(_comparison, (lt, le, gt, ge))


def flattened(value: Any) -> list[Any] | None:
    """The operator `[]`: the elements, with each element that is a list replaced by its own elements."""
    if type(value) is not list:
        return None
    kinds = set(map(type, value))
    if list not in kinds:
        return value.copy()
    if len(kinds) == 1:
        return [*chain.from_iterable(value)]
    return [inner for element in value for inner in (element if type(element) is list else (element,))]


# --- functions


def _direct(function: Function) -> Callable[..., Any]:
    """A function of the language, wrapped so that it checks its arguments only if they may be of a wrong kind."""
    name = function.name
    body = BODIES[name]
    taken = [_taken(parameter.types) for parameter in function.parameters]

    def any_number(*arguments: Any) -> Any:
        return call(name, *arguments)

    if function.variadic or len(taken) > 3:
        return any_number
    first, second, third = [*taken, frozenset[type](), frozenset[type]()][:3]

    def of_one(one: Any) -> Any:
        return body(one) if type(one) in first else any_number(one)

    def of_two(one: Any, two: Any) -> Any:
        return body(one, two) if type(one) in first and type(two) in second else any_number(one, two)

    def of_three(one: Any, two: Any, three: Any) -> Any:
        if type(one) in first and type(two) in second and type(three) in third:
            return body(one, two, three)
        return any_number(one, two, three)

    return (of_one, of_two, of_three)[len(taken) - 1]


def _taken(types: tuple[str, ...]) -> frozenset[type]:
    """The Python classes whose values a parameter always accepts, whatever is in them."""
    return frozenset(class_ for class_, name in TYPE_NAMES.items() if not types or name in types)


CALLS: dict[str, Callable[..., Any]] = {f"call_{name}": _direct(function) for name, function in FUNCTIONS.items()}
"""Each function of the language by the name that generated code calls it by."""


def type_of(value: Any) -> str:
    """The function `type`."""
    return TYPE_NAMES[type(value)]


def to_string(value: Any) -> Any:
    """The function `to_string`."""
    type_ = type(value)
    if type_ is str:
        return value
    if type_ is int or type_ is float:
        return repr(value)
    if type_ is bool:
        return "true" if value else "false"
    return "null" if value is None else call("to_string", value)


def to_number(value: Any) -> Any:
    """The function `to_number`."""
    if type(value) is str:
        return parse_number(value)
    return value if type(value) in NUMBERS else None


def not_null(*values: Any) -> Any:
    """The function `not_null`."""
    return next((value for value in values if value is not None), None)


def sorted_by_numbers(elements: list[Any], keys: list[Any]) -> list[Any]:
    """The function `sort_by_number`, for the keys of the elements: values that are no numbers come first."""
    if not NUMBERS.issuperset(map(type, keys)):
        keys = [parse_number(key) if type(key) is str else key for key in keys]
        keys = [(True, key) if type(key) in NUMBERS else (False, 0) for key in keys]
    if keys == sorted(keys):
        return elements.copy()
    return [elements[index] for index in sorted(range(len(keys)), key=keys.__getitem__)]


def last_of_keys(elements: list[Any], keys: list[Any]) -> list[Any]:
    """The function `last_by`, for the keys of the elements."""
    if not _TEXT.issuperset(map(type, keys)):
        keys = [identity("last_by", key) for key in keys]
    last = dict(zip(keys, range(len(keys)), strict=True))
    return [elements[index] for index in sorted(last.values())] if len(last) < len(keys) else elements.copy()


def omit(members: Any, names: Any) -> Any:
    """The function `omit`."""
    if type(members) is not dict or type(names) is not list or not all(type(name) is str for name in names):
        return call("omit", members, names)
    if len(names) == 1:
        (omitted,) = names
        return {name: value for name, value in members.items() if name != omitted}
    return {name: value for name, value in members.items() if name not in names}


def utc_seconds(moment: Any) -> Any:
    """The function `from_unix_ms` for whole seconds."""
    if type(moment) is int:
        try:
            return _HOURS[moment // 3_600_000] + _SECONDS_OF_HOUR[moment // 1000 % 3600]
        except OverflowError:
            pass
    return None if moment is None else call("from_unix_ms", moment, "seconds")


def utc_milliseconds(moment: Any) -> Any:
    """The function `from_unix_ms` for milliseconds."""
    if type(moment) is int:
        try:
            return f"{_HOURS[moment // 3_600_000]}{_SECONDS_OF_HOUR[moment // 1000 % 3600][:5]}.{moment % 1000:03}Z"
        except OverflowError:
            pass
    return None if moment is None else call("from_unix_ms", moment, "milliseconds")


class _Hours(dict[int, str]):
    """Hours since 1970 as text up to the colon before the minutes, kept, since few hours occur together."""

    def __missing__(self, number: int) -> str:
        if len(self) >= _MOST_HOURS:
            self.clear()
        text = self[number] = (_HOUR_ZERO + timedelta(hours=number)).isoformat()[:14]
        return text


_HOURS = _Hours()


def _arithmetic(name: str, operator: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def computed(one: Any, other: Any) -> Any:
        if type(one) is int and type(other) is int:
            number = operator(one, other)
            if MIN_INTEGER <= number <= MAX_INTEGER:
                return number
        return call(name, one, other)

    return computed


add, subtract, multiply = (
    _arithmetic(name, operator) for name, operator in (("add", plus), ("subtract", minus), ("multiply", times))
)


def distinct(elements: Any) -> Any:
    """The function `distinct`."""
    if type(elements) is list and set(map(type, elements)) <= _TEXT:
        return list(dict.fromkeys(elements))
    return call("distinct", elements)


def with_variables(function: Callable[..., Any], *variables: Any) -> Callable[[Any], Any]:
    """A function of an element, or of the elements of a list, with the variables of its expression."""
    return partial(function, *variables)


def without_nulls(elements: Iterable[Any]) -> list[Any]:
    """`list[*]`: a new list of the elements that are not null."""
    found = list(elements)
    return found if None not in found else [element for element in found if element is not None]


def kinds_in(value: Any) -> frozenset[str]:
    """The types of the elements of a list, as `type` names them."""
    return _type_names(frozenset(map(type, value))) if type(value) is list else _NO_KINDS


@lru_cache(maxsize=128)
def _type_names(types: frozenset[type]) -> frozenset[str]:
    """The names that the function `type` gives to Python types."""
    return frozenset(TYPE_NAMES[type_] for type_ in types)


def characters(replaced: str, replacement: str) -> dict[int, str]:
    """A table for `str.translate` with all of ASCII, since looking up an absent character is slow."""
    return {number: chr(number) for number in range(128)} | dict.fromkeys(map(ord, replaced), replacement)


# --- coercions of values that are not null; None, with a Problem, if one is refused


def as_string(value: Any, notes: Notes, site: Site) -> Any:
    """Converts a value to the type string."""
    type_ = type(value)
    if type_ is float:
        text = repr(value).removesuffix(".0")
        if "e" not in text and text != "-0":
            return text
    elif type_ is int:
        return repr(value)
    return value if type_ is str else notes.converted(value, "string", site)


def as_integer(value: Any, notes: Notes, site: Site) -> Any:
    """Converts a value to the type integer."""
    type_ = type(value)
    if type_ is float and -_EXACT < value < _EXACT and value.is_integer():
        return int(value)
    return value if type_ is int and MIN_INTEGER <= value <= MAX_INTEGER else notes.converted(value, "integer", site)


def as_double(value: Any, notes: Notes, site: Site) -> Any:
    """Converts a value to the type double."""
    type_ = type(value)
    if type_ is int and -_EXACT <= value <= _EXACT:
        return float(value)
    return value if type_ is float else notes.converted(value, "double", site)


def as_boolean(value: Any, notes: Notes, site: Site) -> Any:
    """Converts a value to the type boolean."""
    return value if type(value) is bool else notes.converted(value, "boolean", site)


# --- tables


def looked_up(entries: dict[str, Any], ignore_case: bool, value: Any, unlisted: Any) -> Any:
    """The entry of a table for a value, or `unlisted`."""
    if type(value) is not str:
        if type(value) in CONTAINERS:
            return unlisted
        value = scalar_text(value)
    return entries.get(value.casefold() if ignore_case else value, unlisted)


# --- templates


def filled(null_as_word: bool, *parts: Any) -> str | None:
    """Joins the parts of a template; None if one is null, unless `null_as_word` is set. Raises TemplateFailure."""
    text: list[str] = []
    size = 0
    for part in parts:
        if type(part) is not str:
            if part is None and not null_as_word:
                return None
            part = "null" if part is None else text_of(part)  # noqa: PLW2901  the part goes on as text
        size += len(part)
        if size > MAX_TEMPLATE_RESULT:
            raise too_long()
        text.append(part)
    return "".join(text)


class _Unlisted:
    """Stands for a value that is not in a table."""


class _Unset:
    """Stands for a value that is not computed yet."""


UNLISTED = _Unlisted()
UNSET = _Unset()
