"""Bounds on the size of an expression's value in terms of its input, derived from the expression alone.

Values share their parts in memory, so the value of a short expression may be too large to be written: each `| [@, @]`
doubles it. Expressions that can grow too much are refused before anything is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..functions.table import FUNCTIONS
from .tree import TreeNode

__all__ = [
    "MAX_COPIES",
    "MAX_LEVELS",
    "MAX_LOOPS",
    "PART",
    "REFUSED",
    "SCALAR",
    "Growth",
    "TooLarge",
    "either",
    "joined",
    "of_expression",
    "of_expressions",
]

MAX_COPIES = 100
"""The maximum number of times that a value may contain its input."""

MAX_LOOPS = 3
"""The maximum depth of nested iterations that copy outer values into each element."""

MAX_LEVELS = 64
"""The maximum number of levels of lists and objects that a value may add around its input."""

_SCALARS = {"number", "boolean", "string", "null"}
_MADE_ANEW = {"map", "to_object"}
"""Functions whose result consists of the results of their last `&expression`."""

_ORDERED = {"group_by", "last_by", "max_by", "min_by", "sort_by", "sort_by_number", "unique_by"}
"""Functions whose result has nothing of the results of their `&expression`."""

_LISTING = {"keys", "split", "values"}
"""Functions that make a list from a string or an object."""

_AROUND = {"group_by", "to_array", "zip"}
"""Functions that put lists or objects around parts of their arguments."""

_MAKING = {"multi_select_list", "multi_select_dict", "function_expression"}
"""Types of nodes that create values; all others only select parts of them."""

_PathKey = tuple[Any, ...]


class TooLarge(Exception):  # noqa: N818  what a value can be, not an error of the program
    """A value can be too large, because of one part of the expression."""

    def __init__(self, flaw: str, node: TreeNode) -> None:
        super().__init__(flaw)
        self.flaw = flaw
        self.node = node


@dataclass(frozen=True, slots=True)
class Growth:
    """A bound on the growth of a value.

    The value contains the input at most `copies` times for each element of `loops` nested iterations, and adds `levels`
    around it. Flattened completely, it has at most `width` elements for each one of the input.
    """

    copies: int
    loops: int = 0
    levels: int = 0
    width: int = 1

    def around(self) -> Growth:
        """The growth of a list or object that contains the value."""
        return replace(self, levels=self.levels + 1)

    def for_each_of(self, outer: Growth) -> Growth:
        """The growth of a list with one such value for each element of another one."""
        return self if self.width >= outer.width else replace(self, width=outer.width)

    def within(self, outer: Growth) -> Growth:
        """The growth of the value repeated in each element of another one."""
        if self.copies == 0:
            return self
        copies, loops = self.copies * max(outer.copies, 1), self.loops + outer.loops + 1
        return Growth(copies, loops, self.levels, self.width * outer.width)

    @property
    def flaw(self) -> str | None:
        """The bound that is exceeded, in words; None if none is."""
        if self.copies > MAX_COPIES:
            return f"can contain its input more than {MAX_COPIES} times"
        if self.width > MAX_COPIES:
            return f"can have more than {MAX_COPIES} elements for each one of what it is made from"
        if self.loops > MAX_LOOPS:
            return f"copies values into each element of more than {MAX_LOOPS} nested iterations"
        return f"has more than {MAX_LEVELS} levels of lists and objects" if self.levels > MAX_LEVELS else None


SCALAR = Growth(0)
"""The growth of a number, boolean or string, whose size is bounded anyway."""

REFUSED = Growth(0, width=0)
"""The growth of a value that has been reported, so that values made from it are not reported again."""

PART = Growth(1)
"""The growth of a part of the input."""


def joined(parts: Iterable[Growth]) -> Growth:
    """The growth of a value that contains all the parts."""
    listed = list(parts)
    return Growth(
        sum(part.copies for part in listed),
        max((part.loops for part in listed), default=0),
        max((part.levels for part in listed), default=0),
        max((part.width for part in listed), default=1),
    )


def either(parts: Iterable[Growth]) -> Growth:
    """The growth of a value that is one of the parts."""
    listed = list(parts)
    return Growth(
        max((part.copies for part in listed), default=0),
        max((part.loops for part in listed), default=0),
        max((part.levels for part in listed), default=0),
        max((part.width for part in listed), default=1),
    )


def of_expression(tree: TreeNode, roots: Mapping[str, Growth]) -> Growth:
    """The growth of an expression's value; roots that are not given are parts of the input. Raises TooLarge."""
    return _ExpressionGrowth(roots).of(tree, None)


def of_expressions(trees: Iterable[TreeNode], roots: Mapping[str, Growth]) -> Growth:
    """The growth of the values of several expressions together. Raises TooLarge."""
    return _ExpressionGrowth(roots).together(trees, None)


