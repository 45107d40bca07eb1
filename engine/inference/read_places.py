"""Finds the reads of a place of the input by the patterns of the places that are read.

Needs no rules: a compiled mapping keeps the patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Generic, Protocol, TypeVar

from ..values.pointers import join
from .sources import ANY, FOLDED, ElementGuard, Pattern

__all__ = ["MAX_NAMES", "ReadNode", "ReadPlace", "Reads", "ReadsAt"]

MAX_NAMES = 200
"""The maximum number of names below one place; further ones are counted together."""


class ReadPlace(Protocol):
    """A place that is read, with everything below it if `is_whole`, if all guards hold."""

    @property
    def pattern(self) -> Pattern: ...
    @property
    def is_whole(self) -> bool: ...
    @property
    def guards(self) -> frozenset[ElementGuard]: ...


_Read = TypeVar("_Read", bound=ReadPlace)
_Note = TypeVar("_Note")


@dataclass(eq=False)
class _ReadStep(Generic[_Read]):
    """A step of the patterns of the places that are read."""

    below: dict[str, _ReadStep[_Read]] = field(default_factory=dict)
    reads: list[_Read] = field(default_factory=list)
    guards: dict[ElementGuard, None] = field(default_factory=dict)
    """The guards of reads at this step and below that test the value at this step."""


@dataclass(frozen=True, eq=False)
class ReadsAt(Generic[_Read]):
    """The reads of the value at one place of the input and around it, and the `guards` that test the value."""

    steps: tuple[_ReadStep[_Read], ...]
    above: tuple[_Read, ...] = ()

    def below(self, name: str) -> ReadsAt[_Read]:
        """The reads one step below, in which ANY stands for any index."""
        steps = tuple(below for step in self.steps for below in _steps(step.below, name))
        return ReadsAt(steps, self.above + tuple(read for step in self.steps for read in step.reads if read.is_whole))

    @property
    def all(self) -> list[_Read]:
        return [*self.above, *(read for step in self.steps for read in step.reads)]

    @property
    def guards(self) -> list[ElementGuard]:
        return [guard for step in self.steps for guard in step.guards]

    def inside(self, value: Any) -> list[_Read]:
        """The reads of what could be in an empty object or list; none for any other value."""
        if type(value) not in (dict, list) or value:
            return []
        pending = [
            below
            for step in reversed(self.steps)
            for name, below in reversed(step.below.items())
            if type(value) is dict or name == ANY
        ]
        found = []
        while pending:
            step = pending.pop()
            found += step.reads
            pending += reversed(step.below.values())
        return found


@dataclass(slots=True, eq=False)
class ReadNode(Generic[_Read, _Note]):
    """A place of inputs, for values inside of elements for which the guards `failing` fail.

    `choices` are the guards on the value at the place, by the path of the member that they test and its wanted value;
    `variants` are the nodes for the values of these members. `note` is for data of the user of the node.
    """

    path: Pattern
    reads: ReadsAt[_Read]
    failing: frozenset[ElementGuard] = frozenset()
    below: dict[str, ReadNode[_Read, _Note]] = field(default_factory=dict)
    note: _Note | None = None
    choices: dict[Pattern, dict[Any, list[ElementGuard]]] = field(default_factory=dict)
    variants: dict[tuple[Any, ...], ReadNode[_Read, _Note]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for guard in self.reads.guards:
            self.choices.setdefault(guard.member, {}).setdefault(guard.value, []).append(guard)

    @property
    def holding(self) -> list[_Read]:
        """The reads of the value at this place whose guards do not fail."""
        return [read for read in self.reads.all if read.guards.isdisjoint(self.failing)]

    def expecting(self, value: Any) -> list[_Read]:
        """The reads whose guards do not fail of what could be in an empty object or list at this place."""
        return [read for read in self.reads.inside(value) if read.guards.isdisjoint(self.failing)]

    def leaves(self, value: Any, place: str = "") -> Iterator[tuple[str, ReadNode[_Read, _Note], Any]]:
        """The leaves of a value at this place, in their order, each with its place and node."""
        pending = [(place, self, value)]
        while pending:
            place, node, value = pending.pop()
            node = node.variant(value) if node.choices else node
            if isinstance(value, dict) and value:
                pending += [(join(place, name), node.child(name), one) for name, one in reversed(value.items())]
            elif isinstance(value, list) and value:
                child, last = node.child(ANY), len(value) - 1
                pending += [(join(place, last - index), child, one) for index, one in enumerate(reversed(value))]
            else:
                yield place, node, value

    def child(self, name: str) -> ReadNode[_Read, _Note]:
        """The node of a member; after many, new nodes that are not kept, with the same path for all further members."""
        node = self.below.get(name)
        if node is None:
            is_kept = len(self.below) <= MAX_NAMES
            node = ReadNode((*self.path, name if is_kept else ANY), self.reads.below(name), self.failing)
            if is_kept:
                self.below[name] = node
        return node

    def variant(self, value: Any) -> ReadNode[_Read, _Note]:
        """The node for a value at this place, by the guards that fail for it."""
        found = []
        for member, values in self.choices.items():
            there = _at(value, member)
            found.append(there if type(there) is str and there in values else None)
        key = tuple(found)
        node = self.variants.get(key)
        if node is None:
            failing = {
                guard
                for (_, values), there in zip(self.choices.items(), key, strict=True)
                for wanted, guards in values.items()
                if wanted != there
                for guard in guards
            }
            node = ReadNode(self.path, self.reads, self.failing.union(failing))
            if len(self.variants) <= MAX_NAMES:
                self.variants[key] = node
        return node


class Reads(Generic[_Read]):
    """Finds the reads of rules by place."""

    def __init__(self, reads: Iterable[_Read]) -> None:
        root = _ReadStep[_Read]()
        for read in reads:
            _step(root, read.pattern).reads.append(read)
            for guard in read.guards:
                _step(root, guard.element).guards[guard] = None
        self.root = ReadsAt((root,))

    def of(self, path: Pattern) -> list[_Read]:
        """The reads of the value at a path, in which ANY stands for any index."""
        return reduce(ReadsAt.below, path, self.root).all


def _at(value: Any, path: Pattern) -> Any:
    for name in path:
        if type(value) is not dict:
            return None
        value = value.get(name)
    return value


def _step(root: _ReadStep[_Read], pattern: Pattern) -> _ReadStep[_Read]:
    for token in pattern:
        root = root.below.setdefault(token, _ReadStep[_Read]())
    return root


def _steps(below: Mapping[str, _ReadStep[_Read]], name: str) -> Iterator[_ReadStep[_Read]]:
    return (node for token, node in below.items() if name == ANY or _matches(token, name))


def _matches(token: str, name: str) -> bool:
    """Returns whether a token of a pattern matches a name of the input."""
    if token in (ANY, name):
        return True
    return token.startswith(FOLDED) and name.casefold() == token[1:]
