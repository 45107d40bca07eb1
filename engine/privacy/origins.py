"""Values in the analysis of personal data: the places of the input that they come from, and that they depend on.

A place is a pattern: a tuple of steps, each a name or a class of names. A value has *origins*, from which it or its
parts may be taken, and *influences*, on which it only depends. There may be more of both than real ones, never fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..diagnostics.problem import Place
from ..language.rulebook import Except, Expr
from ..language.traversal import is_excepted

__all__ = [
    "ANY",
    "NAMES",
    "NOTHING",
    "CallPlace",
    "Folded",
    "Hop",
    "InputOrigin",
    "Marks",
    "Others",
    "Pattern",
    "Step",
    "TracedValue",
    "Unlisted",
    "Way",
    "begins",
    "joined",
    "meets",
    "written",
]

ANY = "*"
"""Stands for any index or name."""
NAMES = "{name}"
"""The step to the names of an object's members, as values."""
_MOST_WAYS = 6
_MOST_HOPS = 24


@dataclass(frozen=True, slots=True)
class Folded:
    """A name in any letter case."""

    name: str

    def takes(self, name: str) -> bool:
        return name.casefold() == self.name


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """All names but those that a spread excepts."""

    excepted: Except

    def takes(self, name: str) -> bool:
        return not is_excepted(self.excepted, name)


@dataclass(frozen=True, slots=True)
class Unlisted:
    """All names but these, in any letter case."""

    names: frozenset[str]

    def takes(self, name: str) -> bool:
        return name.casefold() not in self.names


Step = str | Folded | Others | Unlisted
Pattern = tuple[Step, ...]


def meets(one: Step, other: Step) -> bool:
    """Returns whether two steps may stand for the same member."""
    if NAMES in (one, other):
        return one == other
    if ANY in (one, other) or one == other:
        return True
    if isinstance(one, str):
        return not isinstance(other, str) and other.takes(one)
    if isinstance(other, str):
        return one.takes(other)
    for a, b in ((one, other), (other, one)):
        if isinstance(a, Folded) and not isinstance(b, Folded):
            return (isinstance(b, Others) and not b.excepted.ignore_case) or b.takes(a.name)
    return not isinstance(one, Folded)  # two different names, or two sets of many


def begins(whole: Pattern, start: Pattern) -> bool:
    """Returns whether a place may be the one at `start`, or lie below it."""
    return len(start) <= len(whole) and all(map(meets, whole, start))


def written(pattern: Pattern) -> str:
    """A pattern as a JSON pointer, in which `*` stands for any index or name."""
    return "".join(f"/{_step_text(step)}" for step in pattern)


def _step_text(step: Step) -> str:
    if isinstance(step, Folded):
        return step.name
    return step.replace("~", "~0").replace("/", "~1") if isinstance(step, str) else ANY


class Placed(Protocol):
    """A part of the rules, which knows its place; that changes where the lines above it do."""

    @property
    def place(self) -> Place: ...


