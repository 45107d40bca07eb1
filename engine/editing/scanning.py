"""Finds the keys that lead to a position of a YAML text by indentation and brackets, even if it is broken."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ..source.text import Source

__all__ = ["Spot", "closed", "scan"]

_KEY = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:[^\s"'\[\]{},#&*!|>%@`-]|-(?=\S))(?:[^:#]|:(?=\S)|(?<=\S)\#)*?)"""
    r"""[ \t]*:(?=[ \t]|$)"""
)
_BLOCK = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?$")
_PLAIN_END = re.compile(r"[,\[\]{}\r\n]|:(?=[\s,\[\]{}]|$)|(?<=[ \t])#")
_PROPERTIES = re.compile(r"[ \t]*(?:[&!]\S*(?:[ \t]+|$))*")
_AFTER_COLON = ("", *" \t\r\n,}\"'")
_INDENT = re.compile(r"[ \t\r\n]*[\r\n]( *)(?=[^ \r\n])")
_BLANK = re.compile(r"[ \t]*")


Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """The text at a position, `text[start:end]`, with the keys and indexes that lead to it.

    "key" is a key of the mapping at `keys`; "bare" is a key of it or a value there, on a line of its own; "item" is the
    same as an element of a list. `style` is the way in which it is written: "" for plain, a quote, "|" or ">".
    """

    at: Literal["key", "value", "bare", "item", "comment", "nothing"]
    keys: Keys
    start: int
    end: int
    style: str = ""


class _Entry(NamedTuple):
    """A dash or a key of a block with its column, its offsets, and the offset of the rest of its line."""

    line: int
    column: int
    key: str | None
    start: int
    end: int
    rest: int


class _Line(NamedTuple):
    """A line: its offset, its text, the column of its first character, its entries, and the offset of the rest."""

    start: int
    text: str
    indent: int
    entries: tuple[_Entry, ...]
    rest: int


def scan(source: Source, offset: int) -> Spot:
    """Finds the Spot at an offset of a text."""
    return _Scan(source, offset).spot()


def closed(text: str) -> str:
    """A text with ends for the quotes and brackets that lines leave open although what follows is outside of them."""
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip(" ")) if line.strip() else None for line in lines]
    following: int | None = None
    is_closing = False
    for number in range(len(lines) - 1, -1, -1):
        indent = indents[number]
        if indent is None:
            continue
        if not is_closing and (following is None or following <= indent):
            lines[number] = _closed_line(lines[number])
        following, is_closing = indent, lines[number].lstrip()[0] in "]}"
    return "\n".join(lines)


def _closed_line(text: str) -> str:
    """A line with what closes its quotes and brackets, before its comment."""
    line = _line(0, 0, text)
    start = _start(text, line.rest, len(text))
    if text[start : start + 1] not in ("{", "[", '"', "'"):
        return text
    missing, at = "", start
    while at < len(text):
        character = text[at]
        if character == "#" and text[at - 1] in " \t":
            break
        is_first = at == start or text[at - 1] in " \t[{,"
        if character in "\"'" and is_first:
            end = _quote_end(text, at)
            if end == len(text) and (end == at + 1 or text[end - 1] != character):
                missing = character + missing
            at = end
            continue
        if character in "{[":
            missing = ("}" if character == "{" else "]") + missing
        elif character in "}]" and missing[:1] == character:
            missing = missing[1:]
        at += 1
    return text[:at] + missing + text[at:]


