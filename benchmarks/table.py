"""Tables of figures, as Markdown that is also readable on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Table", "times"]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts with a header; the first column is text, the others are figures."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        """The table with its columns aligned."""
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        return "\n".join(self._line(row, widths) for row in (self.head, rule, *self.rows))

    @staticmethod
    def _line(row: Sequence[str], widths: Sequence[int]) -> str:
        first = row[0].ljust(widths[0])
        others = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        return f"| {' | '.join((first, *others))} |"


def times(ratio: float) -> str:
    """A ratio with its significant digits."""
    return (
        f"{ratio:.0f}"
        if ratio >= 20
        else f"{ratio:.1f}"
        if ratio >= 5
        else f"{ratio:.2f}"
        if ratio >= 0.1
        else f"{ratio:.3f}"
    )
