"""Counts the records of an input that are not batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..diagnostics.problem import Problem
from ..runtime.batch import Record
from ..values.kinds import kind, with_article

__all__ = ["Unreadable"]


@dataclass
class Unreadable:
    """The number of records that are not batches, and where the first one is, with the reason."""

    count: int = 0
    first: str = ""

    def batch_of(self, record: Record) -> dict[str, Any] | None:
        """The batch of a record; None if it has none, which is counted."""
        batch, problem = record.parse()
        if problem is None:
            if isinstance(batch, dict):
                return batch
            problem = Problem.of("M502", input="", found=with_article(kind(batch)))
        self.merge(Unreadable(1, f"{record.where}: {problem.message}"))
        return None

    def merge(self, other: Unreadable) -> None:
        """Adds the records that follow."""
        self.count += other.count
        self.first = self.first or other.first

    def text(self) -> str:
        """The number, the first one and its reason in a line; nothing if all are batches."""
        if not self.count:
            return ""
        return f"{self.count} record{'' if self.count == 1 else 's'} cannot be read; first in {self.first}"
