"""The functions that JMESPath itself has; the tests hold their parameters and results against the library.

They differ from the library's where those would return no JSON, raise an error of Python or do unbounded work.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...values.equality import included
from ...values.kinds import TYPE_NAMES
from ...values.numbers import parse_number
from ..errors import FunctionError, SortKey, bounded, calculated, found, json_of, order_keys
from ..registry import Example, example, function

__all__: list[str] = []


def _own(signature: str, description: str, *examples: Example) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares the decorated function as one of JMESPath's own."""
    return function(signature, description, *examples, builtin=True)


def _total(numbers: list[Any]) -> Any:
    """The exact sum, rounded once if a double is involved; that of Python's `sum` differs between its versions."""
    return sum(numbers) if all(type(number) is int for number in numbers) else math.fsum(numbers)


@_own("abs(number: number) -> number", "The absolute value of the number.", example("abs(`-2`)", 2))
def _func_abs(number: Any) -> Any:
    return abs(number)


@_own(
    "avg(numbers: array-number) -> number|null",
    "The mean of the numbers; null for an empty list.",
    example("avg(prices)", 2.5, prices=[2, 3]),
    example("avg(prices)", None, prices=[]),
)
def _func_avg(numbers: list[Any]) -> Any:
    return calculated("avg", lambda: _total(numbers) / len(numbers)) if numbers else None


@_own(
    "ceil(number: number) -> number",
    "The least whole number that is not smaller.",
    example("ceil(`1.2`)", 2),
)
def _func_ceil(number: Any) -> Any:
    return calculated("ceil", lambda: math.ceil(number))


@_own(
    "contains(subject: array|string, search: any) -> boolean",
    "True if a list has an element equal to `search`, or a string contains it.",
    example("contains(tags, 'new')", True, tags=["new", "red"]),
    example("contains('Hello', 'hell')", False),
)
def _func_contains(subject: Any, search: Any) -> bool:
    if isinstance(subject, str) and not isinstance(search, str):
        raise FunctionError(f"argument 2 of contains() must be a string where the first is one, not {found(search)}")
    return search in subject if isinstance(subject, str) else included(subject, search)


@_own(
    "ends_with(text: string, suffix: string) -> boolean",
    "True if the string ends with `suffix`.",
    example("ends_with('a.png', '.png')", True),
)
def _func_ends_with(text: str, suffix: str) -> bool:
    return text.endswith(suffix)


@_own(
    "floor(number: number) -> number",
    "The greatest whole number that is not larger.",
    example("floor(`-1.2`)", -2),
)
def _func_floor(number: Any) -> Any:
    return calculated("floor", lambda: math.floor(number))


