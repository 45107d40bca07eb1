"""Uses of roots in expressions and templates."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["RootUse"]


class RootUse(NamedTuple):
    """A use of a root: its name, and the offsets of the name in the text."""

    name: str
    start: int
    end: int
