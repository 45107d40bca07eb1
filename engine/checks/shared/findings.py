"""Functions that the checks of types share: grouping of facts about one place, and the text around a part of an
expression."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from ...diagnostics.problem import Place, Related
from ...expressions.tree import TreeNode, children, walk
from ...inference.facts import EvaluatedPart, Flow
from ...language.names import Use, definitions_and_uses
from ...language.rulebook import Expr, Rulebook
from ...source.nodes import Node, ScalarNode
from ...source.text import one_line

__all__ = [
    "at",
    "before",
    "given_names",
    "in_every_use",
    "in_schema",
    "is_outer_name",
    "part_key",
    "path_to",
    "span_of",
    "text_of",
    "up_to",
]

_T = TypeVar("_T")
_STEPS = {"subexpression", "index_expression", "pipe", "projection", "value_projection", "filter_projection"}


def in_every_use(facts: Iterable[_T], key: Callable[[_T], Hashable], wrong: Callable[[_T], bool]) -> list[_T]:
    """The first fact about each place whose facts are all wrong.

    A part that several rules share has a fact for each of them, and may be right for some.
    """
    looked_at = [(fact, wrong(fact)) for fact in facts]
    if not any(is_wrong for _, is_wrong in looked_at):
        return []
    found: dict[Hashable, _T | None] = {}
    for fact, is_wrong in looked_at:
        place = key(fact)
        if not is_wrong:
            found[place] = None
        else:
            found.setdefault(place, fact)
    return [fact for fact in found.values() if fact is not None]


def at(node: Node) -> Hashable:
    """A key that is equal for everything read from one place in the files."""
    return id(node.source), node.start, node.end


def part_key(part: EvaluatedPart, node: TreeNode | None = None) -> Hashable:
    """A key that is equal for all uses of a part of an expression; with `node`, of that part of the same expression."""
    node = part.seen.node if node is None else node
    return at(part.expr.node), node["start"], node["end"], node["type"]


def in_schema(flow: Flow, schema: str, says: str, part: Any, *steps: str | int) -> tuple[Related, ...]:
    """The place to which steps lead from a part of a schema, if it is known, as a related place with a text."""
    place = flow.locator.place(flow.rulebook.schemas[schema], part, *steps)
    return () if place is None else (Related(place, says),)


def span_of(expr: Expr, node: TreeNode) -> Place:
    """The place of a part of an expression."""
    return expr.span(node["start"], node["end"])


def text_of(expr: Expr, node: TreeNode) -> str:
    """A part of an expression as it is written, on one line."""
    return one_line(expr.text[node["start"] : node["end"]])


def path_to(expr: Expr, node: TreeNode) -> tuple[str, str]:
    """The path that ends with a step (`event.data.x`), and in words the value that the step reads (`'event.data'`)."""
    path, name = _path_of(expr, node), text_of(expr, node)
    base = path.text(expr, node["start"])
    return (f"{base}.{name}", repr(base)) if base else (name, path.element or "what it is read from")


def up_to(expr: Expr, node: TreeNode) -> tuple[str, Place]:
    """The path that ends with a part (`order.lines` for the list of a projection), and its place."""
    path = _path_of(expr, node)
    return path.text(expr, node["end"]), expr.span(path.start, node["end"])


def before(expr: Expr, node: TreeNode) -> tuple[str, Place]:
    """The path in front of a step, and its place."""
    path = _path_of(expr, node)
    end = max(path.start, len(expr.text[: node["start"]].rstrip(" .|\n\t")))
    return path.text(expr, end), expr.span(path.start, end)


@dataclass(slots=True)
class _SpannedPath:
    """The path that leads to a part: the offset where it begins, and the spans of the paths that it continues.

    The part `b` in `event.{x: a.b}` is at the end of `a.b`, which continues `event`. `element` describes the elements
    that are iterated over if the path is inside of a filter or after an `&`.
    """

    start: int
    outer: list[tuple[int, int]]
    element: str | None = None

    def text(self, expr: Expr, end: int) -> str:
        spans = (*reversed(self.outer), (self.start, end))
        return ".".join(filter(None, (one_line(expr.text[first:last]).rstrip(" .|[") for first, last in spans)))


def _path_of(expr: Expr, node: TreeNode) -> _SpannedPath:
    parents = {id(child): parent for parent in walk(expr.expression.tree) for child in children(parent)}
    path, start, end, is_path = _SpannedPath(node["start"], []), node["start"], node["start"], True
    while path.element is None and (parent := parents.get(id(node))) is not None:
        kind = parent["type"]
        if kind == "filter_projection" and parent["children"][2] is node:
            path.element = f"an element of {up_to(expr, parent['children'][0])[0]!r}"
        elif kind == "expref":
            path.element = _gone_over(expr, parents[id(parent)])
        elif is_path and kind in _STEPS:
            start = parent["start"]
            if not path.outer:
                path.start = start
            else:
                path.outer[-1] = start, end
        elif is_path and kind in ("multi_select_list", "multi_select_dict"):
            start = end = parent["start"]
            path.outer.append((start, end))
        elif kind != "key_val_pair":
            is_path = False
        node = parent
    return path


def _gone_over(expr: Expr, call: TreeNode) -> str:
    lists = [child for child in children(call) if child["type"] != "expref"]
    return f"an element of {text_of(expr, lists[0])!r}"


@lru_cache(maxsize=1)
def given_names(rulebook: Rulebook) -> dict[object, frozenset[str]]:
    """The names in scope that the rules define, by the place of the expression."""
    found: dict[object, frozenset[str]] = {}
    by_scope: dict[int, frozenset[str]] = {}
    for use in definitions_and_uses(rulebook):
        if isinstance(use, Use) and isinstance(use.text, Expr):
            given = by_scope.get(id(use.roots))
            if given is None:
                given = by_scope[id(use.roots)] = frozenset(
                    name
                    for name, definition in use.roots.items()
                    if isinstance(definition.name_node, ScalarNode) or definition.kind in ("the input", "the settings")
                )
            key = at(use.text.node)
            found[key] = found.get(key, given) & given
    return found


def is_outer_name(part: EvaluatedPart, names: dict[object, frozenset[str]]) -> bool:
    """Returns whether a node is the name of a root at the beginning of a path that is evaluated on an element."""
    node = part.seen.node
    if node["type"] != "field" or node["value"] not in names.get(at(part.expr.node), ()):
        return False
    is_root = any(root.start == node["start"] for root in part.expr.expression.roots)
    return not is_root and not part.expr.text[: node["start"]].rstrip().endswith(".")
