"""Compares what two versions of a mapping make of the same batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..golden.diff import compare
from ..jobs.input import read_units
from ..language.rulebook import ABSENT
from ..runtime.result import Result
from ..values.kinds import kind, with_article

__all__ = ["CorpusDifference", "DifferenceGroup", "Masked", "compare_over"]

_INDEX = re.compile(r"/\d+(?=/|$)")
_MAX_EXAMPLES = 3
_UNIT_BYTES = 1 << 19


class Mapper(Protocol):
    """A mapping that is ready to run."""

    def transform_json(self, text: bytes) -> Result:
        """The Result of a batch as JSON text."""


@dataclass(frozen=True)
class Masked:
    """Stands for a value that is not shown: its kind, with an article."""

    text: str


@dataclass
class DifferenceGroup:
    """The differences of one kind at one place: how many there were, and in which inputs the first ones."""

    count: int = 0
    examples: list[tuple[str, Any, Any]] = field(default_factory=list)


@dataclass
class CorpusDifference:
    """A difference over many batches: the part of the results, the place in it (`*` for indexes), and the kind."""

    batches: int = 0
    differing: int = 0
    groups: dict[tuple[str, str, str], DifferenceGroup] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """`{batches, differing, groups: [{part, place, kind, count, examples: [{input, old, new}]}]}`."""
        return {
            "batches": self.batches,
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
        """The same without values."""
        groups = {
            key: DifferenceGroup(
                found.count, [(source, _masked(old), _masked(new)) for source, old, new in found.examples]
            )
            for key, found in self.groups.items()
        }
        return CorpusDifference(self.batches, self.differing, groups)

    def sorted(self) -> list[tuple[tuple[str, str, str], DifferenceGroup]]:
        """The groups, the most frequent ones first."""
        return sorted(self.groups.items(), key=lambda item: (-item[1].count, item[0]))


def compare_over(old: Mapper, new: Mapper, files: Iterable[str], progress: Callable[[str], None]) -> CorpusDifference:
    """The differences between the results of two mappings on all batches in files.

    A batch that cannot be read is no difference. `progress` is called now and then with a line to show. Raises OSError.
    """
    found = CorpusDifference()
    for name in files:
        with open(name, "rb") as file:
            for unit in read_units(file, name, _UNIT_BYTES):
                for record in unit:
                    if record.problem is None:
                        before, after = old.transform_json(record.text), new.transform_json(record.text)
                        _add(found, record.where, before, after)
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
            group = found.groups.setdefault((name, place, kind), DifferenceGroup())
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
