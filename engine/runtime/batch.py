"""Records: the text of one batch each, and its parsing."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..diagnostics.problem import Problem
from ..source import json_reader

__all__ = ["BOM", "RS", "WIDE_TEXT", "Record", "is_json", "is_wide"]


BOM = b"\xef\xbb\xbf"


RS = b"\x1e"
"""The separator before each record of a JSON text sequence (RFC 7464)."""


_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")


WIDE_TEXT = "it is UTF-16 or UTF-32 text; only UTF-8 is read"


class Record(NamedTuple):
    """The text of one batch of an input, not parsed yet. A named tuple, since many millions are created.

    `line` is the line on which it begins, counted from 1, or 0 if unknown; `number` counts records that are not lines,
    else it is 0. `problem` says why there is no text to parse.
    """

    source: str
    line: int
    text: bytes
    problem: Problem | None = None
    number: int = 0

    @property
    def where(self) -> str:
        """The place in words: the line, and the number of the record if a line may contain several."""
        line = f":{self.line}" if self.line else ""
        return f"{self.source}{line}" + (f" (record {self.number})" if self.number > 1 else "")

    def parse(self) -> tuple[Any, Problem | None]:
        """Parses the batch; returns it (any JSON value), or the Problem if it cannot be parsed."""
        if self.problem is not None:
            return None, self.problem
        batch, problem = json_reader.read(self.text)
        if problem is not None and problem.code == "M501":
            problem = Problem.of("M501", input="", reason=self._flaw(problem.data["reason"]))
        return batch, problem

    def _flaw(self, reason: str) -> str:
        """The reason why the text is not JSON; `reason` is the message of its parser."""
        if is_wide(self.text):
            return WIDE_TEXT
        if not self.text.strip():
            return "it is empty"
        comma = ", which is allowed between the elements of a list only"
        if self.text.startswith(b","):
            return f"it begins with a comma (character 1){comma}"
        if self.text.endswith(b",") and is_json(self.text[:-1]):
            return f"it ends with a comma (character {len(self.text.decode())}){comma}"
        pieces = [piece for piece in self.text.split(RS) if piece.strip()]
        if self.text.startswith(RS) or (RS in self.text and all(map(is_json, pieces))):
            at = len(self.text[: self.text.index(RS)].decode()) + 1
            separator = f"a record separator (U+001E, character {at})"
            return f"it has {separator}, which is read in files and streams that begin with one"
        return reason


def is_wide(start: bytes) -> bool:
    """Returns whether a text is in UTF-16 or UTF-32, by its first bytes: JSON in UTF-8 never starts with them."""
    return start.startswith(_WIDE_BOMS) or (b"\0" in start[:2] and start[:4].strip(b"\0") != b"")


def is_json(text: bytes) -> bool:
    """Returns whether a text is JSON."""
    _, problem = json_reader.read(text)
    return problem is None or problem.code != "M501"
