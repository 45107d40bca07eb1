"""Functions of objects."""

from __future__ import annotations

from typing import Any

from ..errors import FunctionError, bounded
from ..registry import example, function, null_gives_null

__all__: list[str] = []

_CHANGES = {"changes": [{"key": "vip", "new": "no"}, {"key": "age", "new": 7}, {"key": "vip", "new": "yes"}]}
_USER = {"user": {"name": "Ada", "address": {"city": "Ribe", "tags": ["home", 1]}}}


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


@function(
    "flatten(object: object|null, separator: string, lists: string) -> object|null",
    "An object without objects in it: each value has the names that lead to it, joined by the separator. `lists` is "
    "'keep' (lists stay as they are), 'index' (`tags.0`) or 'brackets' (`tags[0]`). Of values that get one name the "
    "last counts; empty objects and lists stay.",
    example(
        "flatten(user, '.', 'keep')", {"name": "Ada", "address.city": "Ribe", "address.tags": ["home", 1]}, **_USER
    ),
    example("flatten(user.address, '_', 'index')", {"city": "Ribe", "tags_0": "home", "tags_1": 1}, **_USER),
    example("flatten(user.address, '.', 'brackets')", {"city": "Ribe", "tags[0]": "home", "tags[1]": 1}, **_USER),
)
@null_gives_null
def _func_flatten(target: dict[str, Any], separator: str, lists: str) -> dict[str, Any]:
    if lists not in {"keep", "index", "brackets"}:
        raise FunctionError(f"the list style of flatten() must be 'keep', 'index' or 'brackets', not '{lists}'")
    found: dict[str, Any] = {}
    pending: list[tuple[str, Any]] = [(name, value) for name, value in reversed(target.items())]
    size = 0
    while pending:
        name, value = pending.pop()
        size += len(name) + 1
        bounded("flatten", size)
        if isinstance(value, dict) and value:
            pending += [(f"{name}{separator}{inner}", one) for inner, one in reversed(value.items())]
        elif isinstance(value, list) and value and lists != "keep":
            before, after = ("[", "]") if lists == "brackets" else (separator, "")
            pending += [(f"{name}{before}{number}{after}", value[number]) for number in reversed(range(len(value)))]
        else:
            found[name] = value
    return found
