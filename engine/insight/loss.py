"""Finds the fate of every member of inputs over a corpus: sent, read by rules only, or not read by any rule."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..interpreter.interpreter import Interpreter
from ..jobs.input import read_units
from ..language.rulebook import Rulebook
from ..values.kinds import KINDS
from ..values.times import TimeError, of_iso
from .reads import Reads, ReadsAt, reads_of
from .sources import ANY, ElementGuard, Pattern

__all__ = ["MAX_NAMES", "Collector", "Fate", "InputMember", "Loss", "loss_over"]

Fate = Literal["sent", "read", "unread"]
MAX_NAMES = 200
"""The maximum number of names below one place; further ones are counted together."""
_MAX_OWNERS = 3
_UNIT_BYTES = 1 << 19
_UNKNOWN = (1 << 62, -1)
"""The times of a member before the first value."""
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000
"""Integers between these, the years 2000 and 2100 in milliseconds, are times."""
_SHORTEST_TIME = 20


@dataclass
class InputMember:
    """A place of inputs: the number of its values and of batches with it, the kinds of values, and its fate.

    `by` names the first parts of the rules that read it; `example` is the first value. `times` are the earliest and the
    latest, in milliseconds since 1970, if all values are times.
    """

    fate: Fate
    by: tuple[str, ...]
    example: Any
    values: int = 0
    batches: int = 0
    types: dict[type, int] = field(default_factory=dict)
    """How often each Python type was there."""
    times: tuple[int, int] | None = _UNKNOWN
    last: int = -1
    """The number of the last batch with it."""

    @property
    def kinds(self) -> Counter[str]:
        return Counter({KINDS[type_]: number for type_, number in self.types.items()})

    def time(self, value: Any) -> None:
        """Takes account of the time that a value is, if it is one."""
        found = _time_of(value)
        self.times = (
            None if found is None or self.times is None else (min(self.times[0], found), max(self.times[1], found))
        )


@dataclass
class Loss:
    """The members of all inputs by their path, in which `*` stands for any index.

    `passed` has the number of distinct names below each place whose names pass through: at most MAX_NAMES are told
    apart. `now` is when the run began, in milliseconds since 1970.
    """

    batches: int = 0
    unreadable: int = 0
    members: dict[Pattern, InputMember] = field(default_factory=dict)
    passed: dict[Pattern, int] = field(default_factory=dict)
    now: int = field(default_factory=lambda: int(time.time() * 1000))

    def sorted(self, *fates: Fate) -> list[tuple[Pattern, InputMember]]:
        """The members of these fates, the most frequent ones first."""
        chosen = ((path, member) for path, member in self.members.items() if member.fate in fates)
        return sorted(chosen, key=lambda item: (-item[1].batches, item[0]))

    def to_json(self, *, show_values: bool) -> dict[str, Any]:
        """`{batches, unreadable, passed: [{path, names}], members: [{path, fate, by, batches, values, kinds, ...}]}`.

        Members that are times have `times`, the earliest and the latest, in milliseconds since now; `example` is there
        with `show_values`.
        """
        return {
            "batches": self.batches,
            "unreadable": self.unreadable,
            "passed": [{"path": "/" + "/".join(path), "names": names} for path, names in sorted(self.passed.items())],
            "members": [
                {
                    "path": "/" + "/".join(path),
                    "fate": member.fate,
                    "by": list(member.by),
                    "batches": member.batches,
                    "values": member.values,
                    "kinds": dict(sorted(member.kinds.items())),
                    **({} if (times := member.times) is None else {"times": [one - self.now for one in times]}),
                    **({"example": member.example} if show_values else {}),
                }
                for path, member in sorted(self.members.items())
            ],
        }


def loss_over(rulebook: Rulebook, files: Iterable[str], progress: Callable[[str], None]) -> Loss:
    """The fates of all members of the batches in files. Raises OSError.

    `progress` is called now and then with a line to show. Objects and lists count only if they are empty. Where a rule
    hands an input to another mapping, the members are those of what that gives.
    """
    interpreter, collector = Interpreter(rulebook), Collector(Reads(reads_of(rulebook)))
    loss = collector.loss
    for file_name in files:
        with open(file_name, "rb") as file:
            for unit in read_units(file, file_name, _UNIT_BYTES):
                for record in unit:
                    batch, problem = record.parse()
                    if problem is not None or not isinstance(batch, dict):
                        loss.unreadable += 1
                        continue
                    _, mapped = interpreter.converted(batch) or ("", (batch,))
                    for one in mapped:
                        collector.add(one)
                    loss.batches += 1
                progress(f"{loss.batches} batches, {len(loss.members)} members")
    return loss


@dataclass(slots=True, eq=False)
class _Node:
    """A place of inputs, below elements for which some guards fail; `choices` are the guards about the value here.

    These are kept by the member that they look at and its value; `variants` has the nodes to go on from by the values.
    """

    path: Pattern
    reads: ReadsAt
    failing: frozenset[ElementGuard]
    below: dict[str, _Node] = field(default_factory=dict)
    member: InputMember | None = None
    choices: dict[Pattern, dict[Any, list[ElementGuard]]] = field(default_factory=dict)
    variants: dict[tuple[Any, ...], _Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for guard in self.reads.guards:
            self.choices.setdefault(guard.member, {}).setdefault(guard.value, []).append(guard)

    def child(self, name: str) -> _Node:
        """The node of a member; of further ones after many, that of all of them together."""
        if len(self.below) > MAX_NAMES:
            name = ANY
        node = self.below.get(name)
        if node is None:
            node = self.below[name] = _Node((*self.path, name), self.reads.below(name), self.failing)
        return node

    def variant(self, value: Any) -> _Node:
        """The node for a value here: another one where other guards fail."""
        found = []
        for member, values in self.choices.items():
            there = _at(value, member)
            found.append(there if type(there) is str and there in values else None)
        key = tuple(found)
        node = self.variants.get(key)
        if node is None:
            if len(self.variants) > MAX_NAMES:
                return self
            failing = {
                guard
                for (_, values), there in zip(self.choices.items(), key, strict=True)
                for wanted, guards in values.items()
                if wanted != there
                for guard in guards
            }
            node = self.variants[key] = _Node(self.path, self.reads, self.failing.union(failing))
        return node


def _at(value: Any, path: Pattern) -> Any:
    for name in path:
        if type(value) is not dict:
            return None
        value = value.get(name)
    return value


class Collector:
    """Collects the members of batches."""

    def __init__(self, reads: Reads) -> None:
        self.root = _Node((), reads.root, frozenset())
        self.loss = Loss()
        self.names: Counter[Pattern] = Counter()

    def add(self, batch: Any) -> None:
        """Adds the scalars and empty values of a batch."""
        number = self.loss.batches
        pending: list[tuple[_Node, Any]] = [(self.root, batch)]
        while pending:
            node, value = pending.pop()
            if node.choices:
                node = node.variant(value)
            if type(value) is dict and value:
                below = node.below
                pending += [(below.get(name) or node.child(name), member) for name, member in value.items()]
            elif type(value) is list and value:
                child = node.below.get(ANY) or node.child(ANY)
                pending += [(child, element) for element in value]
            else:
                if (member := node.member) is None:
                    member = node.member = self.member(node, value)
                member.values += 1
                kinds, type_ = member.types, type(value)
                kinds[type_] = kinds.get(type_, 0) + 1
                if member.last != number:
                    member.last = number
                    member.batches += 1
                if member.times is not None:
                    member.time(value)

    def member(self, node: _Node, value: Any) -> InputMember:
        """The member at a node, which has the best of the fates at all nodes of its path."""
        loss, path = self.loss, node.path
        found = [read for read in node.reads.all if read.guards.isdisjoint(node.failing)]
        if path not in loss.members:
            above = path[:-1]
            self.names[above] += 1
            passes = any(read.is_sent and read.pattern == (*above, ANY) for read in found)
            if path[-1:] != (ANY,) and (above in loss.passed or passes):
                loss.passed[above] = min(self.names[above], MAX_NAMES)
            if self.names[above] > MAX_NAMES:
                path = (*above, ANY)
        sent = [read for read in found if read.is_sent]
        fate: Fate = "sent" if sent else "read" if found else "unread"
        by = tuple(dict.fromkeys(read.title for read in sent or found))
        member = loss.members.setdefault(path, InputMember(fate, by[:_MAX_OWNERS], value))
        if _RANKS[fate] > _RANKS[member.fate]:
            member.fate, member.by = fate, by[:_MAX_OWNERS]
        elif fate == member.fate:
            member.by = tuple(dict.fromkeys((*member.by, *by)))[:_MAX_OWNERS]
        return member


_RANKS: dict[Fate, int] = {"unread": 0, "read": 1, "sent": 2}


def _time_of(value: Any) -> int | None:
    """The time that a value gives, in milliseconds since 1970."""
    if type(value) is int:
        return value if _EARLIEST <= value <= _LATEST else None
    if type(value) is str and len(value) >= _SHORTEST_TIME and value[4] == "-" == value[7]:
        try:
            return int(of_iso(value).timestamp() * 1000)
        except TimeError:
            return None
    return None