class _Scan:
    def __init__(self, source: Source, offset: int) -> None:
        self.text = source.text
        self.offset = offset
        starts = [start for start, _ in source.lines()]
        self.number = max(bisect_right(starts, offset) - 1, 0)
        self.lines = list(source.lines())
        self.parsed: dict[int, _Line] = {}

    def line(self, number: int) -> _Line:
        if number not in self.parsed:
            self.parsed[number] = _line(number, *self.lines[number])
        return self.parsed[number]

    def spot(self) -> Spot:
        line = self.line(self.number)
        on_line = self.offset - line.start
        is_blank = not line.text.strip()
        here = [entry for entry in line.entries if is_blank or entry.start <= self.offset]
        column = on_line if is_blank else line.indent
        above = self.above(column, has_dash=bool(here) and here[0].key is None)
        for number, entry in enumerate(above):  # the outermost first
            after = above[number + 1] if number + 1 < len(above) else None
            if (inside := self.inside(entry, above[: number + 1], after)) is not None:
                return inside
        keys = _keys([*above, *here], self.index)
        if is_blank:
            return Spot("key", keys, self.offset, self.offset)
        if on_line < line.indent:
            return Spot("nothing", keys, self.offset, self.offset)
        if here and here[-1].key is not None:
            last = here[-1]
            if self.offset < last.rest:
                first = self.text[last.start]
                return Spot("key", keys[:-1], last.start, last.end, first if first in "\"'" else "")
            return self.value(last.rest, line, keys)
        if above and not here and above[-1].key is not None and not line.entries and self.is_plain(above[-1]):
            start = _start(self.text, above[-1].rest, len(self.text))
            return Spot("value", keys, start, _line_end(line))  # the value goes on from the line above
        found = self.value(line.rest if not here else here[-1].rest, line, keys)
        return found if found.at != "value" else replace(found, at="item" if here else "bare")

    def above(self, column: int, *, has_dash: bool) -> list[_Entry]:
        """The keys and dashes around a line with this column, the outermost first."""
        found: list[_Entry] = []
        limit, is_dash = column, has_dash
        for number in range(self.number - 1, -1, -1):
            if limit == 0 and found and found[-1].key is not None:
                break
            line = self.line(number)
            if not line.text.strip() or line.text.lstrip().startswith("#"):
                continue
            for entry in reversed(line.entries):
                if entry.column < limit or (entry.column == limit and is_dash and entry.key is not None):
                    found.append(entry)
                    limit, is_dash = entry.column, entry.key is None
        return found[::-1]

    def index(self, dash: _Entry) -> int:
        """The number of elements of a list before the one of a dash."""
        count = 0
        for number in range(dash.line - 1, -1, -1):
            line = self.line(number)
            if not line.text.strip() or line.text.lstrip().startswith("#") or line.indent > dash.column:
                continue
            if not any(entry.column == dash.column and entry.key is None for entry in line.entries):
                break
            count += 1
        return count

    def inside(self, entry: _Entry, chain: list[_Entry], after: _Entry | None) -> Spot | None:
        """The spot, if the value of a key or an element began on a line above and has not ended."""
        end = self.lines[entry.line][0] + len(self.lines[entry.line][1])
        start = _start(self.text, entry.rest, end)
        rest = self.text[start:end]
        keys = _keys(chain, self.index)
        if _BLOCK.match(rest):
            if not self.line(self.number).text.strip() and not self.goes_on(entry.column):
                return None
            return Spot("value", keys, start, self.block_end(entry), rest[0])
        line = self.line(self.number)
        if line.text.strip() and line.indent <= entry.column and line.text.strip()[0] not in "]}":
            return None  # it was never closed
        if after is not None and after.column <= entry.column:
            return None
        if rest[:1] in ("{", "["):
            return _flow(self.text, start, self.offset, keys)
        if rest[:1] in ('"', "'"):
            closing = _quote_end(self.text, start)
            if self.offset < closing:
                return Spot("value", keys, start, closing, rest[0])
        return None

    def goes_on(self, column: int) -> bool:
        """Returns whether the next line that is not blank begins to the right of a column."""
        following = (text for _, text in self.lines[self.number :] if text.strip())
        return len(line := next(following, "")) - len(line.lstrip(" ")) > column

    def block_end(self, entry: _Entry) -> int:
        last = entry.line
        for number in range(entry.line + 1, len(self.lines)):
            _, text = self.lines[number]
            if text.strip():
                if len(text) - len(text.lstrip(" ")) <= entry.column:
                    break
                last = number
        start, text = self.lines[last]
        return max(start + len(text.rstrip()), min(self.offset, start + len(text)))

    def is_plain(self, entry: _Entry) -> bool:
        end = self.lines[entry.line][0] + len(self.lines[entry.line][1])
        rest = self.text[entry.rest : end].strip()
        return bool(rest) and rest[0] not in "{[\"'|>#&*!"

    def value(self, start: int, line: _Line, keys: Keys) -> Spot:
        """The spot in a value that begins on a line after a key or a dash."""
        end = line.start + len(line.text)
        start = _start(self.text, start, end)
        if start >= self.offset and start >= end:
            return Spot("value", keys, self.offset, self.offset)
        first = self.text[start : start + 1]
        if self.offset < start:
            return Spot("value", keys, self.offset, self.offset)
        if _BLOCK.match(self.text[start:end]):
            return Spot("nothing", keys, self.offset, self.offset)
        if first in ("{", "["):
            return _flow(self.text, start, self.offset, keys) or Spot("nothing", keys, self.offset, self.offset)
        if first in ('"', "'"):
            closing = _quote_end(self.text, start)
            if self.offset <= closing:
                return Spot("value", keys, start, closing, first)
        comment = _comment(line.text, start - line.start)
        if comment is not None:
            if self.offset > line.start + comment:
                return Spot("comment", keys, line.start + comment, end)
            end = line.start + comment
        if first in ('"', "'"):
            return Spot("nothing", keys, self.offset, self.offset)
        stop = max(start + len(self.text[start:end].rstrip()), min(self.offset, end))
        return Spot("value", keys, start, stop)


def _line(number: int, start: int, text: str) -> _Line:
    """The parts of a line, as of a block."""
    at = indent = len(text) - len(text.lstrip(" \t"))
    entries = []
    while text[at : at + 1] == "-" and (len(text) == at + 1 or text[at + 1] in " \t"):
        entries.append(_Entry(number, at, None, start + at, start + at + 1, start + at + 1))
        at = _BLANK.match(text, at + 1).end()  # type: ignore[union-attr]
    found = _KEY.match(text, at)
    if found is not None:
        entries.append(
            _Entry(number, at, _unquoted(found["key"]), start + at, start + found.end("key"), start + found.end())
        )
        at = found.end()
    return _Line(start, text, indent, tuple(entries), start + at)


