"""Reads batches from files, one after the other, whatever they come in: one JSON document, a list, one batch a line.

Memory holds a unit of work at a time. What cannot be read is a Problem in the place of its record; the rest goes on.
The texts are cut here and parsed where they are transformed, which may be another process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

import orjson

from .compression import CHUNK, decompressed
from .problem import Problem

__all__ = ["MAX_RECORD_BYTES", "Lines", "Record", "Unit", "read_units"]

MAX_RECORD_BYTES = 10_000_000
# Texts and runs of brackets are one match each, so that a flood of either is read quickly.
_REST_OF_TEXT = rb'[^"\\]*+(?:\\.[^"\\]*+)*+("?)'
_TEXT = re.compile(_REST_OF_TEXT, re.DOTALL)
_INSIDE = re.compile(rb'"' + _REST_OF_TEXT + rb"|[\[{]+|[\]}]+", re.DOTALL)
_BETWEEN = re.compile(_INSIDE.pattern + rb"|,", re.DOTALL)
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
_WIDE = "it is UTF-16 or UTF-32 text; only UTF-8 is read"


class Record(NamedTuple):
    """The text of one batch of an input, not parsed yet. A named tuple: many millions of them are made.

    `line` counts from 1 where a line is a record, else it is the number of the record. `problem` says why there is no
    text that could be parsed.
    """

    source: str
    line: int
    text: bytes
    problem: Problem | None = None

    def parse(self) -> tuple[Any, Problem | None]:
        """The batch (any JSON value), or the Problem that stands in its place."""
        if self.problem is not None:
            return None, self.problem
        try:
            return orjson.loads(self.text.removeprefix(_BOM)), None
        except orjson.JSONDecodeError as error:
            return None, Problem.of("M501", input="", reason=self._flaw(error))

    def _flaw(self, error: orjson.JSONDecodeError) -> str:
        """Why the text is not JSON."""
        if _is_wide(self.text):
            return _WIDE
        try:
            self.text.decode()
        except UnicodeDecodeError as encoding:
            return f"it is not UTF-8 text (byte {encoding.start + 1})"
        return f"{error.msg} (character {error.pos + 1})"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that follow each other, with `first` as the number of the first one: each that is not blank is a record.

    None stands for a line that is too large to be kept.
    """

    source: str
    first: int
    lines: list[bytes | None]

    def __iter__(self) -> Iterator[Record]:
        for number, line in enumerate(self.lines, self.first):
            text = None if line is None else line.strip(_BLANK)
            if text != b"":
                yield _record(self.source, number, text)


Unit = Iterable[Record]
"""What is worked on at once, and handed to another process for that."""


def read_units(stream: BinaryIO, source: str, size: int, *, lines: bool = False) -> Iterator[Unit]:
    """The records of a stream of JSON, plain or compressed with gzip or Zstandard, in units of about `size` bytes.

    A stream with nothing in it has none. `source` names it in messages; `lines` says that each line is a record (it is
    found out otherwise).
    """
    flaws: list[str] = []
    chunks = decompressed(stream, flaws)
    start = b""
    while len(start) < CHUNK and (more := next(chunks, b"")):
        start += more
    if _is_wide(start):
        yield [Record(source, 1, b"", Problem.of("M501", input="", reason=_WIDE))]
        return
    start = start.removeprefix(_BOM)
    chunks = chain((start,), chunks)
    if lines or _is_lines(start.lstrip(_BLANK)):
        yield from _lines(chunks, source, size)
    else:
        yield from _together(_documents(chunks, source), size)
    for reason in flaws:
        yield [Record(source, 0, b"", Problem.of("M501", input="", reason=reason))]


def _is_wide(start: bytes) -> bool:
    """Whether characters have more than one byte each: in UTF-8, neither of these can begin a JSON text."""
    return start.startswith(_WIDE_BOMS) or b"\0" in start[:2]


def _is_lines(start: bytes) -> bool:
    """Whether the first line is a whole batch and another one follows it."""
    first, _, rest = start.partition(b"\n")
    if not first.startswith(b"{") or not rest.strip(_BLANK):
        return False
    try:
        orjson.loads(first)
    except orjson.JSONDecodeError:
        # A broken first line of many: its neighbours are whole.
        second, newline, _ = rest.partition(b"\n")
        try:
            return bool(newline) and isinstance(orjson.loads(second), dict)
        except orjson.JSONDecodeError:
            return False
    return True


