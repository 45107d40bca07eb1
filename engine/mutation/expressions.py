"""Small changes of expressions: mistakes that someone could make, each of which gives a valid expression."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ..expressions.parser import parse
from ..expressions.syntax_errors import ExpressionError
from ..expressions.tree import Expression, TreeNode, children, walk
from ..functions.table import FUNCTIONS
from ..values.kinds import shown

__all__ = ["ExpressionChange", "changes_of"]

_OPERATORS = {
    "eq": ("==", "!="),
    "ne": ("!=", "=="),
    "lt": ("<", "<="),
    "lte": ("<=", "<"),
    "gt": (">", ">="),
    "gte": (">=", ">"),
}
_WORDS = {"or_expression": "||", "and_expression": "&&"}
_LOOSE = ("let_expression", "pipe", "or_expression", "and_expression", "comparator", "not_expression")
"""Types of nodes whose text may need parentheses when it replaces another node, the loosest first."""


@dataclass(frozen=True, slots=True)
class ExpressionChange:
    """A change of the characters `start` to `end`: the mutation operator, the words for it, and the new expression."""

    operator: str
    words: str
    start: int
    end: int
    expression: Expression


def changes_of(expression: Expression) -> Iterator[ExpressionChange]:
    """All changes of an expression, from left to right."""
    found = sorted(_changes(expression.text, expression.tree), key=lambda one: (one[2], one[3]))
    seen = {expression.text}
    for operator, words, start, end, new in found:
        text = f"{expression.text[:start]}{new}{expression.text[end:]}"
        try:
            made = parse(text)
        except ExpressionError:
            continue
        if text not in seen:
            seen.add(text)
            yield ExpressionChange(operator, words, start, end, made)


_Found = Iterator[tuple[str, str, int, int, str]]


def _changes(text: str, tree: TreeNode) -> _Found:
    inner = {id(child) for node in walk(tree) for child in _same_below(node)}
    for node in walk(tree):
        start, end, below = node["start"], node["end"], children(node)
        match node["type"]:
            case "comparator":
                old, new = _OPERATORS[node["value"]]
                between = text[below[0]["end"] : below[1]["start"]]
                at = below[0]["end"] + between.index(old)
                yield "comparison", f"{old} becomes {new}", at, at + len(old), new
            case "or_expression" | "and_expression" if id(node) not in inner:
                yield from _operands(text, node)
            case "not_expression":
                yield "negation", f"not {_shown(text, below[0])!r} becomes itself", start, end, _text(text, below[0])
            case "literal":
                yield from _literals(text, node)
            case "subexpression" if below[-1]["type"] == "field":
                at = below[-2]["end"]
                yield "path step", f"the step {text[at:end]!r} is dropped", at, end, ""
            case "index" if node["value"] is not None:
                yield (
                    "index",
                    f"the index {node['value']} becomes {node['value'] + 1}",
                    start,
                    end,
                    f"[{node['value'] + 1}]",
                )
            case "filter_projection":
                left, _, condition = below
                at = text.index("]", condition["end"]) + 1
                what = _shown(text, condition)
                yield "filter", f"the filter {what!r} is dropped", left["end"], at, "[*]"
            case "function_expression":
                yield from _calls(text, node)
            case "multi_select_list" | "multi_select_dict" if len(below) > 1:
                opening, closing = text[start], text[end - 1]
                for number, child in enumerate(below):
                    rest = [text[one["start"] : one["end"]] for one in below if one is not child]
                    what = f"the element {number + 1}, {_shown(text, child)!r}, is dropped"
                    yield "element", what, start, end, f"{opening}{', '.join(rest)}{closing}"


def _same_below(node: TreeNode) -> list[TreeNode]:
    """The operands of `||` and `&&` that are chains of the same operator."""
    return [child for child in children(node) if child["type"] == node["type"]] if node["type"] in _WORDS else []


def _chain(node: TreeNode, kind: str) -> Iterator[TreeNode]:
    if node["type"] != kind:
        yield node
        return
    for child in children(node):
        yield from _chain(child, kind)


def _operands(text: str, node: TreeNode) -> _Found:
    operands = list(_chain(node, node["type"]))
    word = _WORDS[node["type"]]
    for number, operand in enumerate(operands):
        looser = _LOOSE[: _LOOSE.index(node["type"])]
        rest = f" {word} ".join(_text(text, one, looser) for place, one in enumerate(operands) if place != number)
        what = f"the operand {_shown(text, operand)!r} of {word} is dropped"
        yield "operand", what, node["start"], node["end"], rest


def _literals(text: str, node: TreeNode) -> _Found:
    value, start, end = node["value"], node["start"], node["end"]
    if isinstance(value, bool):
        new = "`false`" if value else "`true`"
    elif isinstance(value, int | float):
        new = f"`{value + 1}`"
    elif isinstance(value, str) and text[start] == "'":
        new = f"{text[start : end - 2]}'" if len(value) > 1 else f"{text[start : end - 1]}~'"
    else:
        return
    yield "literal", f"{text[start:end]} becomes {new}", start, end, new


def _calls(text: str, node: TreeNode) -> _Found:
    """The replacement of a call by its first argument, if the function returns values of the same kind."""
    function, (first, *_) = FUNCTIONS[node["value"]], (*children(node), None)
    if first is None or first["type"] == "expref":
        return
    kinds = {kind.partition("-")[0] for kind in function.parameters[0].types} - {"null"}
    returned = {kind.partition("[")[0] for kind in function.returns.split("|")}
    if kinds & returned or (not kinds and node["value"].startswith("to_")):
        what = f"{node['value']}() becomes its first argument"
        yield "call", what, node["start"], node["end"], _text(text, first)


def _text(text: str, node: TreeNode, looser: Collection[str] = _LOOSE) -> str:
    found = text[node["start"] : node["end"]]
    return f"({found})" if node["type"] in looser else found


def _shown(text: str, node: TreeNode) -> str:
    return shown(text[node["start"] : node["end"]], 60)[1:-1]
