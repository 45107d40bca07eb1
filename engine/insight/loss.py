"""Finds the fate of every member of inputs over a corpus: sent, dropped by its name, only read, or not read."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from ..compiler import compiled
from ..inference.read_places import MAX_NAMES, ReadNode, Reads
from ..inference.reads import InputRead, converting_reads, reads_of
from ..inference.sources import ANY, Pattern
from ..interpreter.interpreter import Interpreter
from ..jobs.distinct import Distinct, DistinctCounter
from ..jobs.input import units_in
from ..jobs.unreadable import Unreadable
from ..language.rulebook import Rulebook
from ..values.kinds import KINDS
from ..values.times import TimeError, of_iso
from .dropping import dropped

__all__ = ["FATES", "MAX_NAMES", "Collector", "Fate", "InputMember", "Loss", "ReadTree", "loss_over"]

Fate = Literal["unread", "read", "dropped", "sent"]
FATES: tuple[Fate, ...] = ("unread", "read", "dropped", "sent")
"""The fates of members by rank: of several fates of one member, the last in this order counts."""
_MAX_OWNERS = 3
_UNIT_BYTES = 1 << 19
_UNKNOWN = (1 << 62, -1)
"""The times of a member without values yet."""
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000
"""Integers between these, the years 2000 and 2100 in milliseconds since 1970, are taken for times."""
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
    """The number of values of each Python type."""
    times: tuple[int, int] | None = _UNKNOWN
    cut: int | None = None
    """The number of characters that the rules keep of strings; None if they are not cut."""
    cuts: int = 0
    """The number of strings that are longer than that."""
    last: int = -1
    """The number of the last batch with it."""

    @property
    def kinds(self) -> Counter[str]:
        return Counter({KINDS[type_]: number for type_, number in self.types.items()})

    def add(self, batch: int, value: Any) -> None:
        """Adds a value in the batch of this number."""
        self.values += 1
        self.types[type(value)] = self.types.get(type(value), 0) + 1
        if self.last != batch:
            self.last = batch
            self.batches += 1
        if self.is_looked_at:
            self.look(value)

    @property
    def is_looked_at(self) -> bool:
        """True if values themselves matter, not only their kinds."""
        return self.times is not None or self.cut is not None

    def look(self, value: Any) -> None:
        """Counts a value's length, and takes it as a time if it is one."""
        if self.times is not None:
            found, (first, last) = _time_of(value), self.times
            self.times = None if found is None else (min(first, found), max(last, found))
        if self.cut is not None and isinstance(value, str) and len(value) > self.cut:
            self.cuts += 1


@dataclass
class Loss:
    """The members of all inputs by their path, in which `*` stands for any index.

    `passed` has the number of distinct names, up to MAX_NAMES, below each place whose names pass through. `distinct`
    has the names in requests at places where their number is limited. `now` is the start of the run, in milliseconds
    since 1970.
    """

    batches: int = 0
    unreadable: Unreadable = field(default_factory=Unreadable)
    members: dict[Pattern, InputMember] = field(default_factory=dict)
    passed: dict[Pattern, int] = field(default_factory=dict)
    distinct: list[Distinct] = field(default_factory=list)
    now: int = field(default_factory=lambda: int(time.time() * 1000))

    def sorted(self, *fates: Fate) -> list[tuple[Pattern, InputMember]]:
        """The members of these fates, the most frequent ones first."""
        chosen = ((path, member) for path, member in self.members.items() if member.fate in fates)
        return sorted(chosen, key=lambda item: (-item[1].batches, item[0]))

    def to_json(self, *, show_values: bool) -> dict[str, Any]:
        """`{batches, unreadable, passed, distinct, members: [{path, fate, by, batches, values, kinds, ...}]}`.

        Members that are times have `times`, the earliest and the latest, in milliseconds relative to now; `example` is
        given with `show_values`.
        """
        return {
            "batches": self.batches,
            "unreadable": self.unreadable.count,
            "passed": [{"path": "/" + "/".join(path), "names": names} for path, names in sorted(self.passed.items())],
            "distinct": [one.to_json() for one in self.distinct],
            "members": [
                {
                    "path": "/" + "/".join(path),
                    "fate": member.fate,
                    "by": list(member.by),
                    "batches": member.batches,
                    "values": member.values,
                    "kinds": dict(sorted(member.kinds.items())),
                    **({"cut": {"length": member.cut, "values": member.cuts}} if member.cuts else {}),
                    **({} if (times := member.times) is None else {"times": [one - self.now for one in times]}),
                    **({"example": member.example} if show_values else {}),
                }
                for path, member in sorted(self.members.items())
            ],
        }


