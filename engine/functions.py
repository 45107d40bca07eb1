"""The functions of expressions: JMESPath's own and those that mappings need beside them.

A function refuses what it cannot do with a FunctionError, never returns a number that JSON does not have, and does a
bounded amount of work.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, wraps
from types import MappingProxyType
from typing import Any, TypeVar, cast

import jmespath.functions
from jmespath.exceptions import JMESPathError

from . import signatures
from .jmespath_functions import JMESPATH_FUNCTIONS
from .signatures import Example, Function, Parameter, declare, example
from .values import MAX_INTEGER, MIN_INTEGER, check_payload, kind, parse_decimal, shown, with_article

__all__ = ["FUNCTIONS", "Example", "Function", "FunctionError", "Functions", "Parameter", "matches_glob", "reference"]

MAX_TEXT = 1_000_000
_BLANKS = " \t\r\n"
_JSON_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?")

_F = TypeVar("_F", bound=Callable[..., Any])
_declared = {function.name: function for function in JMESPATH_FUNCTIONS}
_Library: Any = jmespath.functions.Functions  # its published types leave out what a subclass needs


class FunctionError(JMESPathError):
    """A function refuses its arguments; the text is the reason."""


def _function(signature: str, description: str, *examples: Example) -> Callable[[_F], _F]:
    """Declare the function that the decorated method `_func_<name>` implements."""
    function = declare(signature, description, *examples)
    _declared[function.name] = function
    types: Any = [{"types": list(parameter.types)} for parameter in function.parameters]
    return jmespath.functions.signature(*types)


def _null_gives_null(method: _F) -> _F:
    """Gives null where an argument is null: most fields are optional, and a guard around each call would hide them."""

    @wraps(method)
    def checked(self: Functions, *arguments: Any) -> Any:
        return None if None in arguments else method(self, *arguments)

    return cast("_F", checked)


def _same(name: str) -> Callable[[_F], _F]:
    """The decorated method replaces JMESPath's own, with the same parameters."""
    return jmespath.functions.signature(*_Library.FUNCTION_TABLE[name]["signature"])


_NUMBER, _STRING = Parameter("key", ("number",)), Parameter("key", ("string",))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_FIRST_MS = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MS
_LAST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MS
_PRICED = {"items": [{"id": "a", "price": 2}, {"id": "b", "price": "10"}, {"id": "c"}]}
_CHANGES = {"changes": [{"key": "vip", "new": "no"}, {"key": "age", "new": 7}, {"key": "vip", "new": "yes"}]}


