"""The text of a rule file, and its lines."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from ..diagnostics.problem import Place, Problem
from ..values.once import cached_property
from . import contents
from .contents import content

__all__ = ["BOM", "LINE_END", "MAX_FILE_BYTES", "Source", "decoded", "one_line", "read"]


MAX_FILE_BYTES = 1_000_000
"""The maximum size of a file in bytes of UTF-8."""


BOM = "\ufeff"


LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, eq=False)
class Source:
    """The text of a file. `name` is its name in messages; `path` is None for a text that comes from no file.

    `is_left` is set once nodes have moved from it to another version of the file.
    """

    name: str
    text: str
    path: Path | None = None
    is_left: bool = field(default=False, init=False)

    def leave(self) -> None:
        """Records that nodes have moved to another version of the text, so that `is_left` is true."""
        object.__setattr__(self, "is_left", True)

    def place(self, start: int, end: int) -> Place:
        """The place of the characters `start` to `end` (exclusive) of the text."""
        return Place(self.name, *self._position(start), *self._position(max(start, end)))

    def offsets(self, place: Place) -> tuple[int, int]:
        """The offsets of a place, which may be that of a node with another version of this text."""
        return tuple(  # type: ignore[return-value]  # of two
            self.line_start(line) + column - 1
            for line, column in ((place.line, place.column), (place.end_line, place.end_column))
        )

    def line_text(self, line: int) -> str:
        """A line, counted from 1, without its line end."""
        start = self._line_starts[line - 1]
        end = LINE_END.search(self.text, start)
        return self.text[start : end.start() if end else None]

    def lines(self) -> Iterator[tuple[int, str]]:
        """The lines, each with its offset in the text."""
        for start, end in pairwise([*self._line_starts, len(self.text)]):
            yield start, self.text[start:end].rstrip("\r\n")

    @cached_property
    def _line_starts(self) -> list[int]:
        """The offsets of the lines, split as editors do; a byte order mark is on no line."""
        return [len(self.text) - len(self.text.lstrip(BOM)), *(m.end() for m in LINE_END.finditer(self.text))]

    def line_start(self, line: int) -> int:
        """The offset of a line, counted from 1."""
        return self._line_starts[line - 1]

    def _position(self, offset: int) -> tuple[int, int]:
        starts = self._line_starts
        line = max(bisect_right(starts, offset), 1)
        return line, max(offset - starts[line - 1], 0) + 1


def one_line(text: str) -> str:
    """A text on one line, with single blanks between its words."""
    return " ".join(text.split())


def read(path: Path, name: str) -> tuple[Source | None, tuple[Problem, ...]]:
    """Reads a file; returns its text, or the problem (M001, M002, M003) if it cannot be read."""
    top = Source(name, "", path).place(0, 0)
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):  # opening a pipe may block forever
        return None, (Problem.of("M001", top, reason="it is not a file"),)
    try:
        raw = content(path, MAX_FILE_BYTES + 1)
        size = contents.size(path)
    except OSError as error:
        return None, (Problem.of("M001", top, reason=error.strerror or str(error)),)
    except ValueError as error:  # a path that no system can have, such as one with a null character
        return None, (Problem.of("M001", top, reason=str(error)),)
    return decoded(raw, name, path, size)


def decoded(
    raw: bytes, name: str, path: Path | None = None, size: int = 0
) -> tuple[Source | None, tuple[Problem, ...]]:
    """The text of a file with this content, or the problem (M002, M003) for which it has none."""
    if len(raw) > MAX_FILE_BYTES:
        top = Source(name, "", path).place(0, 0)
        return None, (Problem.of("M003", top, size=max(size, len(raw)), limit=MAX_FILE_BYTES),)
    try:
        return Source(name, raw.decode("utf-8"), path), ()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        place = Source(name, before, path).place(len(before), len(before))
        reason = f"{error.reason} 0x{raw[error.start]:02x}"
        return None, (Problem.of("M002", place, hint="save the file as UTF-8", reason=reason),)
