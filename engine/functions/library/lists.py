"""Functions of lists, and `if`."""

from __future__ import annotations

from typing import Any

from ...values.equality import equal, is_true
from ...values.numbers import parse_number
from ..errors import NUMBER, FunctionError, found, identity
from ..registry import example, function

__all__: list[str] = []

_PRICED = {"items": [{"id": "a", "price": 2}, {"id": "b", "price": "10"}, {"id": "c"}]}
_KEYED = {"changes": [{"key": "vip", "new": "no"}, {"key": "age", "new": 7}, {"key": "vip", "new": "yes"}]}


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
    example("last_by(changes, &key)[*].new", [7, "yes"], **_KEYED),
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


@function(
    "unique_by(list: array|null, key: expref) -> array|null",
    "Of the elements with the same key only the first one; those kept stay in order.",
    example("unique_by(changes, &key)[*].new", ["no", 7], **_KEYED),
)
def _func_unique_by(elements: list[Any] | None, key: Any) -> list[Any] | None:
    if elements is None:
        return None
    first: dict[Any, Any] = {}
    for element in elements:
        first.setdefault(identity("unique_by", key(element)), element)
    return list(first.values())


@function(
    "group_by(list: array|null, key: expref) -> object|null",
    "An object with the list of the elements of each key. Elements whose key is not a string are left out.",
    example(
        "group_by(items, &kind)",
        {"a": [{"kind": "a"}, {"kind": "a", "n": 1}]},
        items=[{"kind": "a"}, {"kind": 1}, {"kind": "a", "n": 1}],
    ),
)
def _func_group_by(elements: list[Any] | None, key: Any) -> dict[str, list[Any]] | None:
    if elements is None:
        return None
    groups: dict[str, list[Any]] = {}
    for element in elements:
        name = key(element)
        if isinstance(name, str):
            groups.setdefault(name, []).append(element)
    return groups


@function(
    "index_of(subject: array|string|null, search: any) -> number|null",
    "The place of the first element that is equal to `search`, or where the string first contains it, from 0; null if "
    "there is none.",
    example("index_of(tags, 'red')", 1, tags=["new", "red"]),
    example("index_of('a@b.org', '@')", 1),
    example("index_of('a@b.org', '#')", None),
)
def _func_index_of(subject: Any, search: Any) -> int | None:
    if isinstance(subject, str):
        if not isinstance(search, str):
            raise FunctionError(
                f"argument 2 of index_of() must be a string where the first is one, not {found(search)}"
            )
        place = subject.find(search)
        return None if place < 0 else place
    return next((number for number, element in enumerate(subject or ()) if equal(element, search)), None)


@function(
    "zip(list: array, ...) -> array",
    "Lists of the elements with the same place in each list, as many as the shortest list has.",
    example("zip(names, prices)", [["a", 1], ["b", 2]], names=["a", "b", "c"], prices=[1, 2]),
)
def _func_zip(*lists: list[Any]) -> list[list[Any]]:
    return [list(elements) for elements in zip(*lists, strict=False)]


@function(
    "if(condition: any, then: any, otherwise: any) -> any",
    "The second value if the first is true (not null, false, or empty), else the third; only that one is evaluated.",
    example("if(total > `100`, 'large', 'small')", "small", total=40),
    example("if(parts, divide(total, parts), `0`)", 0, total=1, parts=None),
)
def _func_if(condition: Any, then: Any, otherwise: Any) -> Any:
    return then if is_true(condition) else otherwise
