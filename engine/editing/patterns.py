"""Places of the input that expressions read, as patterns: names, with `*` for the elements of lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..expressions.tree import TreeNode, children
from ..language.rulebook import Expr, Field, From, Text
from .samples import ELEMENT, Pattern

__all__ = ["PROJECTIONS", "TEMPLATE_STEP", "add_pattern", "elements_of", "pattern_of", "pattern_where", "patterns_in"]

PROJECTIONS = ("projection", "filter_projection", "value_projection")
TEMPLATE_STEP = re.compile(r"""\.(\w+)|\[\s*(?:(\d+)|"([^"]*)"|'([^']*)')\s*\]""")
_CHAINS = ("subexpression", "index_expression", "pipe")


def pattern_of(node: TreeNode, roots: Mapping[str, Pattern], current: Pattern | None = None) -> Pattern | None:
    """The pattern of the value of an expression; None if it is not a part of the input.

    The expression is evaluated on the value of the pattern `current`, or without one on roots, whose patterns are
    given.
    """
    kind, below = node["type"], children(node)
    if kind == "field" and current is not None:
        return (*current, node["value"])
    if kind in ("field", "variable_ref"):
        return roots.get(node["value"])
    if kind in _CHAINS:
        for child in below:
            current = pattern_of(child, roots, current)
            if current is None:
                return None
        return current
    if kind in PROJECTIONS:
        base = pattern_of(below[0], roots, current)
        return None if base is None else pattern_of(below[1], roots, (*base, ELEMENT))
    if kind in ("flatten", "or_expression"):
        return pattern_of(below[0], roots, current)
    if kind == "index":
        return None if current is None else (*current, ELEMENT)
    return current if kind in ("identity", "current", "slice") else None


def elements_of(node: TreeNode, roots: Mapping[str, Pattern]) -> Pattern | None:
    """The pattern of the elements of a list that an expression gives; that of a projection is theirs already."""
    found = pattern_of(node, roots)
    return found if found is None or node["type"] in PROJECTIONS else (*found, ELEMENT)


def patterns_in(text: Text, roots: Mapping[str, Pattern]) -> Iterator[Pattern]:
    """The patterns of the values that a template reads."""
    for use in text.template.roots:
        found, at = roots.get(use.name), use.end
        while found is not None and (step := TEMPLATE_STEP.match(text.template.text, at)) is not None:
            found, at = (*found, ELEMENT if step[2] else step[step.lastindex or 0]), step.end()
        if found is not None:
            yield found


def add_pattern(patterns: dict[str, Pattern], name: str, field: Field | None) -> None:
    """Adds the pattern of a let, if its value is a part of the input."""
    source = None if field is None else field.source
    expr = source.alternatives[0] if isinstance(source, From) else None
    found = pattern_of(expr.expression.tree, patterns) if isinstance(expr, Expr) else None
    patterns.pop(name, None)
    if found is not None:
        patterns[name] = found


def pattern_where(
    node: TreeNode, target: TreeNode, roots: Mapping[str, Pattern], current: Pattern | None = None
) -> Pattern | None:
    """The pattern of the value that a node inside of an expression is evaluated on; None if it is not known."""
    if node is target:
        return current
    kind, below = node["type"], children(node)
    if kind in _CHAINS:
        for child in below:
            if _contains(child, target):
                return pattern_where(child, target, roots, current)
            current = pattern_of(child, roots, current)
            if current is None:
                return None
        return None
    inside = next((child for child in below if _contains(child, target)), None)
    if inside is None:
        return None
    if kind in PROJECTIONS and inside is not below[0]:
        base = pattern_of(below[0], roots, current)
        return None if base is None else pattern_where(inside, target, roots, (*base, ELEMENT))
    if inside["type"] == "expref":
        elements = next((child for child in below if child["type"] != "expref"), None)
        base = None if elements is None else pattern_of(elements, roots, current)
        return None if base is None else pattern_where(inside["children"][0], target, roots, (*base, ELEMENT))
    return pattern_where(inside, target, roots, current)


def _contains(node: TreeNode, target: TreeNode) -> bool:
    return node is target or any(_contains(child, target) for child in children(node))