def _start(text: str, start: int, end: int) -> int:
    """The start of a value, after blanks, anchors and tags."""
    found = _PROPERTIES.match(text, start, end)
    return found.end() if found else start


def _unquoted(text: str) -> str:
    if text[:1] == "'":
        return text[1:-1].replace("''", "'")
    if text[:1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:  # with an escape that JSON does not have
            return text[1:-1]
    return text


def _keys(entries: list[_Entry], index: Callable[[_Entry], int]) -> Keys:
    return tuple(entry.key if entry.key is not None else index(entry) for entry in entries)


def _line_end(line: _Line) -> int:
    comment = _comment(line.text, line.indent)
    return line.start + len(line.text[:comment].rstrip())


def _comment(text: str, start: int) -> int | None:
    """The start of the comment of a line, whose quoted strings begin after `start`."""
    at = start
    while at < len(text):
        if text[at] == "#" and (at == 0 or text[at - 1] in " \t"):
            return at
        is_first = at == start or text[at - 1] in " \t[{,"
        at = _quote_end(text, at) if text[at] in "\"'" and is_first else at + 1
    return None


def _quote_end(text: str, start: int) -> int:
    """The end of a quoted string, after its quote, or that of its line if it is not closed.

    What follows on lines that are not further to the right is not in it: a quote there begins another string.
    """
    quote, at = text[start], start + 1
    end = _end_of_line(text, start)
    while at < len(text):
        if at > end:
            if _leaves(text, start, end):
                return end
            end = len(text)
        if text[at] == "\\" and quote == '"':
            at += 2
        elif text[at] == quote:
            if quote == '"' or text[at + 1 : at + 2] != "'":
                return at + 1
            at += 2
        else:
            at += 1
    return _end_of_line(text, start)


def _leaves(text: str, start: int, end: int) -> bool:
    """Returns whether the line after the one of an offset, which has this end, is not further to the right."""
    line = text[max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1 : end]
    following = _INDENT.match(text, end)
    return following is not None and len(following[1]) <= len(line) - len(line.lstrip(" "))


def _end_of_line(text: str, start: int) -> int:
    return min((end for end in (text.find("\n", start), text.find("\r", start)) if end >= 0), default=len(text))


def _flow(text: str, start: int, offset: int, keys: Keys) -> Spot | None:  # noqa: PLR0915 - one automaton
    """The spot in a list or object in brackets; None if that is closed before it."""
    opened: list[tuple[str, Keys]] = []
    """The brackets that are open, with the keys that lead to them."""
    at, index, key = start, 0, ""
    pending: list[tuple[int, str]] = []
    awaits_value = False

    def inner() -> Keys:
        bracket, base = opened[-1]
        return (*base, key) if bracket == "{" and awaits_value else (*base, index) if bracket == "[" else base

    def kind(is_key: bool) -> Literal["key", "value", "item"]:
        return "key" if is_key else "item" if opened[-1][0] == "[" else "value"

    while at < len(text):
        character = text[at]
        if character in " \t\r\n":
            if at >= offset:
                break
            at += 1
        elif character == "#" and text[at - 1] in " \t\r\n":
            end = _end_of_line(text, at)
            if at < offset <= end:
                return Spot("comment", keys, at, end)
            at = end
        elif at >= offset and (character in "{}[]," or (character == ":" and not awaits_value)) and opened:
            break
        elif character in "{[":
            opened.append((character, inner() if opened else keys))
            pending.append((index, key))
            at, index, key, awaits_value = at + 1, 0, "", False
        elif character in "&!":
            at = max(_start(text, at, len(text)), at + 1)
        elif character in "}]":
            opened.pop()
            index, key = pending.pop()
            at, awaits_value = at + 1, True
            if not opened:
                return None if offset >= at else Spot("nothing", keys, offset, offset)
        elif character == ",":
            at, index, awaits_value = at + 1, index + 1, False
        elif (
            character == ":"
            and not awaits_value
            and text[at + 1 : at + 2] in ("", " ", "\t", "\r", "\n", ",", "}", '"', "'")
        ):
            at, awaits_value = at + 1, True
        else:
            style = character if character in "\"'" else ""
            if style:
                end = _quote_end(text, at)
            else:
                found = _PLAIN_END.search(text, at + 1)
                end = found.start() if found else len(text)
                end = at + len(text[at:end].rstrip())
            blanks = _BLANK.match(text, end).end()  # type: ignore[union-attr]
            follows = text[blanks : blanks + 1]
            is_key = opened[-1][0] == "{" and not awaits_value
            if offset <= end or (not style and offset <= blanks and follows != ":"):
                return Spot(kind(is_key), inner(), at, max(end, offset), style)
            if is_key:
                key = _unquoted(text[at:end])
            at = end
    return Spot(kind(opened[-1][0] == "{" and not awaits_value), inner(), offset, offset)
