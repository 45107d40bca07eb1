"""Finds the rules that read each place of the input, by its pattern."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..expressions.tree import TreeNode, children
from ..language.keys import attributes_of
from ..language.rulebook import Each, Expr, Route, Rule, Rulebook, Spread, Text
from ..values.recall import Recall
from .patterns import PROJECTIONS, add_pattern, elements_of, pattern_of, patterns_in
from .samples import ELEMENT, Pattern

__all__ = ["readers_of"]

Patterns = Mapping[str, Pattern]


def readers_of(rulebook: Rulebook, recall: Recall) -> Mapping[Pattern, tuple[str, ...]]:
    """The names of the rules that read a place of the input as a whole, by the pattern of the place."""
    top: dict[str, Pattern] = {rulebook.input.as_name: ()}
    for field in rulebook.let:
        add_pattern(top, field.name or "", field)
    routes = {name: _Reads().inside(route, top) for name, route in rulebook.routes.items()}
    found: dict[Pattern, list[str]] = {}
    for rule in rulebook.rules:
        roots = top if rule.route is None else routes.get(rule.route, top)
        for pattern in recall.of(("reads", rule, *roots.items()), partial(_read_by, rule, roots)):
            found.setdefault(pattern, []).append(rule.name)
    return {pattern: tuple(names) for pattern, names in found.items()}


def _read_by(rule: Rule, roots: Patterns) -> frozenset[Pattern]:
    reads = _Reads()
    reads.part(rule, roots)
    return frozenset(reads.found)


class _Reads:
    """The patterns that expressions read, as they are found."""

    def __init__(self) -> None:
        self.found: set[Pattern] = set()

    def part(self, part: Any, roots: Patterns) -> None:
        """Takes a part of the rules; the names that it gives are seen by what follows them."""
        if isinstance(part, tuple):
            for one in part:
                self.part(one, roots)
        elif isinstance(part, Expr):
            self.whole(part.expression.tree, roots, None)
        elif isinstance(part, Text):
            self.found.update(filter(None, patterns_in(part, roots)))
        elif isinstance(part, Each | Spread):
            self.inner(part, self.inside(part, roots))
        else:
            self.inner(part, dict(roots))

    def inside(self, part: Route | Each | Spread, roots: Patterns) -> dict[str, Pattern]:
        """The patterns of the names that are seen inside of an iteration, without those of its lets."""
        source = part.from_ if isinstance(part, Spread) else part.each
        self.part(source, roots)
        inner = {name: pattern for name, pattern in roots.items() if name != part.as_name}
        found = elements_of(source.expression.tree, roots)
        if found is not None and not isinstance(part, Spread) and part.key_name is None:
            inner[part.as_name] = found
        if isinstance(part, Route):
            self.lets(part, inner)
        return inner

    def inner(self, part: Any, roots: dict[str, Pattern]) -> None:
        for attribute, _ in attributes_of(type(part)):
            value = getattr(part, attribute)
            if attribute == "let":
                self.lets(part, roots)
            elif value is not None and not (isinstance(part, Each | Spread) and attribute in ("each", "from_")):
                self.part(value, roots)

    def lets(self, part: Any, roots: dict[str, Pattern]) -> None:
        for field in part.let:
            self.part(field, roots)
            add_pattern(roots, field.name or "", field)

    def whole(self, node: TreeNode, roots: Patterns, current: Pattern | None) -> None:
        """Takes an expression whose value is used as a whole."""
        found = pattern_of(node, roots, current)
        if found and node["type"] not in ("or_expression", "flatten"):
            self.found.add(found)
        self.below(node, roots, current)

    def below(self, node: TreeNode, roots: Patterns, current: Pattern | None) -> None:
        """Takes the parts of an expression that are not only steps on the way to its value."""
        kind, parts = node["type"], children(node)
        if kind in ("subexpression", "index_expression", "pipe"):
            for child in parts:
                self.below(child, roots, current)
                current = pattern_of(child, roots, current)
        elif kind in PROJECTIONS:
            base = pattern_of(parts[0], roots, current)
            element = None if base is None else (*base, ELEMENT)
            self.below(parts[0], roots, current)
            self.below(parts[1], roots, element)
            for test in parts[2:]:
                self.whole(test, roots, element)
        elif kind == "function_expression":
            listed = next((child for child in parts if child["type"] != "expref"), None)
            base = None if listed is None else pattern_of(listed, roots, current)
            for child in parts:
                is_inner = child["type"] == "expref"
                inner = (None if base is None else (*base, ELEMENT)) if is_inner else current
                self.whole(child["children"][0] if is_inner else child, {} if is_inner else roots, inner)
        else:
            for child in parts:
                self.whole(child, roots, current)
