"""The change that turns an expression of a rule into a let."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..expressions.parser import parse
from ..expressions.syntax_errors import ExpressionError
from ..expressions.tree import walk
from ..golden.rewrite import edits, inline
from ..language.decoder import ROOT
from ..source.nodes import MappingNode, SequenceNode, plain
from ..source.text import Source
from ..templates.names import TAKEN
from .analysis import Analysis
from .cursor import Cursor, cursor_at
from .data import Action, Edit, Position, Span
from .scopes import GivenNodes
from .trials import Trials, edit_of_rewrite, with_line_ends

__all__ = ["extraction"]

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_STEPS = ("from", "value", "fields", "each", "template", "spread", "entries", "list", "default", "warn")
_BEFORE_LET = (
    *("rule", "abstract", "enabled", "extends", "description", "reference", "deprecated", "route", "output", "when"),
)


def extraction(trials: Trials, path: Path, source: Source, analysis: Analysis, span: Span) -> Iterator[Action]:
    """The change by which the expression at a position, or the selected part of it, becomes a let of its rule."""
    state, cursor = trials.state, cursor_at(trials.state, path, span.start)
    if cursor is None or cursor.kind != "expression" or cursor.node is None or cursor.keys[:1] != ("rules",):
        return
    number, inner = cursor.keys[1], cursor.keys[2:]
    tree = state.present(path)
    rules = tree.get("rules") if tree is not None else None
    rule = rules.items[number] if isinstance(rules, SequenceNode) and isinstance(number, int) else None
    if not isinstance(rule, MappingNode) or inner[:1] in (("when",), ("let",)) or source.text[rule.start] == "{":
        return
    context = analysis.scopes.at(tree, ("rules", number, "fields"))
    names = {name for one in context.type.objects for name in one.properties}
    chosen = _chosen(cursor, span, names - _given_inside(rule, inner))
    if chosen is None or cursor.text[slice(*chosen)] in names:
        return
    steps = (str(step) for step in reversed(inner) if isinstance(step, str) and step not in _STEPS)
    name = _free_name(next(steps, "value"), names)
    place = _let_place(source, rule, name, cursor.text[slice(*chosen)])
    if place is not None:
        changes = (place, Edit(path, cursor.span_of(*chosen), name))
        if trials.holds(changes):
            yield Action(f"Extract into the let {name!r}", "refactor", changes)


def _chosen(cursor: Cursor, span: Span, names: set[str]) -> tuple[int, int] | None:
    """The selected part of the expression, or all of it; None if it reads names other than these."""
    try:
        expression = parse(cursor.text)
        start, end = 0, len(cursor.text)
        if span.start != span.end:
            parts = ((one["start"], one["end"]) for one in walk(expression.tree) if "start" in one)
            start, end = next(one for one in parts if cursor.span_of(*one) == span)
        part = parse(cursor.text[start:end])
    except (ExpressionError, StopIteration):
        return None
    # A name that is a root here is not a member of the element that a filter tests.
    roots = {(use.name, use.start) for use in expression.roots}
    is_here = all(use.name in names and (use.name, use.start + start) in roots for use in part.roots)
    return (start, end) if is_here and part.roots and not expression.has_variables else None


def _given_inside(rule: MappingNode, keys: tuple[str | int, ...]) -> set[str]:
    """The names of elements, entries and lets that are defined between a rule and a place in it."""
    found: set[str] = set()
    place = GivenNodes(rule)
    for step in keys:
        place = place.below(step)
        if isinstance(place.own, MappingNode):
            given = [place.text(key) for key in ("as", "key", "index")]
            found |= {"name", "value"} if place.own.get("entries") is not None else set()
            found |= {name for name in given if name is not None}
            found |= {key.text for key, _ in place.below("let").entries()}
    return found


def _free_name(wanted: str, taken: set[str]) -> str:
    name = _NOT_IN_NAMES.sub("_", wanted.casefold()).strip("_")
    name = name if ROOT.fullmatch(name) and name not in TAKEN else "value"
    number, made = 2, name
    while made in taken:
        number, made = number + 1, f"{name}_{number}"
    return made


def _let_place(source: Source, rule: MappingNode, name: str, text: str) -> Edit | None:
    """The edit that adds a let to a rule in block style."""
    let = rule.get("let")
    assert source.path is not None  # noqa: S101  it is a file's
    if isinstance(let, MappingNode) and let.entries:
        value = {**plain(let), name: text}
        key = rule.key("let")
        changes = [] if key is None else edits(key, let, value, (rule,))
        return edit_of_rewrite(source.path, source, changes[0]) if len(changes) == 1 else None
    if let is not None:
        return None
    key = next((one for one, _ in rule.entries if one.text not in _BEFORE_LET), None)
    if key is None:
        return None
    indent = " " * (key.place.column - 1)
    here = Position(key.place.line, key.place.column)
    added = f"let:\n{indent}  {name}: {inline(text)}\n{indent}"
    return Edit(source.path, Span(here, here), with_line_ends(added, source))
