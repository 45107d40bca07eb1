"""Accepted changes between versions: lines of a file, each with the id of a change and a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .changes import Change

__all__ = ["Accepted", "IgnoreError", "IgnoreLine", "read_ignores", "without_ignored"]


class IgnoreError(ValueError):
    """A line cannot be read; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class IgnoreLine:
    """The id of an accepted change, the reason, and the number of the line."""

    id: str
    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A change that a line accepts."""

    change: Change
    reason: str


def read_ignores(text: str) -> tuple[IgnoreLine, ...]:
    """The lines of a file: `ID # REASON`, blank, or a comment. Raises IgnoreError."""
    found: dict[str, IgnoreLine] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        id_, hash_, reason = (part.strip() for part in line.partition(" # "))
        if not hash_ or not reason:
            raise IgnoreError(f"line {number} gives no reason: write {id_} # REASON")
        if id_ in found:
            raise IgnoreError(f"line {number} has the id of line {found[id_].line}")
        found[id_] = IgnoreLine(id_, reason, number)
    return tuple(found.values())


def without_ignored(
    changes: Iterable[Change], ignores: Iterable[IgnoreLine]
) -> tuple[tuple[Change, ...], tuple[Accepted, ...], tuple[IgnoreLine, ...]]:
    """The changes that no line accepts, those that one does, and the lines that accept none."""
    lines = {line.id: line for line in ignores}
    kept, accepted = [], []
    for change in changes:
        if (line := lines.get(change.id)) is None:
            kept.append(change)
        else:
            accepted.append(Accepted(change, line.reason))
    used = {one.change.id for one in accepted}
    return tuple(kept), tuple(accepted), tuple(line for line in lines.values() if line.id not in used)
