"""Uses of roots in expressions and templates."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RootUse"]


@dataclass(frozen=True, slots=True)
class RootUse:
    """A use of a root: its name, and the offsets of the name in the text."""

    name: str
    start: int
    end: int