def loss_over(
    rulebook: Rulebook, files: Iterable[str], progress: Callable[[str], None], *, limits: bool = False
) -> Loss:
    """The fates of all members of the batches in files; with `limits`, also distinct names in requests. Raises OSError.

    `progress` is called now and then with a line to show. Objects and lists count only if they are empty. If a rule
    hands an input to another mapping, its members are followed into the bodies of that.
    """
    collector = Collector(rulebook, limits=limits)
    loss = collector.loss
    for unit in units_in(files, _UNIT_BYTES):
        for record in unit:
            if (batch := loss.unreadable.batch_of(record)) is not None:
                collector.add(batch)
        progress(f"{loss.batches} batches, {len(loss.members)} members")
    return loss


_Node: TypeAlias = ReadNode[InputRead, InputMember]


class _Fate(NamedTuple):
    """The fate of the leaves at a node, the parts of the rules that decide it, and how strings are cut."""

    fate: Fate
    by: tuple[str, ...]
    cut: int | None
    passes: bool
    """Set if the names of all members at the place pass through."""

    def joined(self, other: _Fate) -> _Fate:
        """The fate of higher rank, or both combined if they are the same."""
        if self.fate != other.fate:
            return max(self, other, key=lambda one: FATES.index(one.fate))
        by = tuple(dict.fromkeys((*self.by, *other.by)))[:_MAX_OWNERS]
        cut = None if self.cut is None or other.cut is None else max(self.cut, other.cut)
        return _Fate(self.fate, by, cut, self.passes or other.passes)


class ReadTree:
    """The nodes of the inputs of one mapping, and the fates of their leaves by its rules."""

    def __init__(self, reads: Reads[InputRead], settings: Mapping[str, Any]) -> None:
        self.root: _Node = ReadNode((), reads.root)
        self.settings = settings

    def fate(self, node: _Node, value: Any) -> _Fate:
        """The fate of a leaf at a node: an empty object or list is also read by what reads something in it."""
        path = node.path
        found = node.holding
        sent = [read for read in found if read.is_sent]
        reasons = [self.reason(read, path) for read in sent]
        kept = [read for read, reason in zip(sent, reasons, strict=True) if reason is None]
        cuts = [read.cut for read in kept]
        by = [read.title for read in kept or found or node.expecting(value)]
        if sent and not kept:
            by = [f"{read.title}: {reason}" for read, reason in zip(sent, reasons, strict=True)]
        fate: Fate = "sent" if kept else "dropped" if sent else "read" if by else "unread"
        cut = max((one for one in cuts if one is not None), default=None) if None not in cuts else None
        passes = path[-1:] != (ANY,) and any(read.pattern == (*path[:-1], ANY) for read in sent)
        return _Fate(fate, tuple(dict.fromkeys(by))[:_MAX_OWNERS], cut, passes)

    def reason(self, read: InputRead, path: Pattern) -> str | None:
        """The reason why a spread drops the entry around a place; None if it does not, or if that is not known."""
        names = ((spread, path[steps - 1]) for spread, steps in read.entries if path[steps - 1] != ANY)
        reasons = (dropped(spread, name, self.settings) for spread, name in names)
        return next((reason for reason in reasons if reason is not None), None)


def _tree_of(rulebook: Rulebook) -> ReadTree:
    return ReadTree(Reads(reads_of(rulebook)), rulebook.values)


