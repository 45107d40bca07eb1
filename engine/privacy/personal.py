"""The flows of personal members, which the input schema marks, to places of requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..language.rulebook import Rulebook
from ..values.recall import Recall
from .flows import DataFlow, Part, flows_of
from .members import PersonalMember, members_of
from .origins import Marks, Pattern, Way, written
from .possible import Possible, possible, with_values

__all__ = ["PersonalFlow", "Privacy", "marks_of", "members_in", "personal_flows", "privacy_of"]


Key = tuple[PersonalMember, bool, str | None, Part, Pattern, str | None, str | None]
"""The attributes of a PersonalFlow that distinguish it from others: all but its ways."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonalFlow:
    """A flow of a personal member to a place of a request; unless it `is_sent`, the member only influences that.

    `output` is None for a message of the rules, `rule` for the members that all bodies of an output share. `mask` is
    the function that masks it; `ways` are its ways through the rules. `is_set`: the settings of the mapping allow it.
    """

    member: PersonalMember
    is_sent: bool
    output: str | None
    part: Part
    pointer: Pattern
    rule: str | None
    mask: str | None
    ways: tuple[Way, ...]
    is_set: bool = True

    @property
    def place(self) -> str:
        return written(self.pointer)


@dataclass(frozen=True, slots=True, eq=False)
class Privacy:
    """The personal members of an input, the flows by which they are sent, and those that only influence requests."""

    members: tuple[PersonalMember, ...]
    sent: tuple[PersonalFlow, ...]
    influences: tuple[PersonalFlow, ...]
    values: Mapping[str, object] = field(default_factory=dict)


def members_in(rulebook: Rulebook) -> tuple[PersonalMember, ...]:
    """The personal members of the input of a mapping, and of those that convert for it."""
    found: tuple[PersonalMember, ...] = ()
    for name, one in ((None, rulebook), *rulebook.converters.items()):
        schema = one.schemas.get(one.input.schema)
        found += () if schema is None else members_of(schema, name)
    return found


def marks_of(members: Iterable[PersonalMember]) -> Mapping[str | None, Marks]:
    """The places of these members, in the input of the mapping and of those that convert for it."""
    by_place: dict[str | None, dict[Pattern, tuple[PersonalMember, ...]]] = {}
    for member in members:
        places = by_place.setdefault(member.converter, {})
        places[member.pattern] = (*places.get(member.pattern, ()), member)
    return {name: Marks(places) for name, places in by_place.items()}


def personal_flows(
    rulebook: Rulebook, marks: Mapping[str | None, Marks], can: Possible, recall: Recall
) -> Mapping[Key, tuple[Way, ...]]:
    """The ways of the possible flows from marked places, by Key."""
    return _merged(flows_of(rulebook, can, marks, recall)) if marks else {}


def privacy_of(rulebook: Rulebook) -> Privacy:
    """The flows of personal members under any settings, each with whether the present settings allow it."""
    members = members_in(rulebook)
    marks = marks_of(members)
    recall = Recall()
    every = personal_flows(rulebook, marks, possible(rulebook, recall=recall), recall)
    now = personal_flows(rulebook, marks, possible(with_values(rulebook), recall=recall), recall)
    own = {(member, output, rule) for member, is_sent, output, _, _, rule, _ in every if is_sent}
    told = own | {(one[0], one[2], one[5]) for one in every if not one[1] and not one[4]}

    def is_told(key: Key) -> bool:
        """Returns whether another flow of the same member and output includes this one."""
        member, is_sent, output, part, pointer, rule, mask = key
        if is_sent:
            above = (pointer[:length] for length in range(len(pointer)))
            return any((member, is_sent, output, part, one, rule, mask) in every for one in above)
        return (member, output, rule) in (told if pointer else own)

    flows = [PersonalFlow(*key, ways, key in now) for key, ways in every.items() if not is_told(key)]
    sent, influences = (tuple(one for one in flows if one.is_sent is wanted) for wanted in (True, False))
    return Privacy(members, sent, influences, rulebook.values)


def _merged(flows: Iterable[DataFlow]) -> dict[Key, tuple[Way, ...]]:
    """The ways of flows of personal members, by Key."""
    found: dict[Key, tuple[Way, ...]] = {}
    for flow in flows:
        origin, depth = flow.origin, len(flow.origin.pattern)
        ends = origin.is_whole or not flow.is_sent
        for member in _members(flow):
            pointer = flow.pointer if ends else flow.pointer + member.pattern[depth:]
            key = member, flow.is_sent, flow.output, flow.part, pointer, flow.rule, origin.mask
            known = found.get(key)
            if known is None:
                found[key] = flow.ways
            elif flow.is_sent and len(known) < _MOST_WAYS and known is not flow.ways:
                found[key] = _apart((*known, *flow.ways))
    return found


def _members(flow: DataFlow) -> Iterator[PersonalMember]:
    """The personal members that a flow starts from."""
    origin = flow.origin
    for pattern, members in origin.marks.patterns.items() if origin.marks is not None else ():
        if not origin.is_alone or len(pattern) <= len(origin.pattern):
            yield from members


_MOST_WAYS = 4


def _apart(ways: Iterable[Way]) -> tuple[Way, ...]:
    """The first way of those with the same conditions."""
    apart: dict[frozenset[int], Way] = {}
    for way in ways:
        apart.setdefault(frozenset(map(id, way.conditions)), way)
    return tuple(apart.values())
