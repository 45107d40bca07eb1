"""Steps of expressions: the plain paths in their trees, and their effect on lists and null."""

from __future__ import annotations

from collections.abc import Callable

from ..expressions.tree import TreeNode
from ..types.narrowing import meet, refine
from ..types.types import (
    NEVER,
    NULL,
    ArrayType,
    Type,
    union,
    without,
    without_null,
)

__all__ = [
    "argument_of_call",
    "first_and_rest",
    "flattened",
    "is_expref",
    "on_list",
    "path_of",
    "unless_null",
    "where_elements",
]


def path_of(node: TreeNode) -> tuple[str, ...] | None:
    """The names of a plain path such as `event.data.x`; None for any other expression."""
    match node["type"]:
        case "field":
            return (node["value"],)
        case "current":
            return ()
        case "subexpression" | "pipe":
            path: tuple[str, ...] = ()
            for child in node["children"]:
                step = path_of(child)
                if step is None:
                    return None
                path += step
            return path
    return None


def first_and_rest(node: TreeNode) -> tuple[TreeNode, TreeNode]:
    """Splits `a && b && c` into `a` and `b && c`, which keeps together the types narrowed by `a`."""
    left, right = node["children"]
    while left["type"] == node["type"]:
        left, middle = left["children"]
        right = {"type": node["type"], "children": [middle, right]}
    return left, right


def argument_of_call(node: TreeNode, name: str) -> TreeNode | None:
    """The first argument of a call of a function, None for any other expression."""
    if node["type"] != "function_expression" or node["value"] != name:
        return None
    argument: TreeNode = node["children"][0]
    return argument


def is_expref(node: TreeNode) -> bool:
    """Returns whether a node is an expression that is given to a function, such as `&name`."""
    return bool(node["type"] == "expref")


def unless_null(current: Type, made: Type) -> Type:
    """The type `made` of a value's result, with null added if the value can be null."""
    if not current.parts.null:
        return made
    return NULL if without_null(current).never else union(made, NULL)


def on_list(base: Type, change: Callable[[ArrayType], ArrayType]) -> Type:
    """Applies a change to the lists of a type; all other values give null."""
    array = base.parts.array
    found = NULL if without(base, ("array",)) != NEVER else NEVER
    return found if array is None else union(found, Type(array=change(array)))


def flattened(array: ArrayType) -> ArrayType:
    """The list with the elements of its inner lists in their places."""
    if array.exact:
        first: list[Type] = []
        for element in array.first:
            inner = element.parts.array
            if inner is None:
                first.append(element)
            elif inner.exact and without(element, ("array",)) == NEVER:
                first += inner.first
            else:
                break
        else:
            return ArrayType(NEVER, tuple(first), len(first), len(first))
    element = array.element()
    inner = element.parts.array
    if inner is None:
        return array
    return ArrayType(union(without(element, ("array",)), inner.element()))


def where_elements(current: Type, node: TreeNode, change: Callable[[Type], Type], *, alike: bool = False) -> Type:
    """The part of `current` for which the elements of a list have the changed types; `alike`: all are of one kind."""
    if node["type"] == "projection" and node["children"][1]["type"] == "identity":  # x[*]: all of x but null

        def but_null(type_: Type) -> Type:
            return union(NULL if type_.parts.null else NEVER, change(without_null(type_)))

        return where_elements(current, node["children"][0], but_null, alike=alike)

    def changed(type_: Type) -> Type:
        array = type_.parts.array
        if array is None:
            return type_
        items, first = change(array.items), tuple(map(change, array.first))
        return meet(type_, union(without(type_, ("array",)), Type(array=ArrayType(items, first, 0, None, alike))))

    path = path_of(node)
    return current if path is None else refine(current, path, changed)
