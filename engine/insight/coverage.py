"""The branches of rules that batches take: counted while the interpreter maps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..checks.shared.opening import Opening
from ..diagnostics.problem import Place, Problem
from ..golden.runner import GoldenRunner
from ..interpreter.interpreter import Interpreter
from ..language.rulebook import Rulebook
from ..runtime.result import Result
from ..source.text import Source
from ..values.recall import Recall
from .branches import Branch, branches_of
from .explained import Explained, read_explained
from .reachability import unreachable

__all__ = ["BranchCount", "CountingInterpreter", "CountingRunner", "Coverage", "coverage_of"]


@dataclass(frozen=True, slots=True)
class BranchCount:
    """A branch, and how often it was taken."""

    branch: Branch
    count: int


class Coverage:
    """Counts of branches, over rulebooks of one mapping that differ in their settings.

    `unreachable` has the branches that no input can take, and `explained` the reasons why no test takes some others;
    neither are among `branches`. `sources` has the files by their name in places, `problems` those of explanations.
    """

    def __init__(self) -> None:
        self.branches: dict[str, Branch] = {}
        self.unreachable: dict[str, Branch] = {}
        self.counts: Counter[str] = Counter()
        self.sources: dict[str, Source] = {}
        self.explained: dict[str, str] = {}
        self.problems: tuple[Problem, ...] = ()

    def add(self, rulebook: Rulebook, hits: Mapping[tuple[int, str], int], recall: Recall | None = None) -> None:
        """Adds how often decisions of a rulebook were taken; `recall` has the results of its checks."""
        catalogue = branches_of(rulebook)
        self.sources |= rulebook.sources
        if not self.branches:
            never = unreachable(catalogue, rulebook, recall)
            self.unreachable = {branch.id: branch for branch in catalogue.branches if branch.id in never}
        for key, count in hits.items():
            branch = catalogue.by_outcome.get(key)
            if branch is not None:
                self.counts[branch.id] += count
                self.unreachable.pop(branch.id, None)
        own = {name for name, source in rulebook.sources.items() if rulebook.is_own(source)}
        for branch in catalogue.branches:
            if branch.id not in self.unreachable and branch.place.file in own:
                self.branches.setdefault(branch.id, branch)

    def include(self, other: Coverage, name: str) -> None:
        """Adds the coverage of another mapping, and puts its name before the ids."""
        for mine, theirs in ((self.branches, other.branches), (self.unreachable, other.unreachable)):
            mine |= {f"{name}: {key}": replace(branch, id=f"{name}: {key}") for key, branch in theirs.items()}
        self.counts.update({f"{name}: {key}": count for key, count in other.counts.items()})
        self.explained |= {f"{name}: {key}": reason for key, reason in other.explained.items()}
        self.sources |= other.sources
        self.problems += other.problems

    def explain(self, explained: Explained) -> None:
        """Removes the explained branches; an explanation of a taken or unknown branch is a problem (M607)."""
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

    def keep(self, is_wanted: Callable[[Place], bool]) -> None:
        """Removes the branches at other places."""
        self.branches = {name: branch for name, branch in self.branches.items() if is_wanted(branch.place)}

    def __iter__(self) -> Iterator[BranchCount]:
        """All branches in the order of their files and lines."""
        order = sorted(self.branches.values(), key=lambda branch: _position(branch.place))
        return (BranchCount(branch, self.counts[branch.id]) for branch in order)

    @property
    def taken(self) -> int:
        return sum(1 for name in self.branches if self.counts[name])

    @property
    def share(self) -> float:
        """The share of the branches that were taken, in percent; 100 if there are none."""
        return 100 * self.taken / len(self.branches) if self.branches else 100.0


def _position(place: Place) -> tuple[str, int, int]:
    return place.file, place.line, place.column


class CountingInterpreter(Interpreter):
    """An Interpreter that counts the branches that its batches take."""

    def __init__(self, rulebook: Rulebook) -> None:
        super().__init__(rulebook)
        self.hits: dict[tuple[int, str], int] = {}

    def run(self, batch: Any) -> Result:
        """The Result of a batch, whose decisions are counted."""
        return self.count(batch, self.hits)


class CountingRunner(GoldenRunner):
    """Runs golden tests, and counts the branches that they take."""

    def __init__(self) -> None:
        super().__init__(self._opened, CountingInterpreter)
        self._recalls: dict[Path, Recall] = {}

    def _opened(self, path: Path) -> Opening:
        self._recalls[path] = Recall()
        return Opening(path, recall=self._recalls[path])

    def coverage(self, mapping: Path | None = None) -> Coverage:
        """The coverage of the tests that ran so far: of all mappings, or of the one with this file."""
        own = (one for one in self.interpreters if mapping is None or one.rulebook.main.path == mapping)
        return coverage_of(own, self._recalls)


def coverage_of(interpreters: Iterable[Interpreter], recalls: Mapping[Path, Recall] | None = None) -> Coverage:
    """The coverage of the batches of several interpreters; interpreters that do not count are left out.

    `recalls` have the results of the checks of mappings, by their files.
    """
    shared: dict[int, tuple[Rulebook, Counter[tuple[int, str]]]] = {}
    for interpreter in interpreters:
        if isinstance(interpreter, CountingInterpreter):  # rulebooks that differ in settings alone share their rules
            rulebook = interpreter.rulebook
            shared.setdefault(id(rulebook.rules), (rulebook, Counter()))[1].update(interpreter.hits)
    mappings: dict[Path | None, tuple[Rulebook, Coverage]] = {}
    for rulebook, hits in shared.values():
        path = rulebook.main.path
        recall = recalls.get(path) if recalls is not None and path is not None else None
        mappings.setdefault(path, (rulebook, Coverage()))[1].add(rulebook, hits, recall)
    for rulebook, coverage in mappings.values():
        coverage.explain(read_explained(rulebook))
    if len(mappings) == 1:
        return next(coverage for _, coverage in mappings.values())
    whole = Coverage()
    for rulebook, coverage in mappings.values():
        whole.include(coverage, rulebook.workspace or rulebook.name)
    return whole
