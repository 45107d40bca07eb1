"""Counters of the decisions of rules, which instrumented code increments on the way."""

from __future__ import annotations

from typing import Any

from ...language.rulebook import Table

__all__ = ["Counters"]

_SIZES = ("none", "one", "many")


class Counters:
    """Numbers the outcomes of decisions, by the part of the rules that decides, as an interpreter reports them."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[int, str], int] = {}
        self._written: dict[int, Any] = {}
        self._changed: list[Any] = []

    def stands_for(self, changed: Any, part: Any) -> None:
        """Counts the decisions of a changed copy of a part as those of the part."""
        self._written[id(changed)] = self._written.get(id(part), part)
        self._changed.append(changed)  # so that no other object gets its identity

    def number(self, part: Any, outcome: str) -> int:
        part = self._written.get(id(part), part)
        return self.numbers.setdefault((id(part), outcome), len(self.numbers))

    def sizes(self, part: Any) -> int:
        """The first of three numbers: of an iteration over nothing, over one element, and over several."""
        first, _, _ = (self.number(part, outcome) for outcome in _SIZES)
        return first

    def entries(self, table: Table) -> dict[str, int]:
        """The number of each entry of a table."""
        return {key: self.number(table, f"entry {key}") for key in table.entries}