@dataclass(frozen=True, slots=True)
class CallPlace:
    """A call of a function in an expression, from one offset of its text to another."""

    expr: Expr
    start: int
    end: int

    @property
    def place(self) -> Place:
        return self.expr.span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Hop:
    """A part of the rules that a value passes on its way."""

    what: str
    part: Placed

    @property
    def place(self) -> Place:
        return self.part.place


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way of a value through the rules: the conditions of it, and the parts that it passes."""

    conditions: tuple[Expr, ...] = ()
    hops: tuple[Hop, ...] = ()


class Marks:
    """The marked places of the input, to which the analysis is restricted, that lie above, at or below one place."""

    def __init__(self, patterns: Mapping[Pattern, tuple[Any, ...]], depth: int = 0) -> None:
        self.patterns = patterns
        self.depth = depth
        self._below: dict[Step, Marks | None] = {}

    def below(self, step: Step) -> Marks | None:
        """The Marks for the place one step below; None if there are none."""
        if step not in self._below:
            depth = self.depth
            kept = {p: one for p, one in self.patterns.items() if len(p) <= depth or meets(step, p[depth])}
            self._below[step] = Marks(kept, depth + 1) if kept else None
        return self._below[step]

    @property
    def above(self) -> bool:
        """Returns whether a marked place is this one or above it."""
        return any(len(pattern) <= self.depth for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class InputOrigin:
    """A place of the input that a value comes from.

    `is_whole`: the value is made of everything at the place and below, so a member of it has the same origin.
    `is_alone`: only the value at the place itself matters, without its members, as in a comparison with null. `mask` is
    the function that has masked it. `converter` is the mapping whose input it is; None for the mapping itself. `marks`
    are the marked places; None if all are.
    """

    pattern: Pattern
    is_whole: bool = False
    is_alone: bool = False
    mask: str | None = None
    converter: str | None = None
    marks: Marks | None = field(default=None, compare=False)

    def below(self, step: Step) -> InputOrigin | None:
        """The origin of a member; None if no marked place is there."""
        if self.is_whole:
            return self
        marks = None if self.marks is None else self.marks.below(step)
        if marks is None and self.marks is not None:
            return None
        return InputOrigin((*self.pattern, step), False, self.is_alone, self.mask, self.converter, marks)

    @property
    def asked_alone(self) -> InputOrigin | None:
        """The origin with `is_alone` set; None if no marked place is at the place or above it."""
        if self.is_whole or self.is_alone:
            return self
        if self.marks is not None and not self.marks.above:
            return None
        return InputOrigin(self.pattern, False, True, self.mask, self.converter, self.marks)

    def is_about(self, member: Pattern) -> bool:
        """Returns whether the place of a member may be this one, below it, or above it."""
        return begins(self.pattern, member) or (not self.is_alone and begins(member, self.pattern))


Origins = Mapping[InputOrigin, tuple[Way, ...]]
_NO_ORIGINS: Origins = {}


@dataclass(frozen=True, slots=True, eq=False)
class TracedValue:
    """A value: its origins and influences, and the parts of objects and lists that rules made.

    `others` are members whose names are computed, `names` these names.
    """

    origins: Origins = field(default_factory=dict)
    influences: Mapping[InputOrigin, Way] = field(default_factory=dict)
    members: Mapping[str, TracedValue] = field(default_factory=dict)
    others: TracedValue | None = None
    items: TracedValue | None = None
    names: TracedValue | None = None

    @property
    def parts(self) -> Iterator[TracedValue]:
        """The values that it consists of, the names of members included."""
        yield from self.members.values()
        yield from (one for one in (self.others, self.items, self.names) if one is not None)

    def member(self, step: Step) -> TracedValue:
        """The value of a member, or with ANY of an element."""
        origins: dict[InputOrigin, tuple[Way, ...]] = {}
        for origin, ways in self.origins.items():
            if (below := origin.below(step)) is not None:
                _add(origins, below, ways)
        found = [TracedValue(origins, self.influences)]
        found += [one for name, one in self.members.items() if meets(step, name)]
        found += [one for one in (self.others, self.items if step == ANY else None) if one is not None]
        return joined(found)

    @property
    def elements(self) -> TracedValue:
        """The elements of a list, or the values of an object."""
        return self.member(ANY)

    @property
    def keys(self) -> TracedValue:
        """The names of the members of an object."""
        own: dict[InputOrigin, tuple[Way, ...]] = {}
        for origin, ways in self.origins.items():
            if (below := origin.below(NAMES)) is not None:
                _add(own, below, ways)
        return joined([TracedValue(own, self.influences), *([] if self.names is None else [self.names])])

    @property
    def listed(self) -> TracedValue:
        """A list of such values, from which those that are null are left out."""
        return TracedValue(influences=self.tested, items=self)

    def whole(self, mask: str | None = None) -> TracedValue:
        """A value that is made of all parts of this one, such as a string."""
        origins: dict[InputOrigin, tuple[Way, ...]] = {}
        influences: dict[InputOrigin, Way] = {}
        for value in self._all():
            influences |= value.influences
            for origin, ways in value.origins.items():
                made = InputOrigin(origin.pattern, True, False, origin.mask or mask, origin.converter, origin.marks)
                _add(origins, made, ways)
        return TracedValue(origins, influences)

    @property
    def tested(self) -> Mapping[InputOrigin, Way]:
        """The influences on a test whether the value is null, true or empty."""
        found: dict[InputOrigin, Way] = {}
        for value in self._all():
            found |= value.influences
            for origin, ways in value.origins.items():
                if (alone := origin.asked_alone) is not None:
                    found.setdefault(alone, ways[0])
        return found

    @property
    def compared(self) -> Mapping[InputOrigin, Way]:
        """The influences on a comparison of the value with another one."""
        found: dict[InputOrigin, Way] = {}
        for value in self._all():
            found |= value.influences
            for origin, ways in value.origins.items():
                found.setdefault(origin, ways[0])
        return found

    def _all(self) -> Iterator[TracedValue]:
        pending = [self]
        while pending:
            value = pending.pop()
            yield value
            pending += value.parts

    def influenced(self, by: Mapping[InputOrigin, Way]) -> TracedValue:
        """The value with more influences."""
        return replace(self, influences={**by, **self.influences}) if by else self

    def changed(self, change: Callable[[Way], Way]) -> TracedValue:
        """The value with changed ways of its origins; ways of influences stay."""
        return TracedValue(
            {origin: tuple(map(change, ways)) for origin, ways in self.origins.items()},
            self.influences,
            {name: one.changed(change) for name, one in self.members.items()},
            *(None if one is None else one.changed(change) for one in (self.others, self.items, self.names)),
        )

    def through(self, hop: Hop) -> TracedValue:
        """The value after it has passed a part of the rules."""

        def passed(way: Way) -> Way:
            if len(way.hops) >= _MOST_HOPS or (way.hops and way.hops[-1] == hop):
                return way
            return Way(way.conditions, (*way.hops, hop))

        return self.changed(passed)

    def where(self, condition: Expr) -> TracedValue:
        """The value where a condition holds."""

        def also(way: Way) -> Way:
            return way if condition in way.conditions else Way((*way.conditions, condition), way.hops)

        return self.changed(also)


NOTHING = TracedValue()


def _add(origins: dict[InputOrigin, tuple[Way, ...]], origin: InputOrigin, ways: tuple[Way, ...]) -> None:
    """Adds ways of an origin; keeps one for the same conditions, and if there are too many, one that all share."""
    known = origins.get(origin)
    if known is None or known is ways:
        origins[origin] = ways
        return
    apart = {frozenset(map(id, way.conditions)): way for way in (*ways, *known)}
    made = tuple(apart.values())
    if len(made) > _MOST_WAYS:
        shared = [one for one in made[0].conditions if all(one in way.conditions for way in made)]
        made = (Way(tuple(shared), made[0].hops),)
    origins[origin] = made


def joined(values: Iterable[TracedValue]) -> TracedValue:
    """A value that is one of these."""
    found = [value for value in values if value is not NOTHING]
    if len(found) < 2:
        return found[0] if found else NOTHING
    origins: dict[InputOrigin, tuple[Way, ...]] = {}
    influences: dict[InputOrigin, Way] = {}
    members: dict[str, list[TracedValue]] = {}
    for value in found:
        for origin, ways in value.origins.items():
            _add(origins, origin, ways)
        influences = {**value.influences, **influences}
        for name, member in value.members.items():
            members.setdefault(name, []).append(member)
    return TracedValue(
        origins,
        influences,
        {name: joined(one) for name, one in members.items()},
        *(
            joined(given) if (given := [part for part in parts if part is not None]) else None
            for parts in (
                [one.others for one in found],
                [one.items for one in found],
                [one.names for one in found],
            )
        ),
    )
