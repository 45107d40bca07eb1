"""Compares the Results of two versions of a mapping for the same batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..golden.diff import compare
from ..jobs.input import Unit, units_in
from ..jobs.transform import Transform
from ..jobs.unreadable import Unreadable
from ..jobs.workers import workers
from ..language.rulebook import ABSENT
from ..runtime.result import Result
from ..values.kinds import kind, with_article

__all__ = ["Comparing", "CorpusDifference", "DifferenceGroup", "Masked", "compare_over"]

_INDEX = re.compile(r"/\d+(?=/|$)")
_MAX_EXAMPLES = 3
_MAX_GROUPS = 500
_OTHER_PLACES = "(other places)"
_UNIT_BYTES = 1 << 19


@dataclass(frozen=True)
class Masked:
    """Stands for a value that is not shown: its kind, with an article."""

    text: str


@dataclass
class DifferenceGroup:
    """The differences of one kind at one place: their number, and the first ones with their inputs."""

    count: int = 0
    examples: list[tuple[str, Any, Any]] = field(default_factory=list)


@dataclass
class CorpusDifference:
    """The differences over many batches, by the part of the results, the place (`*` for indexes) and the kind."""

    batches: int = 0
    unreadable: Unreadable = field(default_factory=Unreadable)
    differing: int = 0
    groups: dict[tuple[str, str, str], DifferenceGroup] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """`{batches, unreadable, differing, groups: [{part, place, kind, count, examples: [{input, old, new}]}]}`."""
        return {
            "batches": self.batches,
            "unreadable": self.unreadable.count,
            "differing": self.differing,
            "groups": [
                {
                    "part": part,
                    "place": place,
                    "kind": kind,
                    "count": found.count,
                    "examples": [
                        {"input": source, "old": _value(old), "new": _value(new)} for source, old, new in found.examples
                    ],
                }
                for (part, place, kind), found in self.sorted()
            ],
        }

    def masked(self) -> CorpusDifference:
        """The difference with masked values."""
        groups = {
            key: DifferenceGroup(
                found.count, [(source, _masked(old), _masked(new)) for source, old, new in found.examples]
            )
            for key, found in self.groups.items()
        }
        return CorpusDifference(self.batches, self.unreadable, self.differing, groups)

    def merge(self, other: CorpusDifference) -> None:
        """Adds the differences of the batches that follow."""
        self.batches += other.batches
        self.unreadable.merge(other.unreadable)
        self.differing += other.differing
        for key, found in other.groups.items():
            group = self.group(*key)
            group.count += found.count
            group.examples += found.examples[: _MAX_EXAMPLES - len(group.examples)]

    def group(self, part: str, place: str, kind: str) -> DifferenceGroup:
        """The group of a kind of difference; if there are many groups, one for all other places of the part."""
        key = part, place, kind
        if key not in self.groups and len(self.groups) >= _MAX_GROUPS:
            key = part, _OTHER_PLACES, kind
        return self.groups.setdefault(key, DifferenceGroup())

    def sorted(self) -> list[tuple[tuple[str, str, str], DifferenceGroup]]:
        """The groups, the most frequent ones first."""
        return sorted(self.groups.items(), key=lambda item: (-item[1].count, item[0]))


class Comparing:
    """Compares the results of two mappings for units of batches."""

    def __init__(self, old: Transform, new: Transform) -> None:
        self._old = old
        self._new = new

    def piece(self, unit: Unit) -> CorpusDifference:
        found = CorpusDifference()
        records = [record for record in unit if found.unreadable.batch_of(record) is not None]
        results = zip(records, self._old.results(records), self._new.results(records), strict=True)
        for record, before, after in results:
            _add(found, record.where, before, after)
        return found


def compare_over(
    comparing: Comparing, files: Iterable[str], progress: Callable[[str], None], jobs: int = 1
) -> CorpusDifference:
    """The differences between the results of two mappings on all batches in files.

    `progress` is called now and then with a line to show. Raises OSError and WorkerError.
    """
    found = CorpusDifference()
    with ExitStack() as stack:
        pieces: Callable[[Iterable[Unit]], Iterator[CorpusDifference]]
        pieces = partial(map, comparing.piece) if jobs == 1 else stack.enter_context(workers(comparing, jobs))
        for piece in pieces(units_in(files, _UNIT_BYTES)):
            found.merge(piece)
            progress(f"{found.batches} batches, {found.differing} differ")
    return found


def _add(found: CorpusDifference, source: str, old: Result, new: Result) -> None:
    """Adds the differences between two results of the batch that came from `source`."""
    found.batches += 1
    if old == new:
        return
    before, after = _by_output(old), _by_output(new)
    differs = False
    for name in dict.fromkeys((*before, *after)):
        for one in compare(before.get(name, []), after.get(name, [])):
            differs = True
            kind = "gone" if one.actual is ABSENT else "new" if one.expected is ABSENT else "changed"
            place = _INDEX.sub("/*", one.headline)
            group = found.group(name, place, kind)
            group.count += 1
            if len(group.examples) < _MAX_EXAMPLES:
                group.examples.append((source, one.expected, one.actual))
    found.differing += differs


def _by_output(result: Result) -> dict[str, list[Any]]:
    """The requests of each output, and the codes of problems, as JSON."""
    parts: dict[str, list[Any]] = {}
    for request in result.requests:
        parts.setdefault(f"output {request.output}", []).append(
            {key: value for key, value in request.to_json().items() if key != "output"}
        )
    if result.skipped:
        parts["skipped"] = [skipped.to_json() for skipped in result.skipped]
    if result.problems:
        parts["problems"] = [
            {"code": problem.code, "rule": problem.rule, "input": problem.input} for problem in result.problems
        ]
    return parts


def _masked(value: Any) -> Any:
    return value if value is ABSENT or value is None else Masked(with_article(kind(value)))


def _value(value: Any) -> Any:
    return None if value is ABSENT else value.text if isinstance(value, Masked) else value