def _record(source: str, line: int, text: bytes | None) -> Record:
    """The record of a text; None is one that is too large to be kept."""
    if text is None or len(text) > MAX_RECORD_BYTES:
        reason = f"it has more than {MAX_RECORD_BYTES} bytes"
        return Record(source, line, b"", Problem.of("M503", input="", reason=reason))
    return Record(source, line, text)


def _lines(chunks: Iterator[bytes], source: str, size: int) -> Iterator[Lines]:
    first, lines, kept = 1, list[bytes | None](), 0
    rest, too_large = b"", False
    for chunk in chunks:
        start, *others = chunk.split(b"\n")
        rest += start
        if others:
            lines.append(None if too_large else rest)
            rest, too_large = others.pop(), False
            lines += others
        if too_large or len(rest) > MAX_RECORD_BYTES:
            rest, too_large = b"", True
        kept += len(chunk)
        if kept >= size and lines:
            yield Lines(source, first, lines)
            first, lines, kept = first + len(lines), [], 0
    if rest or too_large:
        lines.append(None if too_large else rest)
    if lines:
        yield Lines(source, first, lines)


def _together(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    unit: list[Record] = []
    kept = 0
    for record in records:
        unit.append(record)
        kept += len(record.text) + 1
        if kept >= size:
            yield unit
            unit, kept = [], 0
    if unit:
        yield unit


def _documents(chunks: Iterator[bytes], source: str) -> Iterator[Record]:
    """The top-level values, and of a top-level list its elements."""
    splitter = _Splitter()
    number = 0
    for text in splitter.values(chunks):
        number += 1
        yield _record(source, number, text)
    if splitter.in_list:
        yield Record(source, number + 1, b"", Problem.of("M501", input="", reason="the list is not closed"))


class _Splitter:
    """Cuts a stream into the texts of its values by brackets and quotes alone; whether each is JSON is not its task."""

    def __init__(self) -> None:
        self.in_list = False
        self._kept: list[bytes] = []
        self._size = 0
        self._depth = 0
        self._in_text = False
        self._escaped = False

    def values(self, chunks: Iterator[bytes]) -> Iterator[bytes | None]:
        """The text of each value; None for one that is too large to be kept."""
        for chunk in chunks:
            yield from self._feed(chunk)
        text = self._cut(b"")
        if text != b"":
            yield text

    def _feed(self, chunk: bytes) -> Iterator[bytes | None]:
        start, at = 0, 0
        if self._in_text and chunk and (match := _TEXT.match(chunk, int(self._escaped))):
            at = self._after_text(match)
        while match := (_INSIDE if self._depth else _BETWEEN).search(chunk, at):
            first, at = match.span()
            mark = chunk[first]
            if mark in b'"':
                at = self._after_text(match)
            elif mark in b"{[":
                outermost = not self.in_list and self._depth == 0
                self._depth += at - first
                if outermost and mark in b"[" and self._is_blank(chunk[start:first]):
                    self.in_list = True
                    self._depth -= 1
                    start = first + 1
            elif mark in b",":
                if self.in_list:
                    yield self._cut(chunk[start:first])
                    start = at
            elif self._depth:
                at = min(at, first + self._depth)
                self._depth -= at - first
                if self._depth == 0 and not self.in_list:
                    yield self._cut(chunk[start:at])
                    start = at
            elif self.in_list and (end := chunk.find(b"]", first, at)) >= 0:
                self.in_list = False
                text = self._cut(chunk[start:end])
                if text != b"":
                    yield text
                start = at = end + 1
        self._keep(chunk[start:])

    def _after_text(self, match: re.Match[bytes]) -> int:
        """Where to go on after a text, or the part of it in this chunk."""
        self._in_text = not match[1]
        self._escaped = self._in_text and match.end() < len(match.string)  # its last character is a backslash
        return len(match.string) if self._in_text else match.end()

    def _is_blank(self, piece: bytes) -> bool:
        return not piece.strip(_BLANK) and not any(part.strip(_BLANK) for part in self._kept)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= MAX_RECORD_BYTES:
            self._kept.append(piece)
        else:
            self._kept.clear()

    def _cut(self, piece: bytes) -> bytes | None:
        self._keep(piece)
        text = None if self._size > MAX_RECORD_BYTES else b"".join(self._kept).strip(_BLANK)
        self._kept.clear()
        self._size = 0
        return text
