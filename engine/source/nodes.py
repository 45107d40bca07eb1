"""Nodes of YAML with their places: scalars, sequences, mappings."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import is_
from typing import Any, cast

from ..diagnostics.problem import Place, Problem, Related
from .scalars import JsonScalar, character_spans
from .text import LINE_END, Source

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


@dataclass(frozen=True, slots=True)
class _Change:
    """A change between two versions of a text, which are equal before the offset `same` and from `tail` on.

    `tail` is an offset into the new version; from there on, offsets have grown by `delta`; lines kept their numbers.
    """

    same: int
    tail: int
    delta: int

    @classmethod
    def between(cls, before: str, now: str) -> _Change:
        least = min(len(before), len(now))
        same = bisect_left(range(least), True, key=lambda at: now[: at + 1] != before[: at + 1])
        left = least - same
        size = bisect_left(range(left), True, key=lambda at: now[len(now) - at - 1 :] != before[len(before) - at - 1 :])
        found = LINE_END.search(now, max(len(now) - size - 1, 0))
        middles = before[same : len(before) - size], now[same : len(now) - size]
        if found is None or len(LINE_END.findall(middles[0])) != len(LINE_END.findall(middles[1])):
            return cls(same, len(now) + 1, 0)
        return cls(same, max(found.end(), len(now) - size), len(now) - len(before))

    def starts_alike(self, node: Node, last: Node) -> bool:
        return node.start == last.start or self.has_moved(node, last)

    def has_moved(self, node: Node, last: Node) -> bool:
        return node.start >= self.tail and node.start == last.start + self.delta

    def is_same(self, node: Node, last: Node) -> bool:
        """Returns whether the whole text of a node is unchanged, on the same lines."""
        if node.start == last.start and node.end == last.end and node.end < self.same:
            return True
        return self.has_moved(node, last) and node.end == last.end + self.delta


def reused(node: Node, last: Node) -> Node:
    """The node, with its unchanged parts replaced by the nodes of the last version of the file.

    These keep the source of that version: their places are the same in both, their offsets may not be.
    """
    return _reused(node, last, _Change.between(last.source.text, node.source.text))


def _reused(node: Node, last: Node, change: _Change) -> Node:
    if type(node) is not type(last) or not change.starts_alike(node, last):
        return node
    is_same = change.is_same(node, last)
    if isinstance(node, ScalarNode) and isinstance(last, ScalarNode):
        # The value of a block scalar may depend on the text after it.
        return last if is_same and (node.text, node.style) == (last.text, last.style) else node
    if isinstance(node, SequenceNode) and isinstance(last, SequenceNode):
        items = tuple(_reused(one, other, change) for one, other in _paired(node.items, last.items))
        if is_same and len(node.items) == len(last.items) and all(map(is_, items, last.items)):
            return last
        return replace(node, items=items)
    if isinstance(node, MappingNode) and isinstance(last, MappingNode) and not node.repeated and not last.repeated:
        keys = _paired([key for key, _ in node.entries], [key for key, _ in last.entries])
        values = _paired([value for _, value in node.entries], [value for _, value in last.entries])
        entries = tuple(
            (cast("ScalarNode", _reused(*key, change)), _reused(*value, change))
            for key, value in zip(keys, values, strict=True)
        )
        parts = map(is_, chain.from_iterable(entries), chain.from_iterable(last.entries))
        if is_same and len(node.entries) == len(last.entries) and all(parts):
            return last
        return replace(node, entries=entries)
    return node


def _paired(nodes: Sequence[Node], last: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    """Pairs each node with the one of the last version that has its index, counted from the start or from the end."""
    extra = len(nodes) - len(last)
    for index, node in enumerate(nodes):
        first = last[index] if index < len(last) else node
        other = last[index - extra] if 0 <= index - extra < len(last) else node
        yield node, first if node.start == first.start else other


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