class Functions(_Library):  # type: ignore[misc]
    """The implementation handed to jmespath's interpreter: the library's functions and, a method each, ours."""

    def _type_check(self, actual: list[Any], signature: Any, function_name: str) -> None:
        # In place of the library's, for its wording; it also leaves arguments after the first of a variadic unchecked.
        parameters = FUNCTIONS[function_name].parameters
        for index, argument in enumerate(actual):
            parameter = parameters[min(index, len(parameters) - 1)]
            if not parameter.takes(argument):
                raise FunctionError(
                    f"argument {index + 1} of {function_name}() must be {parameter.wanted}, not {_found(argument)}"
                )

    # JMESPath's own, where the library would leave JSON, raise an error of Python or do unbounded work

    @_same("avg")
    def _func_avg(self, numbers: list[Any]) -> Any:
        return _number("avg", super()._func_avg(numbers))

    @_same("ceil")
    def _func_ceil(self, number: Any) -> Any:
        return _number("ceil", super()._func_ceil(number))

    @_same("contains")
    def _func_contains(self, subject: Any, search: Any) -> bool:
        if isinstance(subject, str) and not isinstance(search, str):
            raise FunctionError(
                f"argument 2 of contains() must be a string where the first is one, not {_found(search)}"
            )
        return search in subject

    @_same("floor")
    def _func_floor(self, number: Any) -> Any:
        return _number("floor", super()._func_floor(number))

    @_same("join")
    def _func_join(self, separator: str, texts: list[str]) -> str:
        _bounded("join", sum(map(len, texts)) + len(separator) * len(texts))
        return separator.join(texts)

    @_same("max_by")
    def _func_max_by(self, elements: list[Any], key: Any) -> Any:
        keys = _order_keys("max_by", elements, key)
        return elements[max(range(len(elements)), key=keys.__getitem__)] if elements else None

    @_same("min_by")
    def _func_min_by(self, elements: list[Any], key: Any) -> Any:
        keys = _order_keys("min_by", elements, key)
        return elements[min(range(len(elements)), key=keys.__getitem__)] if elements else None

    @_same("sort_by")
    def _func_sort_by(self, elements: list[Any], key: Any) -> list[Any]:
        keys = _order_keys("sort_by", elements, key)
        return [elements[index] for index in sorted(range(len(elements)), key=keys.__getitem__)]

    @_same("sum")
    def _func_sum(self, numbers: list[Any]) -> Any:
        return _number("sum", sum(numbers))

    @_same("to_number")
    def _func_to_number(self, value: Any) -> Any:
        if isinstance(value, str):
            text = value.strip(_BLANKS)
            number = super()._func_to_number(text) if _JSON_NUMBER.fullmatch(text) else None
        else:
            number = super()._func_to_number(value)
        return number if _is_json_number(number) else None

    @_same("to_string")
    def _func_to_string(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        return _json("to_string", value)

    # texts

    @_function(
        "lower(text: string|null) -> string|null", "The text in lower case.", example("lower('Zoë M.')", "zoë m.")
    )
    @_null_gives_null
    def _func_lower(self, text: str) -> str:
        return text.lower()

    @_function(
        "upper(text: string|null) -> string|null", "The text in upper case.", example("upper('Zoë M.')", "ZOË M.")
    )
    @_null_gives_null
    def _func_upper(self, text: str) -> str:
        return text.upper()

    @_function(
        "trim(text: string|null) -> string|null",
        "The text without the blanks around it.",
        example("trim(' a b ')", "a b"),
    )
    @_null_gives_null
    def _func_trim(self, text: str) -> str:
        return text.strip()

    @_function(
        "replace_any(text: string|null, characters: string, replacement: string) -> string|null",
        "The text with each character that is one of `characters` replaced.",
        example("replace_any('Data Sale/EU', ' /', '_')", "Data_Sale_EU"),
        example("replace_any('+49 (0)30', ' ()+', '')", "49030"),
    )
    @_null_gives_null
    def _func_replace_any(self, text: str, characters: str, replacement: str) -> str:
        replaced = set(characters)
        hits = sum(character in replaced for character in text)
        _bounded("replace_any", len(text) + hits * len(replacement))
        return text.translate(dict.fromkeys(map(ord, replaced), replacement))

    @_function(
        "split(text: string|null, separator: string) -> array|null",
        "The parts of the text between the separators.",
        example("split('a,b,', ',')", ["a", "b", ""]),
    )
    @_null_gives_null
    def _func_split(self, text: str, separator: str) -> list[str]:
        if not separator:
            raise FunctionError("the separator of split() is empty")
        return text.split(separator)

    @_function(
        "like(text: string|null, glob: string) -> boolean|null",
        "Whether the whole text fits the pattern, where `*` stands for any characters, also none, and `?` for any one.",
        example("like('gdpr_ads', 'gdpr_*')", True),
        example("like('v10', 'v?')", False),
    )
    @_null_gives_null
    def _func_like(self, text: str, glob: str) -> bool:
        return matches_glob(text, glob)

    # objects

    @_function(
        "get(object: object|null, name: string|null) -> any",
        "The value of a name that is itself computed; null where there is none.",
        example("get(identities, settings.identity)", "u1", identities={"id": "u1"}, settings={"identity": "id"}),
        example("get(identities, 'email')", None, identities={"id": "u1"}),
    )
    def _func_get(self, target: dict[str, Any] | None, name: str | None) -> Any:
        return None if target is None or name is None else target.get(name)

    @_function(
        "get_ignore_case(object: object|null, name: string|null) -> any",
        "Like `get`, in any letter case: the exact spelling first, else the first one in order.",
        example("get_ignore_case(user, '$Age')", 7, user={"$AGE": 7}),
        example("get_ignore_case(user, 'id')", 2, user={"ID": 1, "id": 2}),
    )
    def _func_get_ignore_case(self, target: dict[str, Any] | None, name: str | None) -> Any:
        if target is None or name is None:
            return None
        if name in target:
            return target[name]
        folded = name.casefold()
        return next((value for spelling, value in target.items() if spelling.casefold() == folded), None)

    @_function(
        "to_object(list: array|null, key: expref, value: expref) -> object|null",
        "An object with one name for each element. A later element replaces an earlier one of the same name, "
        "elements whose key is not a string are left out.",
        example("to_object(changes, &key, &new)", {"vip": "yes", "age": 7}, **_CHANGES),
    )
    def _func_to_object(self, elements: list[Any] | None, key: Any, value: Any) -> dict[str, Any] | None:
        if elements is None:
            return None
        named = ((key.visit(key.expression, element), element) for element in elements)
        return {name: value.visit(value.expression, element) for name, element in named if isinstance(name, str)}

    @_function(
        "omit(object: object, names: array-string) -> object",
        "The object without these names.",
        example("omit(user, ['id', 'x'])", {"age": 7}, user={"id": "u1", "age": 7}),
    )
    def _func_omit(self, target: dict[str, Any], names: list[str]) -> dict[str, Any]:
        omitted = set(names)
        return {name: value for name, value in target.items() if name not in omitted}

    # lists

    @_function(
        "sort_by_number(list: array|null, key: expref) -> array|null",
        "The elements in order of their keys as numbers; a key may be a number or a decimal text. "
        "Elements without such a key come first, equal ones stay in order.",
        example("sort_by_number(items, &price)[*].id", ["c", "a", "b"], **_PRICED),
    )
    def _func_sort_by_number(self, elements: list[Any] | None, key: Any) -> list[Any] | None:
        def rank(element: Any) -> tuple[bool, int | float]:
            number = key.visit(key.expression, element)
            if isinstance(number, str):
                number = parse_decimal(number)
            return (True, number) if _NUMBER.takes(number) else (False, 0)

        return None if elements is None else sorted(elements, key=rank)

    @_function(
        "last_by(list: array|null, key: expref) -> array|null",
        "Of the elements with the same key only the last one; those kept stay in order.",
        example("last_by(changes, &key)[*].new", [7, "yes"], **_CHANGES),
    )
    def _func_last_by(self, elements: list[Any] | None, key: Any) -> list[Any] | None:
        if elements is None:
            return None
        last = {
            _identity("last_by", key.visit(key.expression, element)): index for index, element in enumerate(elements)
        }
        return [elements[index] for index in sorted(last.values())]

    @_function(
        "distinct(list: array) -> array",
        "The elements without repetitions, in order of their first occurrence.",
        example("distinct(tags)", ["a", 1, True], tags=["a", 1, "a", True, 1.0]),
    )
    def _func_distinct(self, elements: list[Any]) -> list[Any]:
        first: dict[Any, Any] = {}
        for element in elements:
            first.setdefault(_identity("distinct", element), element)
        return list(first.values())

    # numbers, times and sizes

    @_function(
        "add(a: number|null, b: number|null) -> number|null", "The sum of two numbers.", example("add(`1`, `2.5`)", 3.5)
    )
    @_null_gives_null
    def _func_add(self, a: Any, b: Any) -> Any:
        return _number("add", a + b)

    @_function(
        "subtract(a: number|null, b: number|null) -> number|null",
        "The first less the second.",
        example("subtract(`1`, `3`)", -2),
    )
    @_null_gives_null
    def _func_subtract(self, a: Any, b: Any) -> Any:
        return _number("subtract", a - b)

    @_function(
        "multiply(a: number|null, b: number|null) -> number|null",
        "The product.",
        example("multiply(hours, `3600`)", -18000, hours=-5),
    )
    @_null_gives_null
    def _func_multiply(self, a: Any, b: Any) -> Any:
        return _number("multiply", a * b)

    @_function(
        "from_unix_ms(moment: number|string|null, precision: string) -> string|null",
        "A time given in milliseconds since 1970, a number or a decimal text, as text in UTC; `precision` is "
        "'seconds' or 'milliseconds', and what is finer is cut off.",
        example("from_unix_ms(`1700000000123`, 'seconds')", "2023-11-14T22:13:20Z"),
        example("from_unix_ms('1700000000123', 'milliseconds')", "2023-11-14T22:13:20.123Z"),
        example("from_unix_ms(event.time, 'seconds')", None, event={}),
    )
    def _func_from_unix_ms(self, moment: int | float | str | None, precision: str) -> str | None:
        if precision not in {"seconds", "milliseconds"}:
            raise FunctionError(
                f"the precision of from_unix_ms() must be 'seconds' or 'milliseconds', not {shown(precision)}"
            )
        if moment is None:
            return None
        if isinstance(moment, str) and parse_decimal(moment) is None:
            raise FunctionError(f"from_unix_ms() cannot read {shown(moment)} as a number of milliseconds")
        # Decimal, as a double would round a long text up.
        whole = math.floor(Decimal(moment.strip()) if isinstance(moment, str) else moment)
        if not _FIRST_MS <= whole <= _LAST_MS:
            raise FunctionError(f"from_unix_ms() takes times in the years 1 to 9999 only, not {shown(moment)}")
        return (_EPOCH + whole * _MS).replace(tzinfo=None).isoformat(timespec=precision) + "Z"

    @_function(
        "size(value: any) -> number",
        "The number of bytes of a value as compact JSON in UTF-8.",
        example("size(user)", 15, user={"name": "Zoë"}),
    )
    def _func_size(self, value: Any) -> int:
        return len(_json("size", value).encode())


FUNCTIONS: Mapping[str, Function] = MappingProxyType(dict(sorted(_declared.items())))
"""Every function of the language by name."""


def reference() -> str:
    """The function reference, in Markdown; `docs/functions.md` is this text."""
    return signatures.reference(FUNCTIONS.values())


# --- parts of functions


def matches_glob(text: str, glob: str) -> bool:
    """Whether the whole text fits a pattern with `*` for any characters and `?` for any one, in linear time."""
    first, *others = (_piece(piece) for piece in glob.split("*"))
    if not others:
        return first.fullmatch(text) is not None
    found = first.match(text)
    for piece in others[:-1]:  # the first place where a piece fits leaves the most room for the following ones
        found = found and piece.search(text, found.end())
    tail = len(text) - len(glob) + glob.rindex("*") + 1
    return found is not None and tail >= found.end() and others[-1].fullmatch(text, tail) is not None


@lru_cache(maxsize=1024)
def _piece(piece: str) -> re.Pattern[str]:
    return re.compile("".join("." if character == "?" else re.escape(character) for character in piece), re.DOTALL)


def _found(argument: Any) -> str:
    if not isinstance(argument, list) or not argument:
        return with_article(kind(argument))
    *others, last = sorted({with_article(kind(element)) for element in argument})
    return f"a list with {', '.join(others)}{' and ' if others else ''}{last}"


def _is_json_number(number: Any) -> bool:
    return (
        MIN_INTEGER <= number <= MAX_INTEGER
        if isinstance(number, int)
        else number is not None and math.isfinite(number)
    )


def _number(name: str, number: Any) -> Any:
    if number is None or _is_json_number(number):
        return number
    raise FunctionError(f"the result of {name}() is too large")


def _bounded(name: str, size: int) -> None:
    if size > MAX_TEXT:
        raise FunctionError(f"the result of {name}() has more than {MAX_TEXT} characters")


def _json(name: str, value: Any) -> str:
    """Compact JSON text. A value that repeats parts of itself can be far larger than its memory, hence the check."""
    if flaw := check_payload(value):
        raise FunctionError(f"{name}() cannot take the value: {flaw}")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _order_keys(name: str, elements: list[Any], key: Any) -> list[Any]:
    keys = [key.visit(key.expression, element) for element in elements]
    wanted = _NUMBER if keys and _NUMBER.takes(keys[0]) else _STRING
    for number, value in enumerate(keys, 1):
        if not wanted.takes(value):
            raise FunctionError(
                f"the keys of {name}() must be all strings or all numbers; that of element {number} is {_found(value)}"
            )
    return keys


def _identity(name: str, value: Any) -> Any:
    """Something hashable that is equal for equal JSON values only; 1 and 1.0 are equal, 1 and true are not."""
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