class _ExpressionGrowth:
    def __init__(self, roots: Mapping[str, Growth]) -> None:
        self.roots = roots
        self.known: dict[tuple[Any, ...], Growth] = {}
        self.bound: tuple[tuple[str, Growth, int], ...] = ()
        """The variables that are bound, each with the number of iterations around it."""
        self.over: tuple[Growth, ...] = ()
        """The growth of the values that the iterations around a node iterate over."""

    def of(self, node: TreeNode, current: Growth | None) -> Growth:
        """The growth of a node's value; `current` is the growth of the value it is evaluated on, None for the roots.

        Results are cached: nested lists, whose growth is needed twice, would double the work with each level.
        """
        key = id(node), current, self.bound, self.over
        growth = self.known.get(key)
        if growth is None:
            growth = self.known[key] = self.found(node, current)
            if node["type"] in _MAKING and (flaw := growth.flaw) is not None:
                raise TooLarge(flaw, node)
        return growth

    def found(self, node: TreeNode, current: Growth | None) -> Growth:
        below = node["children"]
        match node["type"]:
            case "field":
                return self.roots.get(node["value"], PART) if current is None else current
            case "variable_ref":
                return self.variable(node["value"])
            case "let_expression":
                *bindings, body = below
                found = [(one["value"], self.of(one["children"][0], current), len(self.over)) for one in bindings]
                outer, self.bound = self.bound, (*self.bound, *found)
                growth = self.of(body, current)
                self.bound = outer
                return growth
            case "literal":
                constant = node["value"]
                return PART if current is None or not isinstance(constant, list) else _repeated(constant, current)
            case "subexpression" | "pipe" | "index_expression":
                for child in below:
                    current = self.of(child, current)
                return current or PART
            case "flatten" | "key_val_pair" | "expref":
                return self.of(below[0], current)
            case "projection" | "value_projection":
                base = self.of(below[0], current)
                return self.inside(below[1], base).for_each_of(base)
            case "filter_projection":
                base = self.of(below[0], current)
                self.inside(below[2], base)
                return self.inside(below[1], base).for_each_of(base)
            case "or_expression" | "and_expression":
                return either([self.of(child, current) for child in below])
            case "not_expression" | "comparator":
                for child in below:
                    self.of(child, current)
                return SCALAR
            case "multi_select_dict":
                return self.together(below, current).around()
            case "multi_select_list":
                least = 0 if current is None else current.width
                width = sum(max(self.of(child, current).width, least) for child in below)
                return replace(self.together(below, current).around(), width=width)
            case "function_expression":
                return self.called(node["value"], below, current)
        return current or PART  # `@`, an index, a slice

    def inside(self, node: TreeNode, over: Growth) -> Growth:
        """The growth of a node for each element of a value."""
        outer, self.over = self.over, (*self.over, over)
        growth = self.of(node, over)
        self.over = outer
        return growth

    def variable(self, name: str) -> Growth:
        """The growth of a variable, which is repeated in each iteration around it."""
        bound = next((one for one in reversed(self.bound) if one[0] == name), None)
        growth, around = (self.roots.get(name, PART), 0) if bound is None else bound[1:]
        for over in self.over[around:]:
            growth = growth.within(over)
        return growth

    def called(self, name: str, below: list[TreeNode], current: Growth | None) -> Growth:
        """The growth of the result of a function."""
        arguments = [child for child in below if child["type"] != "expref"]
        if name == "not_null":
            return either([self.of(child, current) for child in arguments])
        if name == "if":
            _, *chosen = [self.of(child, current) for child in arguments]
            return either(chosen)
        values = self.together(arguments, current)
        made = [self.inside(child, values) for child in below if child["type"] == "expref"]
        if set(FUNCTIONS[name].returns.split("|")) <= _SCALARS:
            return SCALAR
        if name in _MADE_ANEW:
            return made[-1].for_each_of(values)
        if name in _LISTING and current is not None:
            constant = arguments[0].get("value") if arguments[0]["type"] == "literal" else None
            return _repeated(constant, current) if isinstance(constant, str | dict) else values
        if made and name not in _ORDERED:
            return joined([values, *made])
        if name == "zip":
            values = replace(values, width=sum(self.of(child, current).width for child in arguments))
        return values.around() if name in _AROUND else values

    def together(self, nodes: Iterable[TreeNode], current: Growth | None) -> Growth:
        """The growth of one value that contains those of all nodes.

        Paths to different places share nothing and count once.
        """
        paths: dict[_PathKey, Growth] = {}
        counts: dict[_PathKey, int] = {}
        parts = []
        for node in nodes:
            growth = self.of(node, current)
            path = _path(node["children"][0] if node["type"] == "key_val_pair" else node)
            if path is None:
                parts.append(growth)
            else:
                paths[path] = growth
                counts[path] = counts.get(path, 0) + 1
        shared = [
            Growth(growth.copies * sum(counts.get(path[:end], 0) for end in range(len(path) + 1)), growth.loops)
            for path, growth in paths.items()
        ]
        return joined([*parts, either([*shared, *paths.values()])])


def _repeated(constant: list[Any] | dict[str, Any] | str, current: Growth) -> Growth:
    """The growth of a list made from a constant, once for each element of a value."""
    return Growth(1, width=current.width * max(len(constant), 1))


def _path(node: TreeNode) -> _PathKey | None:
    """The names of a plain path, such as `a.b`; no names for `@`, None for any other expression."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] in ("current", "identity"):
        return ()
    if node["type"] != "subexpression":
        return None
    steps: _PathKey = ()
    for child in node["children"]:
        path = _path(child)
        if path is None:
            return None
        steps += path
    return steps
