"""Relations between patterns that generated code relies on."""

from __future__ import annotations

from .emptiness import is_empty
from .parser import Ranges

__all__ = ["fits_all", "is_one"]


def is_one(ranges: Ranges) -> bool:
    """Returns whether the ranges contain exactly one character."""
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def fits_all(language: str, pattern: str) -> bool | None:
    """Returns True if a pattern is found in all strings in which the pattern `language` is found, False if in none, and
    None if in some or if that is not known."""
    if is_empty(frozenset({language}), frozenset({pattern})):
        return True
    return False if is_empty(frozenset({language, pattern}), frozenset()) else None
