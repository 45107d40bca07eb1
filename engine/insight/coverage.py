"""The branches of rules that batches take: counted while the interpreter maps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..diagnostics.problem import Place
from ..interpreter.interpreter import Interpreter
from ..interpreter.recorder import Taken
from ..language.rulebook import Rulebook
from ..runtime.result import Result
from ..source.text import Source
from .branches import Branch, branches_of
from .reachability import unreachable

__all__ = ["BranchCount", "CountingInterpreter", "Coverage", "coverage_of"]


@dataclass(frozen=True, slots=True)
class BranchCount:
    """A branch, and how often it was taken."""

    branch: Branch
    count: int


class Coverage:
    """Counts of branches, over rulebooks of one mapping that differ in their settings.

    `unreachable` has the branches that no input can take; they are not counted among `branches`. `sources` has the
    files by their name in places.
    """

    def __init__(self) -> None:
        self.branches: dict[str, Branch] = {}
        self.unreachable: dict[str, Branch] = {}
        self.counts: Counter[str] = Counter()
        self.sources: dict[str, Source] = {}

    def add(self, interpreter: CountingInterpreter) -> None:
        """Adds what the batches of one interpreter took."""
        catalogue = interpreter.catalogue
        self.sources |= interpreter.rulebook.sources
        if not self.branches:
            never = unreachable(catalogue, interpreter.rulebook)
            self.unreachable = {branch.id: branch for branch in catalogue.branches if branch.id in never}
        for key, count in interpreter.hits.items():
            branch = catalogue.by_outcome.get(key)
            if branch is not None:
                self.counts[branch.id] += count
                self.unreachable.pop(branch.id, None)
        for branch in catalogue.branches:
            if branch.id not in self.unreachable:
                self.branches.setdefault(branch.id, branch)

    def __iter__(self) -> Iterator[BranchCount]:
        """All branches in the order of their files and lines."""
        order = sorted(self.branches.values(), key=lambda branch: _position(branch.place))
        return (BranchCount(branch, self.counts[branch.id]) for branch in order)

    @property
    def taken(self) -> int:
        return sum(1 for name in self.branches if self.counts[name])

    @property
    def share(self) -> float:
        """The share of the branches that were taken, in percent; 100 where there are none."""
        return 100 * self.taken / len(self.branches) if self.branches else 100.0


def _position(place: Place) -> tuple[str, int, int]:
    return place.file, place.line, place.column


class CountingInterpreter(Interpreter):
    """An Interpreter that counts the branches its batches take."""

    def __init__(self, rulebook: Rulebook) -> None:
        super().__init__(rulebook)
        self.catalogue = branches_of(rulebook)
        self.hits: Counter[tuple[int, str]] = Counter()

    def run(self, batch: Any) -> Result:
        """The Result of a batch, whose decisions are counted."""
        return self.observe(batch, self._count)

    def _count(self, taken: Taken) -> None:
        self.hits[id(taken.part), taken.outcome] += 1


def coverage_of(interpreters: Iterable[Interpreter]) -> Coverage:
    """The branches that the batches of several interpreters took; interpreters that do not count are left out."""
    coverage = Coverage()
    for interpreter in interpreters:
        if isinstance(interpreter, CountingInterpreter):
            coverage.add(interpreter)
    return coverage
