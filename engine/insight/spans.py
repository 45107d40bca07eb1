"""Expressions in an explanation: their text on one line, and the values of their parts."""

from __future__ import annotations

from typing import Any

from ..expressions.tree import children, parts_of, walk
from ..interpreter.scope import Scope
from ..language.rulebook import Expr

__all__ = ["look_up", "values_by_span"]

Span = tuple[int, int]


def values_by_span(expr: Expr, scope: Scope) -> dict[Span, Any]:
    """The values of the parts of an expression that were evaluated, by their spans."""
    return {(start, end): value for start, end, value in parts_of(expr.expression, scope.values)}


def look_up(expr: Expr, start: int, end: int) -> tuple[Span, str] | None:
    """The span of the object and the name, if a part of an expression is the look-up of a constant name."""
    for node in walk(expr.expression.tree):
        if (node["start"], node["end"]) == (start, end) and node["type"] == "function_expression":
            arguments = children(node)
            if node["value"] in ("get", "get_ignore_case") and arguments[1]["type"] == "literal":
                return (arguments[0]["start"], arguments[0]["end"]), str(arguments[1]["value"])
    return None
