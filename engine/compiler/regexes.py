"""Patterns of JSON Schemas as conditions on a text."""

from __future__ import annotations

from ..languages import is_empty
from ..regular import Characters, Edge, Part, PatternError, Ranges, Sequence, read
from ..searching import is_linear, python_text
from .code import Pool

__all__ = ["fits_all", "search_code"]


def search_code(pattern: str, text: str, pool: Pool) -> str | None:
    """Code for "the pattern is found in the text", which the variable `text` holds.

    None where it is not understood, or could take longer than in proportion to the text.
    """
    try:
        part = read(pattern)
    except PatternError:
        return None
    parts = part.parts if isinstance(part, Sequence) else (part,)
    if not parts:
        return "True"
    literal = _literal(parts)
    if literal is not None:
        return f"({literal!r} in {text})"
    start = _literal(parts[1:]) if parts[0] == Edge(True) else None
    if start is not None:
        return f"({text}[:{len(start)}] == {start!r})"
    if not is_linear(part):
        return None
    found = f"{pool.name('SEARCH', f'pattern({python_text(part)!r})')}({text}) is not None"
    # Most texts begin with a character that such a class of a few others takes: two comparisons find that out.
    return f"('!' <= {text} < '\\x7f' or {found})" if _takes_printable(parts) else f"({found})"


def _literal(parts: tuple[Part, ...]) -> str | None:
    """The text that parts stand for, where that is one."""
    codes = [part.ranges[0][0] for part in parts if isinstance(part, Characters) and _is_one(part.ranges)]
    return "".join(map(chr, codes)) if parts and len(codes) == len(parts) else None


def _is_one(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def fits_all(language: str, pattern: str) -> bool | None:
    """Whether a pattern is found in all texts of a language, or in none; None where it depends or is not known."""
    if is_empty(frozenset({language}), frozenset({pattern})):
        return True
    return False if is_empty(frozenset({language, pattern}), frozenset()) else None


def _takes_printable(parts: tuple[Part, ...]) -> bool:
    """Whether it is one class of characters, among them all that ASCII prints but the blank."""
    (part, *more) = parts
    return (
        not more
        and isinstance(part, Characters)
        and any(low <= ord("!") and ord("~") <= high for low, high in part.ranges)
    )
