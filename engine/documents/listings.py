"""The tables of a documentation, in which all that differs from the base is marked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ..diagnostics.problem import Place

__all__ = ["Cell", "Listing", "Mark", "TableRow"]

Mark = Literal["", "new", "changed", "removed"]


class Cell(NamedTuple):
    """A cell of a table: a text, a piece of code, or the name of a rule, which has a section."""

    text: str
    form: Literal["text", "code", "rule"] = "text"


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table; rows of two documents with the same `key` are compared."""

    key: str
    cells: tuple[Cell, ...]
    place: Place | None = None
    mark: Mark = ""

    def removed(self) -> TableRow:
        """The same row marked as removed, without links."""
        cells = tuple(cell._replace(form="code") if cell.form == "rule" else cell for cell in self.cells)
        return replace(self, cells=cells, place=None, mark="removed")


@dataclass(frozen=True, slots=True)
class Listing:
    """A table with its title; a `note` stands above it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    note: str = ""

    @property
    def used(self) -> list[int]:
        """The columns in which some row has a text."""
        return [number for number in range(len(self.columns)) if any(row.cells[number].text for row in self.rows)]

    def against(self, base: Listing | None) -> Listing:
        """The same listing with marks for differences from the base, whose removed rows come last."""
        old = {} if base is None else {row.key: row for row in base.rows}
        rows = [
            replace(row, mark="new" if row.key not in old else "changed" if old[row.key].cells != row.cells else "")
            for row in self.rows
        ]
        own = {row.key for row in self.rows}
        rows += [row.removed() for key, row in old.items() if key not in own]
        return replace(self, rows=tuple(rows))
