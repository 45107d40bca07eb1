"""The branches of rules that batches take: counted while the interpreter maps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..diagnostics.problem import Place, Problem
from ..interpreter.interpreter import Interpreter
from ..interpreter.recorder import Taken
from ..language.rulebook import Rulebook
from ..runtime.result import Result
from ..source.text import Source
from .branches import Branch, branches_of
from .explained import Explained, read_explained
from .reachability import unreachable

__all__ = ["BranchCount", "CountingInterpreter", "Coverage", "coverage_of"]


@dataclass(frozen=True, slots=True)
class BranchCount:
    """A branch, and how often it was taken."""

    branch: Branch
    count: int


class Coverage:
    """Counts of branches, over rulebooks of one mapping that differ in their settings.

    `unreachable` has the branches that no input can take, and `explained` the reasons why no test takes some others;
    neither are counted among `branches`. `sources` has the files by their name in places, `problems` what is wrong with
    explanations.
    """

    def __init__(self) -> None:
        self.branches: dict[str, Branch] = {}
        self.unreachable: dict[str, Branch] = {}
        self.counts: Counter[str] = Counter()
        self.sources: dict[str, Source] = {}
        self.explained: dict[str, str] = {}
        self.problems: tuple[Problem, ...] = ()

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
        own = {name for name, source in interpreter.rulebook.sources.items() if interpreter.rulebook.is_own(source)}
        for branch in catalogue.branches:
            if branch.id not in self.unreachable and branch.place.file in own:
                self.branches.setdefault(branch.id, branch)

    def include(self, other: Coverage, name: str) -> None:
        """Adds the coverage of another mapping, whose name stands before its ids."""
        for mine, theirs in ((self.branches, other.branches), (self.unreachable, other.unreachable)):
            mine |= {f"{name}: {key}": replace(branch, id=f"{name}: {key}") for key, branch in theirs.items()}
        self.counts.update({f"{name}: {key}": count for key, count in other.counts.items()})
        self.explained |= {f"{name}: {key}": reason for key, reason in other.explained.items()}
        self.sources |= other.sources
        self.problems += other.problems

    def explain(self, explained: Explained) -> None:
        """Leaves out the branches that are explained; one that is taken, or that there is not, is a problem (M607)."""
        self.sources |= explained.sources or {}
        problems = list(explained.problems)
        for one in explained.branches:
            name, reason = one.name.text, None
            if name not in self.branches:
                reason = "no input can take it" if name in self.unreachable else "there is no such branch"
            elif self.counts[name]:
                reason = "a test takes it"
            if reason is not None:
                problems.append(Problem.of("M607", one.name.place, name=name, reason=reason))
            else:
                self.explained[name] = one.reason
                del self.branches[name]
        self.problems = tuple(problems)

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
    mappings: dict[Path | None, tuple[Rulebook, Coverage]] = {}
    for interpreter in interpreters:
        if isinstance(interpreter, CountingInterpreter):
            rulebook = interpreter.rulebook
            mappings.setdefault(rulebook.main.path, (rulebook, Coverage()))[1].add(interpreter)
    for rulebook, coverage in mappings.values():
        coverage.explain(read_explained(rulebook))
    if len(mappings) == 1:
        return next(coverage for _, coverage in mappings.values())
    whole = Coverage()
    for rulebook, coverage in mappings.values():
        whole.include(coverage, rulebook.workspace or rulebook.name)
    return whole
