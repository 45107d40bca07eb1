"""Patterns that are still found in a string after it is joined to others."""

from __future__ import annotations

from collections.abc import Iterable

from .builders import beginning_with, ending_with
from .parser import (
    Alternation,
    Anchor,
    CharacterSet,
    Concatenation,
    Group,
    Lookaround,
    PatternError,
    PatternNode,
    Repetition,
    read,
)

__all__ = ["joined_patterns"]

_MOST_VALUES = 20


def joined_patterns(
    first: Iterable[str], first_values: frozenset[str] | None, last: Iterable[str], last_values: frozenset[str] | None
) -> frozenset[str]:
    """The patterns found in each string that begins with one string and ends with another one.

    `first` are patterns found in the one, and `first_values` all strings that it can be, if they are known.
    """
    kept = {pattern for pattern in first if not _depends(pattern, start=False)}
    kept |= {pattern for pattern in last if not _depends(pattern, start=True)}
    if first_values is not None and len(first_values) <= _MOST_VALUES and "" not in first_values:
        kept.add(beginning_with(first_values))
    if last_values is not None and len(last_values) <= _MOST_VALUES and "" not in last_values:
        kept.add(ending_with(last_values))
    return frozenset(kept)


def _depends(pattern: str, *, start: bool) -> bool:
    """Returns whether what comes before the string (or with `start` false, after it) can matter to the pattern."""
    try:
        return _mentions(read(pattern), start)
    except PatternError:
        return True


def _mentions(node: PatternNode, start: bool) -> bool:
    match node:
        case CharacterSet():
            return False
        case Anchor():
            return node.start is start
        case Lookaround():
            return node.ahead is not start or _mentions(node.part, start)
        case Concatenation() | Alternation():
            return any(_mentions(part, start) for part in node.parts)
        case Repetition() | Group():
            return _mentions(node.part, start)
