"""Parses TOML into nodes that know their places.

The standard library decides what is TOML and what each value is, but keeps no places. In a text that it accepts, keys
and values are found again by their first characters.
"""

from __future__ import annotations

import re
import tomllib
from math import isfinite

from ..diagnostics.problem import Problem, in_order
from .nodes import MAX_DEPTH, MappingNode, Node, ScalarNode, SequenceNode
from .scalars import NOT_IN_JSON
from .text import BOM, Source

__all__ = ["parse"]

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_BETWEEN = re.compile(r"(?:[\s,]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_TEXT = r'"(?:\\.|[^"\\])*"' + r"|'[^']*'"
_KEY = re.compile(rf"[A-Za-z0-9_-]+|{_TEXT}", re.DOTALL)
_SCALAR = re.compile(
    r'"""(?:\\.|(?!""")[^\\])*"{3,5}'
    rf"|'''.*?'{{3,5}}|{_TEXT}"
    r"|\d{4}-\d\d-\d\d(?: \d\d:[^\s,\]}#]+)?(?=[\s,\]}#]|$)|[^\s,\]}#]+",
    re.DOTALL,
)
_TOO_WIDE = re.compile("[0-9_]{4300,}")
"""An integer of more digits than Python reads."""
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def parse(source: Source) -> tuple[MappingNode | None, tuple[Problem, ...]]:
    """Parses a TOML text; returns its table, if it is TOML, and all problems (M006, M007, M156) in order of place."""
    try:
        tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        return None, (_syntax(source, str(error)),)
    except ValueError:
        if (found := _TOO_WIDE.search(source.text)) is None:
            raise
        place = source.place(*found.span())
        return None, (Problem.of("M156", place, reason=f"an integer has {len(found[0]):,} digits, which is too many"),)
    except RecursionError:
        return None, (_too_deep(source, 0),)
    scanner = _Scanner(source)
    try:
        root = scanner.document()
    except _TooDeepError as error:
        return None, (_too_deep(source, error.start),)
    return root, in_order(scanner.problems)


def _syntax(source: Source, message: str) -> Problem:
    position = _POSITION.search(message)
    start = len(source.text.rstrip())
    if position is not None and position[1] is not None:
        start = min(source.line_start(int(position[1])) + int(position[2]) - 1, len(source.text))
    reason = _POSITION.sub("", message)
    hint = "save the file without a byte order mark" if source.text.startswith(BOM) else None
    return Problem.of("M156", source.place(start, start), hint=hint, reason=reason[:1].lower() + reason[1:])


def _too_deep(source: Source, start: int) -> Problem:
    return Problem.of("M007", source.place(start, start), limit=MAX_DEPTH)


class _TooDeepError(Exception):
    def __init__(self, start: int) -> None:
        self.start = start


class _TomlTable:
    """A table to be filled, with its place: that of the first key or header that names it."""

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.entries: dict[str, tuple[ScalarNode, _TomlTable | list[_TomlTable] | Node]] = {}


class _Scanner:
    """Finds the keys and values of a text that is TOML."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.problems: list[Problem] = []

    def document(self) -> MappingNode:
        root = table = _TomlTable(0, 0)
        while self.skip(_BLANK) < len(self.text):
            start = self.at
            if self.text[start] == "[":
                self.at += 2 if (is_list := self.text.startswith("[[", start)) else 1
                table = self.named(root, self.keys(), is_list=is_list)
                self.at += 2 if is_list else 1
            else:
                self.entry(table)
        return self.finished(root)

    def skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found is not None else self.at
        return self.at

    def keys(self) -> list[ScalarNode]:
        """The parts of a dotted key."""
        parts = []
        while True:
            start, end = self.skip(_SPACE), self.skip(_KEY)
            text = self.text[start:end]
            name = next(iter(tomllib.loads(f"{text} = 0"))) if text[0] in "\"'" else text
            parts.append(ScalarNode(self.source, start, end, name, name, None))
            if len(parts) > MAX_DEPTH:
                raise _TooDeepError(start)
            self.skip(_SPACE)
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def named(self, table: _TomlTable, keys: list[ScalarNode], *, is_list: bool = False) -> _TomlTable:
        """The table that keys lead to from another one; with `is_list`, a new one in a list of tables."""
        for number, key in enumerate(keys, 1):
            new, adds = _TomlTable(key.start, key.end), is_list and number == len(keys)
            _, inner = table.entries.setdefault(key.text, (key, [] if adds else new))
            if isinstance(inner, list):
                inner += [new] if adds else []
                inner = inner[-1]
            assert isinstance(inner, _TomlTable)  # noqa: S101  TOML has no key in another value
            table = inner
        return table

    def entry(self, table: _TomlTable, depth: int = 0) -> None:
        *above, key = self.keys()
        self.at = self.text.index("=", self.at) + 1
        self.named(table, above).entries[key.text] = key, self.value(depth + len(above) + 1)

    def value(self, depth: int) -> Node:
        start = self.skip(_SPACE)
        if depth > MAX_DEPTH:
            raise _TooDeepError(start)
        match self.text[start]:
            case "[":
                self.at += 1
                items: list[Node] = []
                while self.within("]"):
                    items.append(self.value(depth + 1))
                return SequenceNode(self.source, start, self.at, tuple(items))
            case "{":
                self.at += 1
                table = _TomlTable(start, start)
                while self.within("}"):
                    self.entry(table, depth)
                table.end = self.at
                return self.finished(table)
        return self.scalar(start, self.skip(_SCALAR))

    def within(self, closing: str) -> bool:
        """Skips to the next element or entry and returns True, or past the closing bracket and returns False."""
        self.skip(_BETWEEN)
        is_more = self.text[self.at] != closing
        self.at += not is_more
        return is_more

    def scalar(self, start: int, end: int) -> ScalarNode:
        text = self.text[start:end]
        value = tomllib.loads(f"value = {text}")["value"]
        if not isinstance(value, str | bool | int | float) or (isinstance(value, float) and not isfinite(value)):
            what = "an infinite number or none" if isinstance(value, float) else "a date or a time"
            hint = "write it as a string, in quotes"
            place = self.source.place(start, end)
            self.problems.append(Problem.of("M006", place, hint=hint, text=text, what=what, why=NOT_IN_JSON))
            value = text
        return ScalarNode(self.source, start, end, value, value if isinstance(value, str) else text, None)

    def finished(self, table: _TomlTable) -> MappingNode:
        """The node of a table, and of all tables in it."""
        entries = tuple((key, self.node(value)) for key, value in table.entries.values())
        return MappingNode(self.source, table.start, table.end, entries)

    def node(self, value: _TomlTable | list[_TomlTable] | Node) -> Node:
        if isinstance(value, _TomlTable):
            return self.finished(value)
        if isinstance(value, list):
            return SequenceNode(self.source, value[0].start, value[-1].end, tuple(map(self.finished, value)))
        return value
