"""Changes values inside a YAML text and leaves all else byte for byte: comments, order, quotes, line ends.

What differs is replaced as deep down as possible, so that a change reads as what it is in a review. New text is dumped
so that it reads back as exactly the same JSON value.
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

__all__ = ["Edit", "applied", "block", "edits", "inline"]

_WIDTH = 120
_PLAIN = re.compile(r"[A-Za-z0-9_/$](?:[\w./@$+-]| (?! ))*", re.ASCII)
_ALIAS = re.compile(r"[ \t]*:([ \t]*\*[^\s,\[\]{}]+)")
_COLON = re.compile(r"[ \t]*:")
_BLANK = re.compile(r"\s*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters `start` to `end` (exclusive) of a text become `text`."""

    start: int
    end: int
    text: str


def applied(text: str, changes: Iterable[Edit]) -> str:
    """The text with all edits made; they must not overlap. New lines end as those of the text do.

    What several edits put at one place comes in the order of the edits.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    backwards = reversed(list(changes))
    for edit in sorted(backwards, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.text.replace("\n", newline) + text[edit.end :]
    return text


# Dumping


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
    """A value after the colon of a key that stands at `indent`."""
    if isinstance(value, dict | list) and value:
        return "\n" + " " * (indent + 2) + block(value, indent + 2)
    return " " + inline(value)


def _text(value: str) -> str:
    """A text, in quotes unless every reader of YAML takes it for nothing else."""
    if _PLAIN.fullmatch(value) and value[-1] != " " and resolve(value) == value:
        return value
    return "".join(c if c.isprintable() else _escape(c) for c in json.dumps(value, ensure_ascii=False))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


# Editing


def edits(key: ScalarNode, node: Node, value: Any, parents: Iterable[Node] = ()) -> list[Edit]:
    """The edits that make the value of a key, now `node`, another one. Nothing outside of that value is edited.

    `parents` are the nodes around the key: where one of them is in flow style, so is what is written.
    """
    editor = _Editor(node.source)
    flow = any(editor.is_flow(parent) for parent in parents)
    alias = _ALIAS.match(editor.text, key.end) if node.start < key.end else None
    if alias is not None:  # the node stands where the anchor is
        new = f" {inline(value)}" if flow else _below(value, editor.column(key))
        return [Edit(alias.start(1), alias.end(), new)]
    return list(editor.member(key, node, value, flow=flow))


class _Editor:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text

    def member(self, key: ScalarNode, node: Node, value: Any, *, flow: bool) -> Iterator[Edit]:
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
        yield Edit(start, node.end, new)

    def element(self, node: Node, value: Any, *, flow: bool) -> Iterator[Edit]:
        inside = self.inside(node, value, flow=flow)
        if inside is not None:
            yield from inside
            return
        blank = " " if node.start == node.end else ""
        new = inline(value) if flow or self.fits(node, value) else block(value, self.column(node) + len(blank))
        yield Edit(node.start, node.end, blank + new)

    def inside(self, node: Node, value: Any, *, flow: bool) -> list[Edit] | None:
        """The edits further down that are enough, or None where the node has to be replaced."""
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

    def added(self, node: MappingNode, members: dict[str, Any]) -> list[Edit]:
        """New keys at the end of a mapping in block style, after the comment that its last line may have."""
        if not members:
            return []
        indent = self.column(node)
        rest = _REST_OF_LINE.match(self.text, node.end)
        end = rest.end() if rest else node.end
        return [Edit(end, end, "\n" + " " * indent + block(members, indent))]

    def is_written_out(self, node: MappingNode | SequenceNode) -> bool:
        """Whether all parts stand where they belong: an alias takes its place from what it repeats."""
        parts: list[Node] = [*node.items] if isinstance(node, SequenceNode) else []
        if isinstance(node, MappingNode):
            parts = [part for entry in node.entries for part in entry]
        ends = [node.start, *(part.end for part in parts)]
        return all(before <= part.start for before, part in zip(ends, parts, strict=False)) and ends[-1] <= node.end

    def is_flow(self, node: Node) -> bool:
        return not isinstance(node, ScalarNode) and self.text[node.start] in "{["

    def fits(self, node: Node, value: Any) -> bool:
        """Whether the value goes on one line: it is no list or object with members, or took one line so far."""
        if not isinstance(value, dict | list) or not value:
            return True
        return self.is_flow(node) and bool(plain(node)) and not self.outgrows(node, value)

    def outgrows(self, node: Node, value: Any) -> bool:
        """Whether a list or object on one line would no longer fit there."""
        if not self.is_flow(node):
            return False
        room = _WIDTH - self.column(node)
        return len(inline(plain(node))) <= room < len(inline(value))

    def column(self, node: Node) -> int:
        return node.place.column - 1
