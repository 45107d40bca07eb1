"""Finds the key, value, expression or template at a position of a rule file, in broken texts, too."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ..source.parser import parse
from ..source.scalars import character_spans
from ..source.text import Source
from .data import Position, Span
from .roles import ROOTS, Role, role_at
from .scanning import Spot, scan
from .state import EditingState

__all__ = ["Cursor", "CursorKind", "Scalar", "cursor_at", "offset_of", "position_of", "span_of"]

Keys = tuple[str | int, ...]
CursorKind = Literal["key", "value", "expression", "template", "comment", ""]

_WORD = re.compile(r"[\w$]*$", re.ASCII)
_LONGEST_WORD = 300
_WORD_AFTER = re.compile(r"\w*", re.ASCII)
_NAME = re.compile(r"[\w-]*")
_RULE = re.compile(r"""^[ \t]*(?:-[ \t]+)?\{?[ \t]*rule:[ \t]*["']?([^\s"',}]+)""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in a file, and the scalar there.

    `keys` lead to the value at the position, or for a key to the mapping around it, whose role is `role`. `text` is the
    decoded key or value (for an expression or template, the whole text), and `offset` that of the position in it.
    `prefix` is the part of the word before the position, and `span` the whole word, which a completion replaces. `node`
    is the scalar in the tree of the text; None while that is broken. `rule`, `route` and `output` are the names of the
    definition around the position.
    """

    path: Path
    position: Position
    kind: CursorKind
    keys: Keys
    role: Role
    text: str
    offset: int
    prefix: str
    span: Span
    node: ScalarNode | None = None
    rule: str | None = None
    route: str | None = None
    output: str | None = None
    scalar: Scalar | None = field(default=None, repr=False)

    def span_of(self, start: int, end: int) -> Span:
        """The span in the file of the characters `start` to `end` (exclusive) of `text`."""
        return self.span if self.scalar is None else self.scalar.span_of(start, end)


@dataclass(frozen=True, slots=True)
class Scalar:
    """The decoded text of a scalar, the offsets of its characters in the file, and the end of the last one."""

    source: Source
    text: str
    spans: Sequence[tuple[int, int]]
    end: int

    def span_of(self, start: int, end: int) -> Span:
        """The span in the file of the characters `start` to `end` (exclusive) of the text."""
        first = self.spans[start][0] if start < len(self.spans) else self.end
        last = self.spans[min(end, len(self.spans)) - 1][1] if start < min(end, len(self.spans)) else first
        return span_of(self.source, first, max(first, last))


def offset_of(source: Source, position: Position) -> int:
    """The offset of a position in a text, or if it is outside, of the nearest position in it."""
    line = min(max(position.line, 1), source.place(len(source.text), len(source.text)).line)
    return source.line_start(line) + min(max(position.column - 1, 0), len(source.line_text(line)))


def position_of(source: Source, offset: int) -> Position:
    """The position of an offset in a text."""
    place = source.place(offset, offset)
    return Position(place.line, place.column)


def span_of(source: Source, start: int, end: int) -> Span:
    """The span of some characters of a text."""
    place = source.place(start, end)
    return Span(Position(place.line, place.column), Position(place.end_line, place.end_column))


def cursor_at(state: EditingState, path: Path, position: Position) -> Cursor | None:
    """The Cursor at a position; None in a file that belongs to no mapping or cannot be read."""
    path, kind = state.named(path), state.kind(path)
    source = state.source(path)
    if source is None or kind is None:
        return None
    at = _At(source, offset_of(source, position), ROOTS[kind], state.present(path), state.latest(path))
    return at.cursor(path, position)


class _At:
    """A position in a text, with the role and the tree of the text."""

    def __init__(
        self, source: Source, offset: int, root: Role, tree: MappingNode | None, latest: MappingNode | None = None
    ) -> None:
        self.source = source
        self.offset = offset
        self.root = root
        self.tree = tree
        self.latest = tree if latest is None else latest

    def cursor(self, path: Path, position: Position) -> Cursor:
        node: ScalarNode | None
        found = None if self.tree is None else _scalar_at(self.tree, self.offset, ())
        if found is not None and (found[0].style or found[0].start < found[0].end):
            node, keys, is_key = found
            spot = Spot("key" if is_key else self.at(node), keys, node.start, node.end, node.style or "")
            if node.style in ("|", ">") and self.is_on_line_of(node.start):  # at the indicator of a block
                node, spot = None, Spot("nothing", keys, self.offset, self.offset)
        else:
            node, spot = None, scan(self.source, self.offset)
        role, scalar = role_at(self.root, spot.keys), self.scalar(spot, node)
        kind = _kind(spot, role, scalar.text)
        offset = min(bisect_left(scalar.spans, (self.offset, 0)), len(scalar.text))
        start, stop = _word(scalar.text, offset, kind)
        if kind in ("key", "value"):
            span = span_of(self.source, spot.start, max(spot.start, spot.end))
        elif kind in ("expression", "template") and start < stop:
            span = scalar.span_of(start, stop)
        else:
            span = span_of(self.source, self.offset, self.offset)
        rule, route, output = self.names(spot.keys)
        prefix = scalar.text[start:offset]
        at = path, position, kind, spot.keys, role
        return Cursor(*at, scalar.text, offset, prefix, span, node, rule, route, output, scalar)

    def at(self, node: ScalarNode) -> Literal["value", "bare", "item"]:
        """The form in which a value stands in its text."""
        before = self.source.text[self.source.line_start(self.source.place(node.start, node.start).line) : node.start]
        if not before.strip():
            return "bare"
        return "item" if not before.strip(" \t-") or before.rstrip()[-1] in "[," else "value"

    def is_on_line_of(self, offset: int) -> bool:
        return self.source.place(offset, offset).line == self.source.place(self.offset, self.offset).line

    def scalar(self, spot: Spot, node: ScalarNode | None) -> Scalar:
        if node is not None and node.style is not None:
            spans = character_spans(self.source.text, node.start, node.end, node.style, node.text)
            if spans is not None:
                return Scalar(self.source, node.text, spans, spans[-1][1] if spans else _inside(spot))
        raw = self.source.text[spot.start : spot.end]
        alone = _alone(raw, spot.style) if spot.style else None
        if alone is not None:
            text, spans = alone[0], [(start + spot.start, end + spot.start) for start, end in alone[1]]
            return Scalar(self.source, text, spans, spans[-1][1] if spans else _inside(spot))
        return Scalar(self.source, raw, [(at, at + 1) for at in range(spot.start, spot.end)], spot.end)

    def names(self, keys: Keys) -> tuple[str | None, str | None, str | None]:
        """The names of the rule, the route and the output that keys lead into."""
        match keys:
            case ("rules", int(index), *_):
                rules = None if self.latest is None else self.latest.get("rules")
                rule = rules.items[index] if isinstance(rules, SequenceNode) and index < len(rules.items) else None
                if isinstance(rule, MappingNode):
                    return _name(rule, "rule"), _name(rule, "route"), _name(rule, "output")
                before = [found[1] for found in _RULE.finditer(self.source.text, 0, self.offset)]
                return before[-1] if before else None, None, None
            case ("routes", str(name), *_):
                return None, name, None
            case ("outputs", str(name), *_):
                return None, None, name
        return None, None, None


def _inside(spot: Spot) -> int:
    """The offset of the text of an empty scalar: after its first quote."""
    return min(spot.start + 1, spot.end) if spot.style else spot.start


def _name(rule: MappingNode, key: str) -> str | None:
    node = rule.get(key)
    return node.text if isinstance(node, ScalarNode) and isinstance(node.value, str) else None


def _scalar_at(node: Node, offset: int, keys: Keys) -> tuple[ScalarNode, tuple[str | int, ...], bool] | None:
    """The scalar at an offset (its end included), the keys that lead to it, and whether it is a key."""
    if isinstance(node, ScalarNode):
        return (node, keys, False) if node.start <= offset <= node.end else None
    if not node.start <= offset <= node.end:
        return None
    found = None
    if isinstance(node, MappingNode):
        for key, value in (*node.entries, *node.repeated):
            if key.start <= offset <= key.end:
                return key, keys, True
            found = found or _scalar_at(value, offset, (*keys, key.text))
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.items):
            found = found or _scalar_at(item, offset, (*keys, index))
    return found


def _kind(spot: Spot, role: Role, text: str) -> CursorKind:
    match spot.at:
        case "key":
            return "key"
        case "comment":
            return "comment"
        case "nothing":
            return ""
        case "bare" if (role.form is not None or role.names) and (role.scalar == "value" or _NAME.fullmatch(text)):
            return "key"
        case "item" if role.form is not None and role.scalar == "value" and not role.refers:
            return "key"
    return role.scalar


def _word(text: str, offset: int, kind: CursorKind) -> tuple[int, int]:
    """The start and end of the word at an offset: a name in an expression, or the whole text."""
    if kind not in ("expression", "template"):
        return 0, len(text)
    quote = _open_quote(text, offset)
    if quote is not None:
        closing = text.find('"', offset)
        return quote + 1, closing if closing >= 0 else offset
    start = _WORD.search(text, max(offset - _LONGEST_WORD, 0), offset)
    after = _WORD_AFTER.match(text, offset)
    return start.start() if start else offset, after.end() if after else offset


def _open_quote(text: str, offset: int) -> int | None:
    """The start of the quoted name around an offset; strings in other quotes are not names."""
    opened: tuple[str, int] | None = None
    at = 0
    while at < offset:
        character = text[at]
        if opened is not None and character == "\\":
            at += 1
        elif opened is not None and character == opened[0]:
            opened = None
        elif opened is None and character in "\"'`":
            opened = character, at
        at += 1
    return opened[1] if opened is not None and opened[0] == '"' else None


def _alone(raw: str, style: str) -> tuple[str, list[tuple[int, int]]] | None:
    """The decoded text of a scalar outside of a file, and the spans of its characters in `raw`."""
    if style in "\"'" and (len(raw) < 2 or not raw.endswith(style)):
        raw += style
    lead = "" if style in "\"'" else "k: "
    node, _ = parse(Source("", lead + raw))
    if isinstance(node, MappingNode):
        node = node.get("k")
    if not isinstance(node, ScalarNode) or node.style != style:
        return None
    spans = character_spans(lead + raw, node.start, node.end, style, node.text)
    return None if spans is None else (node.text, [(start - len(lead), end - len(lead)) for start, end in spans])
