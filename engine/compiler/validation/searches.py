"""Searches for patterns as Python code, for patterns that need no regular expression."""

from __future__ import annotations

from ...patterns.parser import Anchor, CharacterSet, Concatenation, PatternError, PatternNode, read
from ...patterns.python import is_one
from ...patterns.searching import is_linear, python_text
from ..python.pool import Pool

__all__ = ["search_code"]


def search_code(pattern: str, text: str, pool: Pool) -> str | None:
    """Code for "the pattern is found in the string", which the variable `text` holds.

    None if the pattern is not supported here, or if the search could take more than linear time.
    """
    try:
        part = read(pattern)
    except PatternError:
        return None
    parts = part.parts if isinstance(part, Concatenation) else (part,)
    if not parts:
        return "True"
    literal = _literal(parts)
    if literal is not None:
        return f"({literal!r} in {text})"
    start = _literal(parts[1:]) if parts[0] == Anchor(True) else None
    if start is not None:
        return f"({text}[:{len(start)}] == {start!r})"
    if not is_linear(part):
        return None
    found = f"{pool.name('SEARCH', f'pattern({python_text(part)!r})')}({text}) is not None"
    # Most texts begin with a character that such a class of a few others takes: two comparisons find that out.
    return f"('!' <= {text} < '\\x7f' or {found})" if _takes_printable(parts) else f"({found})"


def _literal(parts: tuple[PatternNode, ...]) -> str | None:
    """The literal that the nodes match, if they match one string only; else None."""
    codes = [part.ranges[0][0] for part in parts if isinstance(part, CharacterSet) and is_one(part.ranges)]
    return "".join(map(chr, codes)) if parts and len(codes) == len(parts) else None


def _takes_printable(parts: tuple[PatternNode, ...]) -> bool:
    """Returns whether it is one set of characters that contains all printable ASCII but the blank."""
    (part, *more) = parts
    return (
        not more
        and isinstance(part, CharacterSet)
        and any(low <= ord("!") and ord("~") <= high for low, high in part.ranges)
    )
