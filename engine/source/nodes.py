"""Nodes of YAML with their places: scalars, sequences, mappings."""

from __future__ import annotations

import json
from bisect import bisect_left
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
    """A value in a file: the characters `start` to `end` (exclusive) of `source`. Nodes compare by identity."""

    source: Source
    start: int
    end: int

    @property
    def place(self) -> Place:
        return self.source.place(self.start, self.end)


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
    """The removal of an entry: its key, and the keys that there were."""

    key: ScalarNode
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MappingNode(Node):
    """An object: its string keys and values in the order of the file.

    `repeated` are the entries whose key was given before, which is a problem. `in_vain` are the removals that found
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
    """The node, with those nodes of the last version of its file that stand as they are above the first change."""
    text, before = node.source.text, last.source.text
    same = bisect_left(range(min(len(text), len(before))), True, key=lambda at: text[: at + 1] != before[: at + 1])
    return _reused(node, last, same)


def _reused(node: Node, last: Node, same: int) -> Node:
    if type(node) is not type(last) or node.start != last.start:
        return node
    is_same = node.end == last.end and node.end < same
    if isinstance(node, ScalarNode) and isinstance(last, ScalarNode):
        # The value of a block may depend on what follows.
        return last if is_same and (node.text, node.style) == (last.text, last.style) else node
    if isinstance(node, SequenceNode) and isinstance(last, SequenceNode):
        items = tuple(_reused(one, other, same) for one, other in zip(node.items, last.items, strict=False))
        if is_same and len(node.items) == len(last.items) and all(map(is_, items, last.items)):
            return last
        return replace(node, items=(*items, *node.items[len(items) :]))
    if isinstance(node, MappingNode) and isinstance(last, MappingNode) and not node.repeated and not last.repeated:
        pairs = zip(node.entries, last.entries, strict=False)
        entries = tuple(
            (cast("ScalarNode", _reused(key, other_key, same)), _reused(value, other, same))
            for (key, value), (other_key, other) in pairs
        )
        parts = map(is_, chain.from_iterable(entries), chain.from_iterable(last.entries))
        if is_same and len(node.entries) == len(last.entries) and all(parts):
            return last
        return replace(node, entries=(*entries, *node.entries[len(entries) :]))
    return node


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
