"""Values that can become far larger than their input (M232), through several `let`s or iterations.

Growth inside of a single expression is found when the expression is parsed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial

from ..diagnostics.problem import Problem
from ..expressions.growth import PART, REFUSED, SCALAR, Growth, TooLarge, either, joined, of_expression, of_expressions
from ..expressions.tree import Expression
from ..language.names import aimed_outputs
from ..language.rulebook import (
    Const,
    Each,
    Expr,
    Field,
    From,
    Listed,
    ObjectSource,
    RequestLine,
    Rule,
    Rulebook,
    Spread,
    Text,
)
from ..source.text import one_line
from ..values.coercion import TYPES
from ..values.recall import Recall
from .shared.registry import checks_sizes

__all__ = ["check"]

Growths = Mapping[str, Growth]

_SCALAR_TYPES = {name for name, type_ in TYPES.items() if type_.classes.isdisjoint((list, dict))}


@checks_sizes
def check(rulebook: Rulebook, recall: Recall) -> Iterator[Problem]:
    """Reports each value that can become too large, except those made from a reported one."""
    walk = _Walk()
    roots = walk.lets(rulebook.let, {})
    aimed = aimed_outputs(rulebook)
    for output in rulebook.outputs.values():
        lines = () if output.name in aimed else output.request.parts
        walk.object(ObjectSource((*output.fields, *lines)), roots)
    routes: dict[str | None, Growths] = {None: roots}
    for route in rulebook.routes.values():
        routes[route.name] = walk.lets(route.let, {**roots, route.as_name: walk.expression(route.each, roots)})
    for rule in rulebook.rules:
        inner = routes.get(rule.route, roots)
        line = rulebook.outputs[rule.output or ""].request if rule.output in aimed else None
        find = partial(_in_rule, rule, line, inner)
        # Problems are found again: their places may be others.
        walk.problems += find() if recall.of(("growth", rule, line, *inner.items()), find) else ()
    yield from walk.problems


def _in_rule(rule: Rule, line: RequestLine | None, roots: Growths) -> list[Problem]:
    walk = _Walk()
    walk.condition(rule.when, roots)
    inner = walk.lets(rule.let, roots)
    for warn in rule.warn:
        walk.condition(warn.when, inner)
    walk.value(rule.body, inner)
    if line is not None:
        walk.object(ObjectSource(line.parts), inner)
    return walk.problems


@lru_cache(maxsize=2048)
def _kept(expression: Expression, roots: tuple[tuple[str, Growth], ...]) -> Growth:
    return of_expression(expression.tree, dict(roots))


class _Walk:
    """Walks through the rules in the order of evaluation, with the growth of every name in scope."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def lets(self, definitions: tuple[Field, ...], roots: Growths) -> Growths:
        seen = dict(roots)
        for definition in definitions:
            growth = self.field(definition, seen)
            if growth.flaw is not None:
                growth = self.refused(f"the let {definition.name!r}", growth.flaw, definition)
            seen[definition.name or ""] = growth
        return seen

    def refused(self, what: str, flaw: str, field: Field) -> Growth:
        place = (field.name_node or field.node).place
        self.problems.append(Problem.of("M232", place, what=what, reason=flaw))
        return REFUSED

    def expression(self, expr: Expr, roots: Growths) -> Growth:
        try:
            return _kept(expr.expression, tuple((use.name, roots.get(use.name, PART)) for use in expr.expression.roots))
        except TooLarge as error:
            start, end = error.node["start"], error.node["end"]
            text = one_line(expr.text[start:end])
            self.problems.append(Problem.of("M232", expr.span(start, end), what=repr(text), reason=error.flaw))
            return REFUSED

    def condition(self, when: Expr | None, roots: Growths) -> None:
        if when is not None:
            self.expression(when, roots)

    def field(self, field: Field, roots: Growths) -> Growth:
        self.condition(field.when, roots)
        growth = self.source(field, roots)
        return SCALAR if field.type in _SCALAR_TYPES else growth

    def source(self, field: Field, roots: Growths) -> Growth:
        match field.source:
            case From(alternatives):
                return either(
                    [
                        self.expression(part, roots) if isinstance(part, Expr) else self.field(part, roots)
                        for part in alternatives
                    ]
                )
            case Const():
                return PART
            case Text():
                return SCALAR
            case ObjectSource():
                return self.object(field.source, roots)
            case Listed(items):
                growth = joined([self.field(item, roots) for item in items]).around()
                return growth if growth.flaw is None else self.refused("the list", growth.flaw, field)
        return self.each(field, field.source, roots)

    def each(self, field: Field, source: Each, roots: Growths) -> Growth:
        over = self.expression(source.each, roots)
        inner = self.inside(roots, over, source.as_name)
        if source.index_name is not None:
            inner = {**inner, source.index_name: SCALAR}
        growth = self.value(source.value, self.lets(source.let, inner)).around()
        if growth.flaw is not None:
            return self.refused("the list", growth.flaw, field)
        return growth

    def inside(self, roots: Growths, over: Growth, as_name: str) -> Growths:
        """The growth of each name inside of an iteration, over all its elements: each may copy the outer values."""
        return {**{name: growth.within(over) for name, growth in roots.items()}, as_name: over}

    def value(self, value: ObjectSource | Field, roots: Growths) -> Growth:
        return self.object(value, roots) if isinstance(value, ObjectSource) else self.field(value, roots)

    def object(self, source: ObjectSource, roots: Growths) -> Growth:
        parts, paths = [], []
        for field in source.fields:
            growth = self.field(field, roots)
            if growth.copies and isinstance(field.source, From) and len(field.source.alternatives) == 1:
                paths += [part for part in field.source.alternatives if isinstance(part, Expr)]
            else:
                parts.append(growth)
        parts.append(of_expressions([path.expression.tree for path in paths], roots))
        parts += [self.spread(spread, roots) for spread in source.spreads]
        return joined(parts).around()

    def spread(self, spread: Spread, roots: Growths) -> Growth:
        over = self.expression(spread.from_, roots)
        inner = self.lets(spread.let, {**self.inside(roots, over, spread.as_name), spread.key_name: SCALAR})
        made = [over]
        for rule in spread.entries:
            self.condition(rule.when, inner)
            own = self.lets(rule.let, inner)
            if rule.name is not None:
                self.field(rule.name, own)
            if rule.value is not None:
                made.append(self.field(rule.value, own))
        return either(made)
