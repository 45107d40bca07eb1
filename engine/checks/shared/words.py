"""Values that were written like names: without the quotes or backticks that JMESPath needs around them."""

from __future__ import annotations

from ...diagnostics.suggestions import Suggestion

__all__ = ["literal_meant"]

_WORDS = frozenset({"true", "false", "null"})
_ELSEWHERE = {"True": "true", "False": "false", "None": "null", "undefined": "null"}  # in other languages


def literal_meant(written: str, *, operand: bool = False) -> str | None:
    """A hint how to write the value that a name in an expression most likely stands for; None without such a value.

    `written` is the name as it is in the expression; a bare word may be a string if it is the `operand` of a comparison
    or a function.
    """
    word = _ELSEWHERE.get(written, written) if operand else written
    if word in _WORDS:
        return Suggestion.of(f"numbers, booleans and null are in backticks: `{word}`", written, f"`{word}`")
    if written.startswith('"') or operand:
        value = written.strip('"').replace("'", "\\'")
        return Suggestion.of(f"strings are in single quotes: '{value}'", written, f"'{value}'")
    return None
