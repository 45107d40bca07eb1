"""Reads batches from files one after the other, whatever their form: one JSON document, a list, or one batch per line.

Memory holds one unit of work at a time; a unit ends where a pipe pauses, so that its results are written. A record that
cannot be read has a Problem instead of a text; the others are still read. The texts are only split here, and
parsed where they are mapped, possibly in another process.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import BinaryIO, Literal

from ..diagnostics.problem import Problem
from ..runtime.batch import BOM, RS, WIDE_TEXT, Record, is_json, is_wide
from ..source.paths import STDIN, text_of_name
from .compression import CHUNK, PAUSE, decompressed, plain_name

__all__ = [
    "MAX_RECORD_BYTES",
    "MOST_RECORDS",
    "WAITING",
    "LineUnit",
    "SampledUnit",
    "Unit",
    "opened",
    "read_units",
    "sampled",
    "units_in",
    "units_of",
]

MAX_RECORD_BYTES = 10_000_000
"""The maximum size of a batch in bytes."""
MOST_RECORDS = 2000
"""The maximum number of records in a unit, even if they are small: their results may be large."""
_SAMPLE_BYTES = 1 << 20
# Strings and runs of brackets are one match each, so that many of either are read fast.
_REST_OF_TEXT = rb'[^"\\]*+(?:\\.[^"\\]*+)*+("?)'
_TEXT = re.compile(_REST_OF_TEXT, re.DOTALL)
_INSIDE = re.compile(rb'"' + _REST_OF_TEXT + rb"|[\[{]+|[\]}]+", re.DOTALL)
_BETWEEN = re.compile(_INSIDE.pattern + rb"|,", re.DOTALL)
_BLANK = b" \t\r\n"
_ENOUGH = 4
"""The number of bytes that reveal the encoding of a text."""
_SURELY_UTF_8 = re.compile(rb"[\x01-\x7f]{2,}")

Form = Literal["lines", "sequence", "documents"]


@dataclass(frozen=True, slots=True)
class LineUnit:
    """Consecutive lines, the first of which has the number `first`: each line that is not blank is a record.

    None stands for a line that is too large to be kept.
    """

    source: str
    first: int
    lines: list[bytes | None]
    most: int = MAX_RECORD_BYTES

    def __iter__(self) -> Iterator[Record]:
        for number, line in enumerate(self.lines, self.first):
            text = None if line is None else line.strip(_BLANK)
            if text != b"":
                yield _record(self.source, number, text, self.most)


Unit = Iterable[Record]
"""The records that are processed at once, and sent to a worker together."""
WAITING: Unit = ()
"""A unit that stands for a pause of the input, so that the results so far are written."""


@dataclass(frozen=True, slots=True)
class SampledUnit:
    """A unit whose first `count` records belong to the sample of a run, about which the summary says more."""

    records: list[Record]
    count: int

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)


def sampled(units: Iterable[Unit], count: int) -> Iterator[Unit]:
    """The same units, with a sample: the first `count` records, or fewer if these are large."""
    left = _SAMPLE_BYTES
    for unit in units:
        if count <= 0 or left <= 0 or unit is WAITING:
            yield unit
            continue
        records, sample = list(unit), 0
        while sample < min(count, len(records)) and left > 0:
            left -= len(records[sample].text)
            sample += 1
        count -= sample
        yield SampledUnit(records, sample)


def opened(name: str) -> AbstractContextManager[BinaryIO]:
    """The stream of an input, which is the path of a file or STDIN. Raises OSError."""
    return nullcontext(sys.stdin.buffer) if name == STDIN else Path(name).open("rb")


def units_in(names: Iterable[str], size: int) -> Iterator[Unit]:
    """The units of inputs, one after the other. Raises OSError."""
    for name in names:
        with opened(name) as stream:
            yield from units_of(stream, name, size)


def units_of(stream: BinaryIO, name: str, size: int, most: int = MAX_RECORD_BYTES) -> Iterator[Unit]:
    """The units of the stream of an input, see `read_units`: of a file called so, each line is a record."""
    source = "<stdin>" if name == STDIN else text_of_name(name)
    lines = plain_name(name).endswith((".ndjson", ".jsonl"))
    return read_units(stream, source, size, lines=lines, most=most)


def read_units(
    stream: BinaryIO, source: str, size: int, *, lines: bool = False, most: int = MAX_RECORD_BYTES
) -> Iterator[Unit]:
    """The records of a stream of JSON, plain or compressed, in units of about `size` bytes and at most `MOST_RECORDS`.

    An empty stream has none. `source` is its name in messages; with `lines`, each line is a record (otherwise the form
    is detected). A record has at most `most` bytes. Pauses of a pipe are WAITING units.
    """
    flaws: list[str] = []
    chunks = decompressed(stream, flaws)
    start, form, blank = b"", None, 0
    while form is None and (more := next(chunks, None)) is not None:
        start += more
        form = _form(start, lines=lines)
        if form is None and len(start) >= CHUNK:  # it is blank; only its lines are counted
            text = start.removeprefix(BOM).lstrip(_BLANK)
            blank += start.count(b"\n", 0, len(start) - len(text))
            start = text
    if is_wide(start):
        yield [Record(source, 1, b"", Problem.of("M501", input="", reason=WIDE_TEXT))]
        return
    lines_before = chain(repeat(b"\n" * CHUNK, blank // CHUNK), (b"\n" * (blank % CHUNK),))
    start = start.removeprefix(BOM)
    chunks = chain(lines_before if blank else (), (start,), chunks)
    if form == "lines":
        yield from _lines(chunks, source, size, most)
    elif form == "sequence" or start.lstrip(_BLANK).startswith(RS):  # also if there is no more
        yield from _together(_sequence(chunks, source, most), size)
    else:
        yield from _together(_documents(chunks, source, most), size)
    for reason in flaws:
        yield [Record(source, 0, b"", Problem.of("M501", input="", reason=reason))]


def _form(start: bytes, *, lines: bool) -> Form | None:
    """The form of the records of a stream, detected from its start; None if more of it is needed."""
    if len(start) < _ENOUGH and not _SURELY_UTF_8.fullmatch(start):
        return None
    start = start.removeprefix(BOM).lstrip(_BLANK)
    if start.startswith(RS):
        return "sequence"
    if lines:
        return "lines"
    if start.startswith(b"["):
        return "documents"
    first, newline, rest = start.partition(b"\n")
    if newline and _is_whole(first):
        return "lines"
    # a broken first line of several: the lines after it are complete
    second, newline, _ = rest.partition(b"\n")
    if newline and second.startswith(b"{") and _is_whole(second):
        return "lines"
    return "documents" if newline or len(start) >= CHUNK else None


def _is_whole(line: bytes) -> bool:
    """Returns whether a line is a complete JSON value, possibly followed by a comma, which is reported later."""
    return is_json(line.rstrip(_BLANK).removesuffix(b","))


def _record(source: str, line: int, text: bytes | None, most: int, number: int = 0) -> Record:
    """The record of a text; None stands for a text that is too large to be kept."""
    if text is None or len(text) > most:
        reason = f"it has more than {most} bytes"
        return Record(source, line, b"", Problem.of("M503", input="", reason=reason), number)
    return Record(source, line, text, None, number)


def _lines(chunks: Iterator[bytes], source: str, size: int, most: int) -> Iterator[Unit]:
    first, lines, kept = 1, list[bytes | None](), 0
    rest, length = list[bytes](), 0  # the line that has no end yet; of one that is too large, its length alone
    for chunk in chunks:
        start, *others = chunk.split(b"\n")
        rest.append(start)
        length += len(start)
        if others:
            lines.append(None if length > most else b"".join(rest))
            start = others.pop()
            lines += others
            rest, length = [start], len(start)
        if length > most:
            rest.clear()
        kept += len(chunk)
        while lines and (kept >= size or len(lines) >= MOST_RECORDS or chunk == PAUSE):
            yield LineUnit(source, first, lines[:MOST_RECORDS], most)
            first, lines, kept = first + len(lines[:MOST_RECORDS]), lines[MOST_RECORDS:], 0
        if chunk == PAUSE:
            yield WAITING
    if length:
        lines.append(None if length > most else b"".join(rest))
    while lines:
        yield LineUnit(source, first, lines[:MOST_RECORDS], most)
        first, lines = first + MOST_RECORDS, lines[MOST_RECORDS:]


def _together(records: Iterable[Record | None], size: int) -> Iterator[Unit]:
    """The records in units; None, a pause, ends a unit."""
    unit: list[Record] = []
    kept = 0
    for record in records:
        if record is not None:
            unit.append(record)
            kept += len(record.text) + 1
        if unit and (record is None or kept >= size or len(unit) >= MOST_RECORDS):
            yield unit
            unit, kept = [], 0
        if record is None:
            yield WAITING
    if unit:
        yield unit


def _sequence(chunks: Iterator[bytes], source: str, most: int) -> Iterator[Record | None]:
    """The records of a JSON text sequence, each after a separator; None for a pause."""
    kept = _Kept(most)
    number = 0
    for chunk in chain(chunks, (RS,)):
        *ended, rest = chunk.split(RS)
        for piece in ended:
            line, text = kept.cut(piece)
            if text != b"":
                number += 1
                yield _record(source, line, text, most, number)
        kept.add(rest)
        if chunk == PAUSE:
            if kept.is_ended():  # the separator after it is that of the next record, and may be long in coming
                number += 1
                yield _record(source, *kept.cut(b""), most, number)
            yield None


def _documents(chunks: Iterator[bytes], source: str, most: int) -> Iterator[Record | None]:
    """The top-level values, or the elements of a top-level list; None for a pause."""
    splitter = _Splitter(most)
    number = 0
    for chunk in chain(chunks, (None,)):
        for line, text in splitter.feed(chunk) if chunk is not None else splitter.end():
            number += 1
            record = _record(source, line, text, most, number)
            yield record._replace(text=b"", problem=_NO_COMMA) if splitter.lacks_comma else record
        if chunk == PAUSE:
            if splitter.has_element():  # the comma after it may be long in coming
                number += 1
                yield _record(source, *splitter.hand_on(), most, number)
            yield None
    if splitter.in_list:
        flaw = Problem.of("M501", input="", reason="the list is not closed")
        yield Record(source, splitter.line, b"", flaw, number + 1)


_NO_COMMA = Problem.of("M501", input="", reason="there is no comma before it in the list")


class _Kept:
    """Collects the text of a record in pieces, with the line it begins on; a text that is too large is dropped."""

    def __init__(self, most: int) -> None:
        self.line = 1
        """The line on which the next piece begins."""
        self.is_blank = True
        self._first = 1
        self._pieces: list[bytes] = []
        self._size = 0
        self._most = most

    def add(self, piece: bytes) -> None:
        if self.is_blank:
            text = piece.lstrip(_BLANK)
            self.line += piece.count(b"\n", 0, len(piece) - len(text))
            self._first, self.is_blank = self.line, not text
            piece = text
        self.line += piece.count(b"\n")
        self._size += len(piece)
        if self._size <= self._most:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    def is_ended(self) -> bool:
        """Returns whether the text is JSON followed by a line feed."""
        text = b"".join(self._pieces)
        return text.endswith(b"\n") and is_json(text)

    def last(self) -> bytes:
        """The last character that is not blank; nothing if there is none."""
        return next((text[-1:] for piece in reversed(self._pieces) if (text := piece.rstrip(_BLANK))), b"")

    def cut(self, piece: bytes) -> tuple[int, bytes | None]:
        """Ends a text with this piece; returns its line and the text, None if it was too large."""
        self.add(piece)
        text = None if self._size > self._most else b"".join(self._pieces).rstrip(_BLANK)
        self.is_blank, self._size = True, 0
        self._pieces.clear()
        return self._first, text


class _Splitter:
    """Splits a stream into the texts of its values by brackets and quotes alone, without checking that they are JSON.

    Each text comes with the line it begins on; None stands for a text that is too large to be kept.
    """

    def __init__(self, most: int) -> None:
        self.in_list = False
        self.lacks_comma = False
        """Set if the text follows another element of the list without a comma between them."""
        self._is_handed_on = False  # what comes next in the list can be a comma or its end
        self._kept = _Kept(most)
        self._depth = 0
        self._in_text = False
        self._escaped = False

    @property
    def line(self) -> int:
        """The current line."""
        return self._kept.line

    def has_element(self) -> bool:
        """Returns whether all that is kept is an element of the list that is complete by its last character."""
        is_inside = not self.in_list or self._depth or self._in_text or self._is_handed_on
        return not is_inside and self._kept.last() in (b"}", b"]", b'"')

    def hand_on(self) -> tuple[int, bytes | None]:
        """The element that is complete, before the comma or the end of the list is there."""
        self._is_handed_on = True
        return self._kept.cut(b"")

    def end(self) -> Iterator[tuple[int, bytes | None]]:
        """The rest when the stream has ended."""
        return self._rest(b"")

    def _rest(self, piece: bytes) -> Iterator[tuple[int, bytes | None]]:
        """The text that this piece ends, unless it is blank, as it is after an element that was handed on."""
        line, text = self._kept.cut(piece)
        self.lacks_comma, self._is_handed_on = self._is_handed_on, False
        if text != b"":
            yield line, text
        self.lacks_comma = False

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes | None]]:
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
                if outermost and mark in b"[" and self._kept.is_blank and not chunk[start:first].strip(_BLANK):
                    self._kept.add(chunk[start:first])
                    self.in_list = True
                    self._depth -= 1
                    start = first + 1
            elif mark in b",":
                if self.in_list:
                    if self._is_handed_on:
                        yield from self._rest(chunk[start:first])
                    else:
                        yield self._kept.cut(chunk[start:first])
                    start = at
            elif self._depth:
                at = min(at, first + self._depth)
                self._depth -= at - first
                if self._depth == 0 and not self.in_list:
                    yield self._kept.cut(chunk[start:at])
                    start = at
            elif self.in_list and (end := chunk.find(b"]", first, at)) >= 0:
                self.in_list = False
                yield from self._rest(chunk[start:end])
                start = at = end + 1
        self._kept.add(chunk[start:])

    def _after_text(self, match: re.Match[bytes]) -> int:
        """The offset after a string, or after the part of it in this chunk."""
        self._in_text = not match[1]
        self._escaped = self._in_text and match.end() < len(match.string)  # its last character is a backslash
        return len(match.string) if self._in_text else match.end()
