"""Calls that are written like methods, as other languages have them, and how a call is written here.

`event.kind.starts_with('pl')` calls the function without the value before the dot, so an argument is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from ..functions.registry import Parameter
from ..functions.table import FUNCTIONS, name_meant
from .syntax_errors import WHITESPACE
from .tree import TreeNode

__all__ = ["Method", "methods_in"]

_PROJECTIONS = frozenset({"projection", "value_projection", "filter_projection", "pipe"})
"""Nodes whose second child is evaluated on each element of the first, or on its value."""
_NEGATIONS = "!" + WHITESPACE
_BRACKETED = frozenset({"index_expression", "flatten", "projection", "value_projection", "filter_projection"})


class Method(NamedTuple):
    """A call written like a method: its node, where its text starts, and the value before the dot.

    `subject` is the last node of that value, or None for the elements of a projection and the value before a pipe,
    which have no text of their own.
    """

    call: TreeNode
    start: int
    written: str
    subject: TreeNode | None

    def right_form(self, text: str) -> str | None:
        """The call with the value before the dot as one of its arguments; None if no function takes all of them."""
        name = name_meant(self.call["value"])
        if name is None:
            return None
        parameters = FUNCTIONS[name].parameters
        arguments = [(text[one["start"] : one["end"]], one) for one in self.call["children"]]
        if len(arguments) + 1 != len(parameters):
            return None
        for place in range(len(parameters)):
            together = [*arguments[:place], (self.written, self.subject), *arguments[place:]]
            if all(_may_take(parameter, node) for parameter, (_, node) in zip(parameters, together, strict=True)):
                return f"{name}({', '.join(written for written, _ in together)})"
        return None


def methods_in(text: str, node: TreeNode) -> Iterator[Method]:
    """The calls among the children of a node that come after a dot, a projection or a pipe."""
    children = node["children"]
    if node["type"] in _PROJECTIONS:
        call = _first_step(children[1])
        if call["type"] == "function_expression":
            yield Method(call, call["start"], "@", None)
    elif node["type"] == "subexpression":
        start = node["start"]
        while text[start] in _NEGATIONS:  # `!` is meant for the call, although it binds more tightly than the dot
            start += 1
        for before, after in pairwise(children):
            call = _first_step(after)
            if call["type"] == "function_expression":
                written = text[start : call["start"]].rstrip(WHITESPACE).removesuffix(".").rstrip(WHITESPACE)
                yield Method(call, start, written, before)


def _first_step(node: TreeNode) -> TreeNode:
    """The node at which the evaluation of a node starts, below all brackets behind it."""
    while node["type"] in _BRACKETED:
        node = node["children"][0]
    return node


def _may_take(parameter: Parameter, node: TreeNode | None) -> bool:
    """Returns whether a parameter may take the value of a node, as far as the node shows its kind."""
    is_expression = node is not None and node["type"] == "expref"
    if is_expression != ("expref" in parameter.types):
        return False
    if node is None or node["type"] != "literal":
        return True
    value: Any = node["value"]
    return parameter.takes(value)
