"""The places and the roots that an expression reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..values.pointers import join
from .tree import TreeNode, walk

__all__ = ["certain_roots", "inputs_read", "path_of", "steps_by_start"]


_ORDERING = ("lt", "lte", "gt", "gte")


_CHAINS = ("subexpression", "index_expression", "pipe")
"""The first child of these is evaluated on the value of the node, each further one on the result of the one before."""


_ON_FIRST = {*_CHAINS, "projection", "value_projection", "filter_projection", "flatten"}


def steps_by_start(tree: TreeNode) -> dict[int, TreeNode]:
    """The members that are read right from each value, such as `b` in `a.b[0].c`, by the offset of the value."""
    steps: dict[int, TreeNode] = {}
    for node in walk(tree):
        if node["type"] == "subexpression":
            step = node["children"][1]
            while step["type"] in _ON_FIRST:
                step = step["children"][0]
            if step["type"] == "field":
                steps.setdefault(node["children"][0]["start"], step)
    return steps


def path_of(tree: Mapping[str, Any], roots: Mapping[str, str | None]) -> str | None:
    """The pointer of a plain path such as `event.data.x` or `batch.events[0]`; None for any other expression.

    `roots` has the pointer of each root; None for a root that is not a place of the input.
    """
    kind, children = tree["type"], tree["children"]
    if kind in ("field", "variable_ref"):
        return roots.get(tree["value"])
    if kind in _CHAINS:
        place = path_of(children[0], roots)
        for child in children[1:]:
            if place is None:
                return None
            place = _step(place, child)
        return place
    return None


def _step(place: str | None, tree: Mapping[str, Any]) -> str | None:
    """The pointer after one plain step from `place`; None if the step is not plain."""
    kind = tree["type"]
    if place is None:
        return None
    if kind == "field" or (kind == "index" and tree["value"] >= 0):
        return join(place, tree["value"])
    if kind in ("identity", "current"):
        return place
    if kind in _CHAINS:
        for child in tree["children"]:
            place = _step(place, child)
        return place
    return None


def inputs_read(tree: Mapping[str, Any], roots: Mapping[str, str | None]) -> tuple[str, ...]:
    """The pointers of all paths that the expression reads, in order and without duplicates.

    A path inside a projection, a filter or an `&expression` gives the pointer of the list that is iterated over.
    """
    return tuple(dict.fromkeys(_reads(tree, roots)))


def _reads(tree: Mapping[str, Any], roots: Mapping[str, str | None]) -> Iterator[str]:
    place = path_of(tree, roots)
    if place is not None:
        yield place
        return
    kind, children = tree["type"], tree["children"]
    if kind in ("literal", "expref", "field", "variable_ref", "index", "slice", "current", "identity"):
        return
    if kind not in _CHAINS and not kind.endswith("projection"):
        for child in children:
            yield from _reads(child, roots)
        return
    base = path_of(children[0], roots)
    if base is None:
        yield from _reads(children[0], roots)
    else:
        yield _reach(base, children[1:] if kind in _CHAINS else [])


def _reach(place: str, steps: Iterable[Mapping[str, Any]]) -> str:
    """The pointer that the plain steps at the beginning of `steps` lead to."""
    for tree in steps:
        following = _step(place, tree)
        if following is None:
            kind, children = tree["type"], tree["children"]
            goes_over_first = kind == "flatten" or kind.endswith("projection")
            return _reach(place, children[:1] if goes_over_first else children if kind in _CHAINS else [])
        place = following
    return place


def certain_roots(tree: TreeNode) -> tuple[str, ...]:
    """The names of the roots that every evaluation reads before anything in it can fail, in order."""
    found: list[str] = []
    _goes_on(tree, found)
    return tuple(dict.fromkeys(found))


def _goes_on(tree: TreeNode, found: list[str]) -> bool:
    """Adds the roots that are certainly read; returns whether evaluation certainly continues after the node."""
    kind, below = tree["type"], tree["children"]
    if kind in ("field", "variable_ref"):
        found.append(tree["value"])
        return True
    if kind == "let_expression" or (kind == "function_expression" and tree["value"] == "if"):
        _goes_on(below[0], found)
        return False
    if kind in ("literal", "expref"):
        return True
    if kind in _CHAINS or kind == "flatten" or kind.endswith("projection"):
        return _goes_on(below[0], found) and not any(_can_fail(node) for child in below[1:] for node in walk(child))
    if kind in ("and_expression", "or_expression"):
        _goes_on(below[0], found)
        return False
    return all(_goes_on(child, found) for child in below) and not _can_fail(tree)


def _can_fail(node: TreeNode) -> bool:
    return node["type"] in ("function_expression", "variable_ref") or (
        node["type"] == "comparator" and node["value"] in _ORDERING
    )
