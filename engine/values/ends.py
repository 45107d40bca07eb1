"""Finds what two texts, or lists of lines, have in common at both ends."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["common_ends"]


def common_ends(before: Sequence[object], after: Sequence[object]) -> tuple[int, int]:
    """The number of equal elements at the start of both, and that of equal elements at the end of what is left."""
    shorter = min(len(before), len(after))
    start = end = 0
    while start < shorter and before[start] == after[start]:
        start += 1
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return start, end
