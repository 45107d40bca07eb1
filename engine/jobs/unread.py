"""Counts the leaves of batches that no rule reads, by the places that are known to be read when rules are compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..inference.read_places import ReadNode, Reads
from ..inference.sources import ElementGuard, Pattern
from ..runtime.result import Result
from ..values.pointers import above

if TYPE_CHECKING:
    # Imported late, here and below: running a cached mapping reads no rules.
    from ..inference.reads import InputRead
    from ..language.rulebook import Rulebook

__all__ = ["UnreadLeaves", "places_of"]

Places = list[tuple[list[str], bool, list[tuple[list[str], list[str], str]]]]
"""The places that are read, as JSON: the pattern, whether all below counts, and the guards."""
_OWN = ""


class _Place(NamedTuple):
    pattern: Pattern
    is_whole: bool
    guards: frozenset[ElementGuard]


def places_of(rulebook: Rulebook) -> dict[str, Places]:
    """The places that the rules of a mapping read; those of an input that they hand to another one, by its name."""
    # only for a mapping that is not cached
    from ..inference.reads import converting_reads, reads_of

    handed = {
        name: _places([*converting_reads(rulebook), *reads_of(converter)])
        for name, converter in rulebook.converters.items()
    }
    return {**handed, _OWN: _places(reads_of(rulebook))}


def _places(reads: Iterable[InputRead]) -> Places:
    found = {(read.pattern, read.is_whole, tuple(sorted(read.guards))) for read in reads}
    return [(list(pattern), is_whole, [_written(one) for one in guards]) for pattern, is_whole, guards in sorted(found)]


def _written(guard: ElementGuard) -> tuple[list[str], list[str], str]:
    return list(guard.element), list(guard.member), guard.value


class UnreadLeaves:
    """Finds the leaves that no rule reads in any batch, and that no problem or skipped value of the Result covers.

    `converter_of` gives the name of the mapping to which a batch is handed, if it is.
    """

    def __init__(self, places: Mapping[str, Places], converter_of: Callable[[Any], str | None]) -> None:
        self._places = places
        self._roots: dict[str, ReadNode[_Place, bool]] = {}
        """Made when a batch needs them: they are large, and one batch needs one."""
        self._converter_of = converter_of

    def count(self, batch: Any, result: Result) -> tuple[int, int]:
        """The number of leaves of a batch, and of those that no rule reads."""
        total = unread = 0
        for is_read, _ in self._leaves(batch, result):
            total += 1
            unread += not is_read
        return total, unread

    def of(self, batch: Any, result: Result) -> set[str]:
        """The places of the leaves that no rule reads."""
        return {place for is_read, place in self._leaves(batch, result) if not is_read}

    def _leaves(self, batch: Any, result: Result) -> Iterator[tuple[bool, str]]:
        can_be_handed = len(self._places) > 1 and isinstance(batch, dict)
        name = (self._converter_of(batch) if can_be_handed else None) or _OWN
        root = self._roots.get(name)
        if root is None:
            root = self._roots[name] = _tree(self._places[name])
        skipped = {one.pointer for one in result.skipped}
        refused = {problem.input for problem in result.problems}
        for place, node, _ in root.leaves(batch):
            if node.note is None:
                node.note = bool(node.holding)
            is_told = place in refused or (bool(skipped) and not skipped.isdisjoint(above(place)))
            yield node.note or is_told, place


def _tree(places: Places) -> ReadNode[_Place, bool]:
    reads = []
    for pattern, is_whole, guards in places:
        held = (ElementGuard(tuple(element), tuple(member), value) for element, member, value in guards)
        reads.append(_Place(tuple(pattern), is_whole, frozenset(held)))
    return ReadNode((), Reads(reads).root)