@_own(
    "join(separator: string, texts: array-string) -> string",
    "The strings joined into one, with the separator between them.",
    example("join(', ', colours)", "red, blue", colours=["red", "blue"]),
)
def _func_join(separator: str, texts: list[str]) -> str:
    bounded("join", sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


@_own(
    "keys(object: object) -> array",
    "The names in an object.",
    example("keys(user)", ["id", "age"], user={"id": "u1", "age": 7}),
)
def _func_keys(target: dict[str, Any]) -> list[str]:
    return list(target)


@_own(
    "length(subject: string|array|object) -> number",
    "The number of characters of a string, of elements of a list, of names in an object.",
    example("length('Zoë')", 3),
    example("length(items)", 2, items=[None, None]),
)
def _func_length(subject: Any) -> int:
    return len(subject)


@_own(
    "map(value: expref, list: array) -> array",
    "The value of the expression for each element; unlike `list[*].x`, nulls are kept.",
    example("map(&id, items)", [1, None], items=[{"id": 1}, {}]),
)
def _func_map(value: SortKey, elements: list[Any]) -> list[Any]:
    return [value(element) for element in elements]


@_own(
    "max(list: array-number|array-string) -> number|string|null",
    "The largest number, or the last string in order of code points; null for an empty list.",
    example("max(prices)", 3.5, prices=[2, 3.5]),
)
def _func_max(elements: list[Any]) -> Any:
    return max(elements) if elements else None


@_own(
    "max_by(list: array, key: expref) -> any",
    "The first element with the largest key; the keys are all numbers or all strings. Null for an empty list.",
    example("max_by(items, &price).id", "b", items=[{"id": "a", "price": 1}, {"id": "b", "price": 2}]),
)
def _func_max_by(elements: list[Any], key: SortKey) -> Any:
    keys = order_keys("max_by", elements, key)
    return elements[max(range(len(elements)), key=keys.__getitem__)] if elements else None


@_own(
    "merge(object: object, ...) -> object",
    "One object with the names of all; where a name is in several, the last one gives the value.",
    example("merge(a, b)", {"x": 1, "y": 3}, a={"x": 1, "y": 2}, b={"y": 3}),
)
def _func_merge(*targets: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for target in targets:
        merged.update(target)
    return merged


@_own(
    "min(list: array-number|array-string) -> number|string|null",
    "The smallest number, or the first string in order of code points; null for an empty list.",
    example("min(names)", "Ann", names=["Bob", "Ann"]),
)
def _func_min(elements: list[Any]) -> Any:
    return min(elements) if elements else None


@_own(
    "min_by(list: array, key: expref) -> any",
    "The first element with the smallest key; the keys are all numbers or all strings. Null for an empty list.",
    example("min_by(items, &price).id", "a", items=[{"id": "a", "price": 1}, {"id": "b", "price": 2}]),
)
def _func_min_by(elements: list[Any], key: SortKey) -> Any:
    keys = order_keys("min_by", elements, key)
    return elements[min(range(len(elements)), key=keys.__getitem__)] if elements else None


@_own(
    "not_null(value: any, ...) -> any",
    "The first value that is not null. Unlike `||` it takes `false`, `''`, `[]` and `{}` as values.",
    example("not_null(user.name, user.id, 'unknown')", "", user={"name": None, "id": ""}),
)
def _func_not_null(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


@_own(
    "reverse(subject: array|string) -> array|string",
    "The list or the string in reverse order.",
    example("reverse(items)", [3, 2, 1], items=[1, 2, 3]),
)
def _func_reverse(subject: Any) -> Any:
    return subject[::-1]


@_own(
    "sort(list: array-string|array-number) -> array",
    "The numbers in order, or the strings in order of code points.",
    example("sort(names)", ["Ann", "Bob", "ann"], names=["ann", "Bob", "Ann"]),
)
def _func_sort(elements: list[Any]) -> list[Any]:
    return sorted(elements)


@_own(
    "sort_by(list: array, key: expref) -> array",
    "The elements in order of their keys, which are all numbers or all strings; equal ones stay in order.",
    example("sort_by(items, &price)[*].id", ["b", "a"], items=[{"id": "a", "price": 2}, {"id": "b", "price": 1}]),
)
def _func_sort_by(elements: list[Any], key: SortKey) -> list[Any]:
    keys = order_keys("sort_by", elements, key)
    return [elements[index] for index in sorted(range(len(elements)), key=keys.__getitem__)]


@_own(
    "starts_with(text: string, prefix: string) -> boolean",
    "True if the string starts with `prefix`.",
    example("starts_with('$Age', '$')", True),
)
def _func_starts_with(text: str, prefix: str) -> bool:
    return text.startswith(prefix)


@_own(
    "sum(numbers: array-number) -> number",
    "The sum; 0 for an empty list.",
    example("sum(prices)", 5.5, prices=[2, 3.5]),
)
def _func_sum(numbers: list[Any]) -> Any:
    return calculated("sum", lambda: _total(numbers))


@_own(
    "to_array(value: any) -> array",
    "A list as it is, anything else as a list of one element.",
    example("to_array(item)", ["a"], item="a"),
    example("to_array(item)", ["a"], item=["a"]),
)
def _func_to_array(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@_own(
    "to_number(value: any) -> number|null",
    "A number as it is; the number that a string writes as JSON does, blanks around it aside; anything else as null.",
    example("to_number('1.5')", 1.5),
    example("to_number('1,5')", None),
    example("to_number('+1')", None),
)
def _func_to_number(value: Any) -> Any:
    if isinstance(value, str):
        return parse_number(value)
    return value if type(value) in (int, float) else None


@_own(
    "to_string(value: any) -> string",
    "A string as it is, anything else as compact JSON text.",
    example("to_string(`1.5`)", "1.5"),
    example("to_string(tags)", '["a",null]', tags=["a", None]),
)
def _func_to_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    text = json_of("to_string", value)
    bounded("to_string", len(text))
    return text


@_own(
    "type(value: any) -> string",
    "The type of a value: `number`, `string`, `boolean`, `array`, `object` or `null`.",
    example("type(`[]`)", "array"),
)
def _func_type(value: Any) -> str:
    return TYPE_NAMES[type(value)]


@_own(
    "values(object: object) -> array",
    "The values in an object.",
    example("values(user)", ["u1", 7], user={"id": "u1", "age": 7}),
)
def _func_values(target: dict[str, Any]) -> list[Any]:
    return list(target.values())
