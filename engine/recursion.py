"""For what schemas that refer to themselves make of values as deep as may be: more levels than Python grants."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

__all__ = ["deeply"]

_MORE = 10
_Answer = TypeVar("_Answer")


def deeply(answer: Callable[[], _Answer]) -> _Answer:
    """What a function answers, which may go ten times as deep as usual. Raises RecursionError where it goes deeper."""
    try:
        return answer()
    except RecursionError:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit * _MORE)
        try:
            return answer()
        finally:
            sys.setrecursionlimit(limit)
