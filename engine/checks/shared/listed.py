"""The strings that a schema lists for the value at the end of a path, even if it allows others."""

from __future__ import annotations

from collections.abc import Iterable

from ...expressions.tree import TreeNode
from ...types.types import ObjectType, Type, constants

__all__ = ["last_step", "listed_strings"]


def last_step(node: TreeNode) -> TreeNode | None:
    """The step that a path ends with; None for any other expression."""
    while node["type"] in ("subexpression", "pipe"):
        node = node["children"][-1]
    return node if node["type"] == "field" else None


def listed_strings(around: Iterable[Type], name: str) -> dict[str, ObjectType]:
    """The strings listed for the member of this name, each with the variant of the object that lists it."""
    variants = [one for type_ in around for one in type_.objects]
    return {value: one for one in variants for value in constants(one.value(name)) or () if isinstance(value, str)}
