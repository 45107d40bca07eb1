"""The functions of expressions: JMESPath's own and those that mappings need beside them.

A function refuses what it cannot do with a FunctionError, never returns a number that JSON does not have, and does a
bounded amount of work.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar, cast

from ...values.kinds import shown
from ...values.numbers import parse_decimal, parse_number
from ..errors import NUMBER, FunctionError, bounded, calculated, identity, json_of
from ..globs import GlobError, matches_glob
from ..registry import example, function

__all__: list[str] = []

_F = TypeVar("_F", bound=Callable[..., Any])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_FIRST_MS = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MS
_LAST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MS
_PRICED = {"items": [{"id": "a", "price": 2}, {"id": "b", "price": "10"}, {"id": "c"}]}
_CHANGES = {"changes": [{"key": "vip", "new": "no"}, {"key": "age", "new": 7}, {"key": "vip", "new": "yes"}]}


def _null_gives_null(body: _F) -> _F:
    """Gives null where an argument is null: most fields are optional, and a guard around each call would hide them."""

    @wraps(body)
    def checked(*arguments: Any) -> Any:
        return None if None in arguments else body(*arguments)

    return cast("_F", checked)


# texts


@function("lower(text: string|null) -> string|null", "The string in lower case.", example("lower('Zoë M.')", "zoë m."))
@_null_gives_null
def _func_lower(text: str) -> str:
    return text.lower()


@function("upper(text: string|null) -> string|null", "The string in upper case.", example("upper('Zoë M.')", "ZOË M."))
@_null_gives_null
def _func_upper(text: str) -> str:
    return text.upper()


@function(
    "trim(text: string|null) -> string|null",
    "The string without the blanks around it.",
    example("trim(' a b ')", "a b"),
)
@_null_gives_null
def _func_trim(text: str) -> str:
    return text.strip()


@function(
    "replace_any(text: string|null, characters: string, replacement: string) -> string|null",
    "The string with each character that is one of `characters` replaced.",
    example("replace_any('Data Sale/EU', ' /', '_')", "Data_Sale_EU"),
    example("replace_any('+49 (0)30', ' ()+', '')", "49030"),
)
@_null_gives_null
def _func_replace_any(text: str, characters: str, replacement: str) -> str:
    replaced = set(characters)
    hits = sum(character in replaced for character in text)
    bounded("replace_any", len(text) + hits * len(replacement))
    return text.translate(dict.fromkeys(map(ord, replaced), replacement))


@function(
    "split(text: string|null, separator: string) -> array|null",
    "The parts of the string between the separators.",
    example("split('a,b,', ',')", ["a", "b", ""]),
)
@_null_gives_null
def _func_split(text: str, separator: str) -> list[str]:
    if not separator:
        raise FunctionError("the separator of split() is empty")
    return text.split(separator)


@function(
    "like(text: string|null, glob: string) -> boolean|null",
    "True if the whole string matches the pattern; `*` stands for any number of characters, `?` for one.",
    example("like('gdpr_ads', 'gdpr_*')", True),
    example("like('v10', 'v?')", False),
)
@_null_gives_null
def _func_like(text: str, glob: str) -> bool:
    try:
        return matches_glob(text, glob)
    except GlobError as error:
        raise FunctionError(f"like() cannot take the pattern: {error}") from None


# --- objects


@function(
    "get(object: object|null, name: string|null) -> any",
    "The value of a name that is itself computed; null where there is none.",
    example("get(identities, settings.identity)", "u1", identities={"id": "u1"}, settings={"identity": "id"}),
    example("get(identities, 'email')", None, identities={"id": "u1"}),
)
def _func_get(target: dict[str, Any] | None, name: str | None) -> Any:
    return None if target is None or name is None else target.get(name)


@function(
    "get_ignore_case(object: object|null, name: string|null) -> any",
    "Like `get`, in any letter case: the exact spelling first, else the first one in order.",
    example("get_ignore_case(user, '$Age')", 7, user={"$AGE": 7}),
    example("get_ignore_case(user, 'id')", 2, user={"ID": 1, "id": 2}),
)
def _func_get_ignore_case(target: dict[str, Any] | None, name: str | None) -> Any:
    if target is None or name is None:
        return None
    if name in target:
        return target[name]
    folded = name.casefold()
    return next((value for spelling, value in target.items() if spelling.casefold() == folded), None)


@function(
    "to_object(list: array|null, key: expref, value: expref) -> object|null",
    "An object with one name for each element. A later element replaces an earlier one of the same name, "
    "elements whose key is not a string are left out.",
    example("to_object(changes, &key, &new)", {"vip": "yes", "age": 7}, **_CHANGES),
)
def _func_to_object(elements: list[Any] | None, key: Any, value: Any) -> dict[str, Any] | None:
    if elements is None:
        return None
    named = ((key(element), element) for element in elements)
    return {name: value(element) for name, element in named if isinstance(name, str)}


@function(
    "omit(object: object, names: array-string) -> object",
    "The object without the members of these names.",
    example("omit(user, ['id', 'x'])", {"age": 7}, user={"id": "u1", "age": 7}),
)
def _func_omit(target: dict[str, Any], names: list[str]) -> dict[str, Any]:
    omitted = set(names)
    return {name: value for name, value in target.items() if name not in omitted}


# --- lists


@function(
    "sort_by_number(list: array|null, key: expref) -> array|null",
    "The elements in order of their keys as numbers; a key may be a number or a decimal string. "
    "Elements without such a key come first, equal ones stay in order.",
    example("sort_by_number(items, &price)[*].id", ["c", "a", "b"], **_PRICED),
)
def _func_sort_by_number(elements: list[Any] | None, key: Any) -> list[Any] | None:
    def rank(element: Any) -> tuple[bool, int | float]:
        number = key(element)
        if isinstance(number, str):
            number = parse_number(number)
        return (True, number) if NUMBER.takes(number) else (False, 0)

    return None if elements is None else sorted(elements, key=rank)


@function(
    "last_by(list: array|null, key: expref) -> array|null",
    "Of the elements with the same key only the last one; those kept stay in order.",
    example("last_by(changes, &key)[*].new", [7, "yes"], **_CHANGES),
)
def _func_last_by(elements: list[Any] | None, key: Any) -> list[Any] | None:
    if elements is None:
        return None
    last = {identity("last_by", key(element)): index for index, element in enumerate(elements)}
    return [elements[index] for index in sorted(last.values())]


@function(
    "distinct(list: array) -> array",
    "The elements without repetitions, in order of their first occurrence.",
    example("distinct(tags)", ["a", 1, True], tags=["a", 1, "a", True, 1.0]),
)
def _func_distinct(elements: list[Any]) -> list[Any]:
    first: dict[Any, Any] = {}
    for element in elements:
        first.setdefault(identity("distinct", element), element)
    return list(first.values())


# --- numbers, times and sizes


@function(
    "add(a: number|null, b: number|null) -> number|null", "The sum of two numbers.", example("add(`1`, `2.5`)", 3.5)
)
@_null_gives_null
def _func_add(a: Any, b: Any) -> Any:
    return calculated("add", lambda: a + b)


@function(
    "subtract(a: number|null, b: number|null) -> number|null",
    "The first number minus the second.",
    example("subtract(`1`, `3`)", -2),
)
@_null_gives_null
def _func_subtract(a: Any, b: Any) -> Any:
    return calculated("subtract", lambda: a - b)


@function(
    "multiply(a: number|null, b: number|null) -> number|null",
    "The product of two numbers.",
    example("multiply(hours, `3600`)", -18000, hours=-5),
)
@_null_gives_null
def _func_multiply(a: Any, b: Any) -> Any:
    return calculated("multiply", lambda: a * b)


@function(
    "from_unix_ms(moment: number|string|null, precision: string) -> string|null",
    "A time given in milliseconds since 1970, as a number or a decimal string, as a string in UTC; `precision` is "
    "'seconds' or 'milliseconds', and what is finer is cut off.",
    example("from_unix_ms(`1700000000123`, 'seconds')", "2023-11-14T22:13:20Z"),
    example("from_unix_ms('1700000000123', 'milliseconds')", "2023-11-14T22:13:20.123Z"),
    example("from_unix_ms(event.time, 'seconds')", None, event={}),
)
def _func_from_unix_ms(moment: int | float | str | None, precision: str) -> str | None:
    if precision not in {"seconds", "milliseconds"}:
        raise FunctionError(
            f"the precision of from_unix_ms() must be 'seconds' or 'milliseconds', not {shown(precision)}"
        )
    if moment is None:
        return None
    whole = math.floor(_milliseconds(moment) if isinstance(moment, str) else moment)
    if not _FIRST_MS <= whole <= _LAST_MS:
        raise FunctionError(f"from_unix_ms() takes times in the years 1 to 9999 only, not {shown(moment)}")
    return (_EPOCH + whole * _MS).replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _milliseconds(text: str) -> int | float | Decimal:
    if parse_decimal(text) is not None:
        return Decimal(text.strip())  # as a double would round a long text up
    number = parse_number(text)
    if number is None:
        raise FunctionError(f"from_unix_ms() cannot read {shown(text)} as a number of milliseconds")
    return number


@function(
    "size(value: any) -> number",
    "The number of bytes of a value as compact JSON in UTF-8.",
    example("size(user)", 15, user={"name": "Zoë"}),
)
def _func_size(value: Any) -> int:
    return len(json_of("size", value).encode())
