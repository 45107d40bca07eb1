"""Finds the expressions that look through values from outside of an iteration once for each of its elements.

Their work grows with the product of two sizes of a batch, so the elements that they look through are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from typing import Any, NamedTuple

from ..diagnostics.problem import Place
from ..expressions.tree import Expression, TreeNode, free_variables, walk
from ..values.budget import CHARACTERS, UNCOUNTED, scanned_in
from ..values.once import once_for_each
from .fields import Expr
from .repetition import repetition_walk
from .rulebook import Rulebook

__all__ = ["Cost", "scans_in"]

_STEPS = {"subexpression", "index_expression", "pipe", "flatten", "slice"}
_AT_ONCE = {"get", "length", "not_null", "to_array", "type"}
"""Functions whose time does not depend on the size of their arguments."""
_WHOLE = {"contains", "distinct", "flatten", "index_of", "size", "to_string"}
"""Functions that also look at all values inside of the elements of their arguments."""
_WHOLE_KEYS = {"last_by", "unique_by"}
"""Functions that look at all values inside of the keys of elements."""
_CHARACTERS = {
    **dict.fromkeys(("extract", "matches", "replace_matches"), 1),
    **dict.fromkeys(("replace_any", "split", "url_encode"), 10),
}
"""So many characters take these functions as long as others take for an element, instead of 100."""
_TIMES = {"distinct": 4, "extract": 2, "replace_matches": 2, "to_string": 2}
"""So many times as long as others take these functions for an element."""
_STEPS_OF = {"function_expression": 6, "expref": 2, "identity": 0}
"""The steps of the nodes of an expression that do not count as one."""


class Cost(NamedTuple):
    """The cost of looking through a value: see `budget.looked_through`."""

    whole: bool = False
    characters: int = CHARACTERS
    times: int = 1
    few: int = UNCOUNTED

    def is_none_of(self, value: Any) -> bool:
        """Returns whether a value is so small that looking through it costs nothing."""
        return scanned_in(value, self.whole, self.characters) <= self.few


ELEMENT, WHOLE = Cost(), Cost(whole=True)
_KEY = Cost(whole=True, times=_TIMES["distinct"])


@once_for_each
def scans_in(rulebook: Rulebook) -> dict[int, Expression]:
    """These expressions, changed so that they count, by the identity (`id`) of their Expr."""
    found: dict[int, Expression] = {}
    for part, outer, fixed in repetition_walk(rulebook).expressions:
        known, key = _scans_of(part), (part.place, outer, fixed)
        if key not in known:
            tree = _counted(part.expression.tree, outer, fixed, part.place, inside=False, all_=False)
            known[key] = None if tree is part.expression.tree else replace(part.expression, tree=tree)
        if (expression := known[key]) is not None:
            found[id(part)] = expression
    return found


@once_for_each
def _scans_of(_part: Expr) -> dict[tuple[Place, frozenset[str], frozenset[str]], Expression | None]:
    """The counting forms of an expression, by its place and the names from outside and of constants.

    None if it counts as it is. Rulebooks share it, also that of an equal expression in another place.
    """
    return {}


def _counted(node: TreeNode, outer: Set[str], fixed: Set[str], place: Place, *, inside: bool, all_: bool) -> TreeNode:
    """The node, changed so that it counts the values that it looks through; the same node if there are none.

    `fixed` are the names of constants, whose size does not depend on the batch. `inside`: it is evaluated for each
    element of a list, so only variables are from outside. `all_`: it is a step on a value from outside.
    """

    def within(child: TreeNode, *, inner: bool = inside, every: bool = all_) -> TreeNode:
        return _counted(child, outer, fixed, place, inside=inner, all_=every)

    def looked_through(child: TreeNode, cost: Cost = ELEMENT, *, every: bool = all_, inner: bool = inside) -> TreeNode:
        made = within(child, every=every, inner=inner)
        if child["type"] in ("literal", "expref") or not (every or _reads(child, outer, fixed, inside=inner)):
            return made
        span = {"start": child["start"], "end": child["end"]}
        # Elements of elements are looked through often, however few they are.
        cost = cost._replace(few=0) if inner else cost
        return {"type": "looked_through", **span, "value": (place, *cost), "children": [made]}

    kind, below = node["type"], node["children"]
    if kind == "let_expression":
        fixed = fixed - {binding["value"] for binding in below[:-1]}
    if kind == "slice":  # its children are numbers
        return node
    if kind.endswith("projection"):
        base = looked_through(below[0], Cost(times=_times(below[1:])))
        every = all_ or base["type"] == "looked_through"
        made = [base, *(within(child, inner=True, every=every) for child in below[1:])]
    elif kind == "function_expression" and node["value"] not in _AT_ONCE and node["value"] != "if":
        name = node["value"]
        times = _TIMES.get(name, 1) * _times([child for child in below if child["type"] == "expref"])
        cost = Cost(name in _WHOLE, _CHARACTERS.get(name, ELEMENT.characters), times)
        made = [looked_through(child, cost) for child in below]
        every = all_ or any(child["type"] == "looked_through" for child in made)
        for index, child in enumerate(below):
            if child["type"] == "expref":
                key, inner = child["children"][0], {"every": every, "inner": True}
                made_key = looked_through(key, _KEY, **inner) if name in _WHOLE_KEYS else within(key, **inner)
                made[index] = child if made_key is key else {**child, "children": [made_key]}
    elif kind == "comparator" and all(
        child["type"] != "literal" and (all_ or _reads(child, outer, fixed, inside=inside)) for child in below
    ):
        made = [looked_through(child, WHOLE) for child in below]
    elif kind in _STEPS:
        every = all_ or _reads(below[0], outer, fixed, inside=inside)
        made = [within(below[0]), *(within(child, every=every) for child in below[1:])]
    else:
        made = [within(child) if isinstance(child, dict) else child for child in below]
    return node if all(one is other for one, other in zip(made, below, strict=True)) else {**node, "children": made}


def _times(nodes: Iterable[Any]) -> int:
    """The number of times that an element counts for which these nodes are evaluated: once for each two steps."""
    steps = sum(_STEPS_OF.get(one["type"], 1) for node in nodes if isinstance(node, dict) for one in walk(node))
    return max((steps + 1) // 2, 1)


def _reads(node: TreeNode, outer: Set[str], fixed: Set[str], *, inside: bool) -> bool:
    """Returns whether a node reads a value from outside that is no constant."""
    if inside:
        return not fixed >= set(free_variables(node))
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
