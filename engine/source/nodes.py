"""Nodes of YAML with their places: scalars, sequences, mappings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import is_
from typing import Any, cast

from ..diagnostics.problem import Place, Problem, Related
from .scalars import JsonScalar, character_spans
from .text import Source

__all__ = [
    "MAX_DEPTH",
    "MappingNode",
    "Node",
    "Removal",
    "ScalarNode",
    "SequenceNode",
    "duplicate",
    "plain",
    "reused",
    "synthetic",
]

MAX_DEPTH = 64
"""The maximum depth of nested lists and objects, where an alias counts as the node it refers to."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value in a file: the characters `start` to `end` (exclusive) of `source`. Nodes compare by identity.

    Where another version of the file has the same value, the node moves to its place there: see `reused`.
    """

    source: Source
    start: int
    end: int

    @property
    def place(self) -> Place:
        return self.source.place(self.start, self.end)

    @property
    def written(self) -> str:
        """The node as it is written."""
        return self.source.text[self.start : self.end]


@dataclass(frozen=True, slots=True, eq=False)
class ScalarNode(Node):
    """A string, number, boolean or null.

    `text` is the decoded text, `style` the way it is written: "" for plain, a quote, "|" or ">"; None for a synthetic
    node.
    """

    value: JsonScalar
    text: str
    style: str | None

    def span(self, start: int, end: int) -> Place:
        """The place of the characters `start` to `end` (exclusive) of `text`, or of the whole node if unknown."""
        spans = self._spans()
        if not spans:
            return self.place
        first = spans[start][0] if start < len(spans) else spans[-1][1]
        last = spans[min(end, len(spans)) - 1][1] if end > start else first
        return self.source.place(min(first, self.end), min(last, self.end))

    def _spans(self) -> list[tuple[int, int]] | None:
        if self.style is None:
            return None
        return character_spans(self.source.text, self.start, self.end, self.style, self.text)


@dataclass(frozen=True, slots=True, eq=False)
class SequenceNode(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Removal:
    """The removal of an entry that does not exist: its key, and the keys that do exist."""

    key: ScalarNode
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MappingNode(Node):
    """An object: its string keys and values in the order of the file.

    `repeated` are the entries whose key was given before, which is a problem. `in_vain` are the removals that removed
    nothing when the object was merged from others, here and in all objects below.
    """

    entries: tuple[tuple[ScalarNode, Node], ...]
    repeated: tuple[tuple[ScalarNode, Node], ...] = ()
    in_vain: tuple[Removal, ...] = ()
    _by_key: dict[str, tuple[ScalarNode, Node]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {key.text: (key, value) for key, value in self.entries})

    def get(self, key: str) -> Node | None:
        entry = self._by_key.get(key)
        return entry and entry[1]

    def key(self, key: str) -> ScalarNode | None:
        entry = self._by_key.get(key)
        return entry and entry[0]

    def keys(self) -> tuple[str, ...]:
        return tuple(self._by_key)


def reused(node: Node, last: Node) -> Node:
    """The node, with its parts that are as before replaced by the nodes of the last version of the file.

    These move to their places in this version.
    """
    return _reused(node, last, {})


def _reused(node: Node, last: Node, moved: dict[int, Node]) -> Node:
    """See `reused`; `moved` has the node whose place each last node has taken, by the identity of the last node."""
    if node is last:
        return node
    if isinstance(node, ScalarNode) and isinstance(last, ScalarNode):
        is_same = (node.text, node.style, node.value) == (last.text, last.style, last.value)
        return _moved(last, node, moved) if is_same else node
    if isinstance(node, SequenceNode) and isinstance(last, SequenceNode):
        items = tuple(_reused(one, other, moved) for one, other in _paired(node.items, last.items))
        is_same = len(items) == len(last.items) and all(map(is_, items, last.items))
        return _moved(last, node, moved) if is_same else replace(node, items=items)
    if isinstance(node, MappingNode) and isinstance(last, MappingNode):
        if any((node.repeated, node.in_vain, last.repeated, last.in_vain)):
            return node
        entries = tuple(_entry(entry, last, moved) for entry in node.entries)
        parts = map(is_, chain.from_iterable(entries), chain.from_iterable(last.entries))
        is_same = len(entries) == len(last.entries) and all(parts)
        return _moved(last, node, moved) if is_same else replace(node, entries=entries)
    return node


def _moved(last: Node, node: Node, moved: dict[int, Node]) -> Node:
    """Moves the last node to the place of an equal node and returns it; the equal node if it has moved already."""
    if moved.setdefault(id(last), node) is not node:
        return node
    if last.source is not node.source:
        last.source.leave()
    for name in ("source", "start", "end"):
        object.__setattr__(last, name, getattr(node, name))
    return last


def _entry(entry: tuple[ScalarNode, Node], last: MappingNode, moved: dict[int, Node]) -> tuple[ScalarNode, Node]:
    key, value = entry
    before = last.key(key.text), last.get(key.text)
    if before[0] is None or before[1] is None:
        return entry
    return cast("ScalarNode", _reused(key, before[0], moved)), _reused(value, before[1], moved)


def _paired(nodes: Sequence[Node], last: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Pairs each node with the one of the last version that has its index, counted from the start or from the end."""
    extra = len(nodes) - len(last)
    for index, node in enumerate(nodes):
        first = last[index] if index < len(last) else node
        other = last[index - extra] if 0 <= index - extra < len(last) else node
        yield node, first if first.written == node.written else other


def plain(node: Node) -> Any:
    """The JSON value of a node."""
    match node:
        case ScalarNode():
            return node.value
        case SequenceNode():
            return [plain(item) for item in node.items]
        case MappingNode():
            return {key.text: plain(value) for key, value in node.entries}
    raise TypeError(f"not a node of a file: {node!r}")


def synthetic(value: Any, at: Node) -> Node:
    """Makes a node for a JSON value that is written nowhere; all its nodes take their place from `at`."""
    where = (at.source, at.start, at.end)
    if isinstance(value, dict):
        return MappingNode(
            *where, tuple((ScalarNode(*where, key, key, None), synthetic(item, at)) for key, item in value.items())
        )
    if isinstance(value, list):
        return SequenceNode(*where, tuple(synthetic(item, at) for item in value))
    return ScalarNode(*where, value, value if isinstance(value, str) else json.dumps(value), None)


def duplicate(place: Place, first: Place, key: str, hint: str | None = None) -> Problem:
    """The Problem of a key that is given twice in a mapping."""
    return Problem.of("M005", place, hint=hint, related=[Related(first, "first given here")], key=key, line=first.line)
