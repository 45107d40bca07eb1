"""Uses of roots in expressions and templates."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RootUse"]


@dataclass(frozen=True, slots=True)
class RootUse:
    """A place in a text where a root is read: its name, and the offsets of the name."""

    name: str
    start: int
    end: int
