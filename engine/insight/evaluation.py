"""Evaluates one expression or template on a batch, with the values of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..diagnostics.problem import Problem, Problems
from ..diagnostics.suggestions import did_you_mean, known_here
from ..expressions.tree import EvaluationError, parts_of, walk
from ..interpreter.interpreter import Interpreter
from ..interpreter.scope import Scope
from ..language.decoder import read_expression, read_text
from ..language.rulebook import Expr, Rulebook, Text
from ..runtime.notes import Rejected
from ..source.nodes import ScalarNode
from ..source.text import Source
from ..templates.template import TemplateFailure
from ..values.payload import check_payload
from ..values.pointers import index_of

__all__ = ["Evaluated", "EvaluationPlaceError", "SampleEvaluation", "scope_of"]

_CONSTANT = ("literal", "expref")


class EvaluationPlaceError(ValueError):
    """The place to evaluate at does not exist; the message says why."""


@dataclass(frozen=True)
class Evaluated:
    """A value, the parts of the expression with their values from left to right, and problems if it has none."""

    value: Any
    parts: tuple[tuple[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()


def scope_of(rulebook: Rulebook, batch: Any, at: str | None) -> Scope:
    """The names in scope for a batch, or at a place such as `events:0`: an element of a route, counted from 0.

    A route can be named by the name of its elements too. Raises EvaluationPlaceError.
    """
    if flaw := check_payload(batch):
        raise EvaluationPlaceError(f"the input cannot be mapped: {flaw}")
    interpreter = Interpreter(rulebook)
    name, _, number = (at or "").partition(":")
    if at is None:
        found = interpreter.scope_at(batch)
        if found is None:
            raise EvaluationPlaceError("the input is no object that can be mapped")
        return found[0]
    routes = {route.as_name: route.name for route in rulebook.routes.values()} | {one: one for one in rulebook.routes}
    if name not in routes:
        hint = did_you_mean(name, routes) or known_here(sorted(rulebook.routes))
        raise EvaluationPlaceError(f"there is no route {name!r}; {hint}")
    index = index_of(number or "0")
    if index is None:
        raise EvaluationPlaceError(f"{number!r} is no number of an element")
    try:
        found = interpreter.scope_at(batch, routes[name], index)
    except Rejected:
        found = None
    if found is None:
        raise EvaluationPlaceError(f"the route {routes[name]!r} has no element {index} in this input")
    return found[0]


class SampleEvaluation:
    """Evaluates texts in one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def names(self) -> list[tuple[str, Any]]:
        """The names in scope with their values; lets that reject are left out."""
        return [(name, self._value(name)) for name in self.scope.values]

    def evaluate(self, text: str) -> Evaluated:
        """The value of an expression, or of a template if there are `{{` or `{%` in it."""
        source = Source("the text", text)
        node = ScalarNode(source, 0, len(text), text, text, "")
        problems = Problems()
        is_template = "{{" in text or "{%" in text
        part = read_text(node, problems) if is_template else read_expression(node, problems)
        if part is None:
            return Evaluated(None, (), tuple(problems))
        roots = part.template.roots if isinstance(part, Text) else part.expression.roots
        for use in roots:
            if use.name not in self.scope.values:
                known = list(self.scope.values)
                hint = did_you_mean(use.name, known) or known_here(sorted(known))
                problems.append(Problem.of("M204", node.span(use.start, use.end), hint=hint, name=use.name))
        if problems:
            return Evaluated(None, (), tuple(problems))
        try:
            return self._template(part) if isinstance(part, Text) else self._expression(part)
        except Rejected:
            return Evaluated(None, (), (Problem.of("M504", node.place, reason="a let in it rejects the element"),))

    def _expression(self, expr: Expr) -> Evaluated:
        spans = {(start, end): value for start, end, value in parts_of(expr.expression, self.scope.values)}
        constants = {(node["start"], node["end"]) for node in walk(expr.expression.tree) if node["type"] in _CONSTANT}
        whole = expr.expression.tree["start"], expr.expression.tree["end"]
        parts = tuple(
            (expr.text[slice(*span)], value)
            for span, value in sorted(spans.items())
            if span != whole and span not in constants
        )
        try:
            return Evaluated(expr.expression.search(self.scope.values), parts)
        except EvaluationError as error:
            return Evaluated(None, parts, (Problem.of("M504", expr.place, reason=error.reason),))

    def _template(self, text: Text) -> Evaluated:
        values = {use.name: self.scope.values.get(use.name) for use in text.template.roots}
        try:
            return Evaluated(text.template.render(values), tuple(values.items()))
        except TemplateFailure as error:
            return Evaluated(None, tuple(values.items()), (Problem.of("M514", text.place, reason=error.reason),))

    def _value(self, name: str) -> Any:
        try:
            return self.scope.values.get(name)
        except Rejected:
            return None
