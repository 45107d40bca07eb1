"""The text of one batch, and how it is parsed."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..diagnostics.problem import Problem
from ..source import json_reader

__all__ = ["BOM", "WIDE_TEXT", "Record", "is_json", "is_wide"]


BOM = b"\xef\xbb\xbf"


_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")


WIDE_TEXT = "it is UTF-16 or UTF-32 text; only UTF-8 is read"


class Record(NamedTuple):
    """The text of one batch of an input, not parsed yet. A named tuple: many millions of them are made.

    `line` is the line on which it begins, counted from 1, and 0 where that is not known; `number` counts the records
    where they are no lines, and is 0 where they are. `problem` says why there is no text that could be parsed.
    """

    source: str
    line: int
    text: bytes
    problem: Problem | None = None
    number: int = 0

    @property
    def where(self) -> str:
        """Its place in words: the line, and which record it is where one line may hold several."""
        line = f":{self.line}" if self.line else ""
        return f"{self.source}{line}" + (f" (record {self.number})" if self.number > 1 else "")

    def parse(self) -> tuple[Any, Problem | None]:
        """The batch (any JSON value), or the Problem that stands in its place."""
        if self.problem is not None:
            return None, self.problem
        batch, problem = json_reader.read(self.text)
        if problem is not None and problem.code == "M501":
            problem = Problem.of("M501", input="", reason=self._flaw(problem.data["reason"]))
        return batch, problem

    def _flaw(self, reason: str) -> str:
        """Why the text is not JSON; `reason` is what its reader says."""
        if is_wide(self.text):
            return WIDE_TEXT
        comma = ", which stands between the elements of a list alone"
        if self.text.startswith(b","):
            return f"it begins with a comma (character 1){comma}"
        if self.text.endswith(b",") and is_json(self.text[:-1]):
            return f"it ends with a comma (character {len(self.text.decode())}){comma}"
        return reason


def is_wide(start: bytes) -> bool:
    """Whether characters have more than one byte each: in UTF-8, neither of these can begin a JSON text."""
    return start.startswith(_WIDE_BOMS) or b"\0" in start[:2]


def is_json(text: bytes) -> bool:
    """Whether the text is JSON."""
    _, problem = json_reader.read(text)
    return problem is None or problem.code != "M501"