class Collector:
    """Collects the members of batches; with `limits`, also maps these and counts distinct names in the requests."""

    def __init__(self, rulebook: Rulebook, *, limits: bool = False) -> None:
        self.interpreter = Interpreter(rulebook)
        self.tree = _tree_of(rulebook)
        self.converting = ReadTree(Reads(converting_reads(rulebook)), rulebook.values)
        self.converters = {name: (one.name, _tree_of(one)) for name, one in rulebook.converters.items()}
        self.loss = Loss()
        self.names: Counter[Pattern] = Counter()
        self.distinct = DistinctCounter(rulebook) if limits else None
        self.loss.distinct = [] if self.distinct is None else self.distinct.limits
        self.compiled = compiled.compile(rulebook) if self.loss.distinct else None

    def add(self, batch: Any) -> None:
        """Adds the scalars and empty values of a batch."""
        converted = self.interpreter.converted(batch)
        if converted is None:
            self._add(batch)
        else:
            name, bodies = converted
            self._add_converted(batch, name, bodies)
        if self.distinct is not None and self.compiled is not None:
            self.distinct.add(self.compiled.transform(batch).requests)
        self.loss.batches += 1

    def _add(self, batch: Any) -> None:
        number = self.loss.batches
        pending: list[tuple[_Node, Any]] = [(self.tree.root, batch)]
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
                if (member := node.note) is None or (member.fate == "unread" and node.reads.inside(value)):
                    member = node.note = self.member(node.path, self.tree.fate(node, value), value)
                member.values += 1
                kinds, type_ = member.types, type(value)
                kinds[type_] = kinds.get(type_, 0) + 1
                if member.last != number:
                    member.last = number
                    member.batches += 1
                if member.is_looked_at:
                    member.look(value)

    def _add_converted(self, batch: Any, name: str, bodies: Sequence[Any]) -> None:
        """Adds the leaves of a batch that another mapping converts, each followed into the bodies of that."""
        inner: dict[str, _Fate] = {}
        for body, locate in zip(bodies, self.interpreter.locators(name, batch), strict=True):
            for place, node, value in self.tree.root.leaves(body):
                fate, here = self.tree.fate(node, value), locate(place)
                inner[here] = inner[here].joined(fate) if here in inner else fate
        title, converter = self.converters[name]
        before = self.converting.root.leaves(batch)
        for (_, decides, _), (place, node, value) in zip(before, converter.root.leaves(batch), strict=True):
            fate = converter.fate(node, value)
            if fate.fate == "sent":
                fate = inner.get(place, fate)
            else:
                fate = fate._replace(by=tuple(f"{title}: {part}" for part in fate.by))
            fate = self.converting.fate(decides, value).joined(fate)
            self.member(node.path, fate, value).add(self.loss.batches, value)

    def member(self, path: Pattern, fate: _Fate, value: Any) -> InputMember:
        """The member at a path, with the highest of the fates that it was found with."""
        loss = self.loss
        if path not in loss.members:
            above = path[:-1]
            self.names[above] += 1
            if above in loss.passed or fate.passes:
                loss.passed[above] = min(self.names[above], MAX_NAMES)
            if self.names[above] > MAX_NAMES:
                path = (*above, ANY)
        member = loss.members.get(path)
        if member is None:
            member = loss.members[path] = InputMember(fate.fate, fate.by, value, cut=fate.cut)
        else:
            best = _Fate(member.fate, member.by, member.cut, passes=False).joined(fate)
            member.fate, member.by, member.cut = best.fate, best.by, best.cut
        return member


def _time_of(value: Any) -> int | None:
    """The time that a value is, in milliseconds since 1970; None if it is not one."""
    if type(value) is int:
        return value if _EARLIEST <= value <= _LATEST else None
    if type(value) is str and len(value) >= _SHORTEST_TIME and value[4] == "-" == value[7]:
        try:
            return int(of_iso(value).timestamp() * 1000)
        except TimeError:
            return None
    return None
