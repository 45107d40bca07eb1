"""Changes values in a YAML text and keeps everything else byte for byte: comments, order, quotes, line ends.

The smallest differing parts are replaced, so that a review shows the change as what it is. New text is written so that
it reads back as exactly the same JSON value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain
from ..source.scalars import resolve
from ..source.text import Source
from .diff import matches

__all__ = ["Rewrite", "applied", "block", "edits", "inline"]

_WIDTH = 120
_PLAIN = re.compile(r"[A-Za-z0-9_/$](?:[\w./@$+-]| (?! ))*", re.ASCII)
_ALIAS = re.compile(r"[ \t]*:([ \t]*\*[^\s,\[\]{}]+)")
_COLON = re.compile(r"[ \t]*:")
_BLANK = re.compile(r"\s*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A replacement of the characters `start` to `end` (exclusive) of a text by `text`."""

    start: int
    end: int
    text: str


def applied(text: str, changes: Iterable[Rewrite]) -> str:
    """Applies edits, which must not overlap, to a text. New lines get the line ends of the text.

    Several insertions at one place are applied in their order.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    backwards = reversed(list(changes))
    for edit in sorted(backwards, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.text.replace("\n", newline) + text[edit.end :]
    return text


# Writing YAML


def inline(value: Any) -> str:
    """YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key)}: {inline(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def block(value: Any, indent: int) -> str:
    """YAML in block style; all lines but the first are indented by `indent` blanks."""
    margin = "\n" + " " * indent
    if isinstance(value, dict) and value:
        return margin.join(f"{inline(key)}:{_below(member, indent)}" for key, member in value.items())
    if isinstance(value, list) and value:
        return margin.join(f"- {block(element, indent + 2)}" for element in value)
    return inline(value)


def _below(value: Any, indent: int) -> str:
    """A value after the colon of a key that is indented by `indent`."""
    if isinstance(value, dict | list) and value:
        return "\n" + " " * (indent + 2) + block(value, indent + 2)
    return " " + inline(value)


def _text(value: str) -> str:
    """A string, in quotes unless every YAML reader takes it for a string."""
    if _PLAIN.fullmatch(value) and value[-1] != " " and resolve(value) == value:
        return value
    return "".join(c if c.isprintable() else _escape(c) for c in json.dumps(value, ensure_ascii=False))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


# Editing


def edits(key: ScalarNode, node: Node, value: Any, parents: Iterable[Node] = ()) -> list[Rewrite]:
    """The edits that change the value of a key from `node` to `value`. Nothing outside that value is changed.

    `parents` are the nodes around the key: if one of them is in flow style, so is the new text.
    """
    editor = _Editor(node.source)
    flow = any(editor.is_flow(parent) for parent in parents)
    alias = _ALIAS.match(editor.text, key.end) if node.start < key.end else None
    if alias is not None:  # the node is where the anchor is
        new = f" {inline(value)}" if flow else _below(value, editor.column(key))
        return [Rewrite(alias.start(1), alias.end(), new)]
    return list(editor.member(key, node, value, flow=flow))


class _Editor:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text

    def member(self, key: ScalarNode, node: Node, value: Any, *, flow: bool) -> Iterator[Rewrite]:
        inside = self.inside(node, value, flow=flow)
        if inside is not None:
            yield from inside
            return
        start, indent = node.start, self.column(key) + 2
        own_line = self.source.place(key.start, key.start).line < node.place.line
        colon = _COLON.match(self.text, key.end)
        only_blank = colon is not None and _BLANK.fullmatch(self.text, colon.end(), node.start) is not None
        if flow or self.fits(node, value):
            new = inline(value)
            if only_blank and colon is not None:
                start, new = colon.end(), f" {new}"
        elif own_line:
            new = block(value, self.column(node))
        else:
            new = _below(value, indent - 2)
            if only_blank and colon is not None:
                start = colon.end()
        yield Rewrite(start, node.end, new)

    def element(self, node: Node, value: Any, *, flow: bool) -> Iterator[Rewrite]:
        inside = self.inside(node, value, flow=flow)
        if inside is not None:
            yield from inside
            return
        blank = " " if node.start == node.end else ""
        new = inline(value) if flow or self.fits(node, value) else block(value, self.column(node) + len(blank))
        yield Rewrite(node.start, node.end, blank + new)

    def inside(self, node: Node, value: Any, *, flow: bool) -> list[Rewrite] | None:
        """The edits of inner values that suffice, or None if the node has to be replaced."""
        if matches(plain(node), value):
            return []
        if not flow and self.outgrows(node, value):
            return None
        flow = flow or self.is_flow(node)
        if isinstance(node, MappingNode) and isinstance(value, dict) and self.is_written_out(node):
            kept = [(key, member) for key, member in node.entries if key.text in value]
            added = {name: member for name, member in value.items() if node.get(name) is None}
            if not kept or len(kept) < len(node.entries) or (added and flow):
                return None
            changes = [edit for key, member in kept for edit in self.member(key, member, value[key.text], flow=flow)]
            return changes + self.added(node, added)
        if isinstance(node, SequenceNode) and isinstance(value, list) and self.is_written_out(node):
            if len(node.items) != len(value):
                return None
            pairs = zip(node.items, value, strict=True)
            return [edit for item, element in pairs for edit in self.element(item, element, flow=flow)]
        return None

    def added(self, node: MappingNode, members: dict[str, Any]) -> list[Rewrite]:
        """Adds keys at the end of a mapping in block style, after the comment of its last line, if any."""
        if not members:
            return []
        indent = self.column(node)
        rest = _REST_OF_LINE.match(self.text, node.end)
        end = rest.end() if rest else node.end
        return [Rewrite(end, end, "\n" + " " * indent + block(members, indent))]

    def is_written_out(self, node: MappingNode | SequenceNode) -> bool:
        """Returns whether all parts are written in the node itself, not repeated by an alias."""
        parts: list[Node] = [*node.items] if isinstance(node, SequenceNode) else []
        if isinstance(node, MappingNode):
            parts = [part for entry in node.entries for part in entry]
        ends = [node.start, *(part.end for part in parts)]
        return all(before <= part.start for before, part in zip(ends, parts, strict=False)) and ends[-1] <= node.end

    def is_flow(self, node: Node) -> bool:
        return not isinstance(node, ScalarNode) and self.text[node.start] in "{["

    def fits(self, node: Node, value: Any) -> bool:
        """Returns whether the value fits on one line: it has no members, or was on one line before."""
        if not isinstance(value, dict | list) or not value:
            return True
        return self.is_flow(node) and bool(plain(node)) and not self.outgrows(node, value)

    def outgrows(self, node: Node, value: Any) -> bool:
        """Returns whether a list or object would be too long for its one line."""
        if not self.is_flow(node):
            return False
        room = _WIDTH - self.column(node)
        return len(inline(plain(node))) <= room < len(inline(value))

    def column(self, node: Node) -> int:
        return node.place.column - 1
