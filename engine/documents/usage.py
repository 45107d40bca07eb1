"""The functions that a mapping uses."""

from __future__ import annotations

from ..expressions.tree import walk
from ..language.names import Use, definitions_and_uses
from ..language.rulebook import Expr, Rulebook

__all__ = ["functions_of"]


def functions_of(rulebook: Rulebook) -> set[str]:
    """The names of the functions in the expressions of a mapping."""
    return {
        node["value"]
        for item in definitions_and_uses(rulebook)
        if isinstance(item, Use) and isinstance(item.text, Expr)
        for node in walk(item.text.expression.tree)
        if node["type"] == "function_expression"
    }
