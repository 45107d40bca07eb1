"""Finds the expressions that look through values from outside of an iteration once for each of its elements.

Their work grows with the product of two sizes of a batch, so the elements that they look through are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from ..diagnostics.problem import Place
from ..expressions.tree import Expression, TreeNode, free_variables
from ..values.once import once_for_each
from .repetition import repetition_walk
from .rulebook import Rulebook

__all__ = ["scans_in"]

_STEPS = {"subexpression", "index_expression", "pipe", "flatten", "slice"}
_AT_ONCE = {"get", "length", "not_null", "to_array", "type"}
"""Functions whose time does not depend on the size of their arguments."""
_WHOLE = {"contains", "distinct", "flatten", "index_of", "size", "to_string"}
"""Functions that also look at all values inside of the elements of their arguments."""
_CHARACTERS = {
    **dict.fromkeys(("extract", "matches", "replace_matches"), 1),
    **dict.fromkeys(("replace_any", "split", "url_encode"), 10),
}
"""So many characters take these functions as long as others take for an element, instead of 100."""


@once_for_each
def scans_in(rulebook: Rulebook) -> dict[int, Expression]:
    """These expressions, changed so that they count, by the identity (`id`) of their Expr."""
    found: dict[int, Expression] = {}
    for part, outer in repetition_walk(rulebook).expressions:
        tree = _counted(part.expression.tree, outer, part.place, inside=False, all_=False)
        if tree is not part.expression.tree:
            found[id(part)] = replace(part.expression, tree=tree)
    return found


def _counted(node: TreeNode, outer: Set[str], place: Place, *, inside: bool, all_: bool) -> TreeNode:
    """The node, changed so that it counts the values that it looks through; the same node if there are none.

    `inside`: it is evaluated for each element of a list, so only variables are from outside. `all_`: it is a step on a
    value from outside.
    """

    def within(child: TreeNode, *, inner: bool = inside, every: bool = all_) -> TreeNode:
        return _counted(child, outer, place, inside=inner, all_=every)

    def looked_through(child: TreeNode, *, whole: bool = False, by: tuple[int, ...] = ()) -> TreeNode:
        made = within(child)
        if child["type"] in ("literal", "expref") or not (all_ or _reads(child, outer, inside=inside)):
            return made
        span = {"start": child["start"], "end": child["end"]}
        return {"type": "looked_through", **span, "value": (place, whole, *by), "children": [made]}

    kind, below = node["type"], node["children"]
    if kind == "slice":  # its children are numbers
        return node
    if kind.endswith("projection"):
        base = looked_through(below[0])
        every = all_ or base["type"] == "looked_through"
        made = [base, *(within(child, inner=True, every=every) for child in below[1:])]
    elif kind == "function_expression" and node["value"] not in _AT_ONCE and node["value"] != "if":
        by = (_CHARACTERS[node["value"]],) if node["value"] in _CHARACTERS else ()
        made = [looked_through(child, whole=node["value"] in _WHOLE, by=by) for child in below]
        every = all_ or any(child["type"] == "looked_through" for child in made)
        made = [
            within(child, inner=True, every=every) if child["type"] == "expref" else found
            for child, found in zip(below, made, strict=True)
        ]
    elif kind == "comparator" and all(_reads(child, outer, inside=inside) for child in below):
        made = [looked_through(child, whole=True) for child in below]
    elif kind in _STEPS:
        every = all_ or _reads(below[0], outer, inside=inside)
        made = [within(below[0]), *(within(child, every=every) for child in below[1:])]
    else:
        made = [within(child) if isinstance(child, dict) else child for child in below]
    return node if all(one is other for one, other in zip(made, below, strict=True)) else {**node, "children": made}


def _reads(node: TreeNode, outer: Set[str], *, inside: bool) -> bool:
    """Returns whether a node reads a value from outside."""
    if inside:
        return bool(free_variables(node))
    return not outer.isdisjoint(_roots(node))


def _roots(node: TreeNode) -> Iterator[str]:
    """The names of the roots that a node at the top of an expression reads."""
    kind, below = node["type"], node["children"]
    if kind in ("field", "variable_ref"):
        yield node["value"]
    elif kind in _STEPS or kind.endswith("projection"):
        if below and isinstance(below[0], dict):
            yield from _roots(below[0])
        yield from free_variables(*(child for child in below[1:] if isinstance(child, dict)))
    elif kind == "expref":
        yield from free_variables(node)
    else:
        for child in below:
            if isinstance(child, dict):
                yield from _roots(child)
