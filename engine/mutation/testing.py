"""Runs golden tests on mutants: a test kills a mutant if it fails on it.

Only the tests that take a decision of the changed part run, the quick ones first, until one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..diagnostics.problem import Place
from ..golden.diff import canonical
from ..golden.files import GoldenTest
from ..golden.keys import OTHER_PARTS
from ..golden.runner import is_met, other_parts
from ..interpreter.interpreter import Interpreter
from ..interpreter.recorder import Taken
from ..language.rulebook import Rulebook
from .mutant import Decision, Mutant
from .rewriting import Rewriter

__all__ = ["Status", "TestedMapping", "Verdict", "meets", "name_of"]

Status = Literal["killed", "survived", "not covered", "equivalent", "explained", "not run"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fate of a mutant: its status, the name of the test that killed it, and the number of tests that ran.

    `reason` says why a mutant is equivalent, or explains why no test finds it.
    """

    status: Status
    killed_by: str | None = None
    completed: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of a test on the unchanged rules: the decisions it took, and the results of its batches."""

    test: GoldenTest
    settings: str
    decisions: frozenset[Decision]
    places: frozenset[Place]
    results: tuple[str, ...]


class TestedMapping:
    """A mapping with its golden tests, all of which pass.

    `tests` have the rulebook with the settings of each test; all rulebooks share their parts.
    """

    __test__ = False

    def __init__(self, tests: Iterable[tuple[GoldenTest, Rulebook]]) -> None:
        self._values: dict[str, Mapping[str, Any]] = {}
        self._given: dict[str, Set[str]] = {}
        """The names of the settings for which tests give values."""
        runs: list[_Run] = []
        interpreters: dict[str, Interpreter] = {}
        for test, rulebook in tests:
            settings = canonical(test.settings)
            self._values[settings] = rulebook.values
            self._given[settings] = test.settings.keys()
            self.rulebook = rulebook
            if settings not in interpreters:
                interpreters[settings] = Interpreter(rulebook)
            runs.append(_run(test, settings, interpreters[settings]))
        self._runs = sorted(runs, key=lambda run: len(run.decisions))
        self._rewriter = Rewriter(self.rulebook)
        self._by_decision: dict[Decision, set[int]] = {}
        for number, run in enumerate(self._runs):
            for part, outcome in run.decisions:
                self._by_decision.setdefault((part, outcome), set()).add(number)
                self._by_decision.setdefault((part, ""), set()).add(number)

    @property
    def tests(self) -> list[GoldenTest]:
        """All tests, in the order in which they run."""
        return [run.test for run in self._runs]

    def covering(self, mutant: Mutant) -> list[GoldenTest]:
        """The tests that may have another result on a mutant, in the order in which they run."""
        return [run.test for run in self._covering(mutant)]

    def _covering(self, mutant: Mutant) -> list[_Run]:
        if mutant.decisions is None:
            return self._runs
        numbers = set().union(*(self._by_decision.get(one, ()) for one in mutant.decisions))
        numbers |= {number for number, run in enumerate(self._runs) if any(meets(mutant, one) for one in run.places)}
        return [self._runs[number] for number in sorted(numbers)]

    def changed(self, mutant: Mutant) -> Rulebook:
        """The rules with the mistake of a mutant."""
        return self._rewriter.rewritten(mutant.changes)

    def variant(self, mutant: Mutant) -> Callable[[str], Interpreter]:
        """A function that makes the interpreter of a mutant for the settings of a test."""
        rulebook = self.changed(mutant)
        made: dict[str, Interpreter] = {}

        def interpreter(settings: str) -> Interpreter:
            if settings not in made:
                others = {name: new for name, new in mutant.settings.items() if name not in self._given[settings]}
                made[settings] = Interpreter(replace(rulebook, values={**self._values[settings], **others}))
            return made[settings]

        return interpreter

    def verdict(self, mutant: Mutant) -> Verdict:
        """Runs the tests on a mutant until one fails."""
        runs = self._covering(mutant)
        if not runs:
            return Verdict("not covered")
        interpreter = self.variant(mutant)
        for number, run in enumerate(runs, 1):
            if _fails(run, interpreter(run.settings)):
                return Verdict("killed", name_of(run.test), number)
        return Verdict("survived", None, len(runs))


def name_of(test: GoldenTest) -> str:
    """The name of a test with its file, by which reports name it."""
    return f"{test.place.file}: {test.name}"


def meets(mutant: Mutant, place: Place) -> bool:
    """Returns whether the place of a problem is where a mutant changes the rules."""
    return place.file == mutant.place.file and place.line <= mutant.place.line <= (place.end_line or place.line)


def _run(test: GoldenTest, settings: str, interpreter: Interpreter) -> _Run:
    decisions: set[Decision] = set()
    places: set[Place] = set()
    results = []

    def observe(taken: Taken) -> None:
        decisions.add((id(taken.part), taken.outcome))

    for batch in test.batches:
        result = interpreter.observe(batch, observe)
        places |= {problem.place for problem in result.problems if problem.place is not None}
        results.append(canonical(result.to_json()))
    return _Run(test, settings, frozenset(decisions), frozenset(places), tuple(results))


def _fails(run: _Run, interpreter: Interpreter) -> bool:
    """Returns whether a test fails on other rules."""
    for batch, expected, before in zip(run.test.batches, run.test.expectations, run.results, strict=True):
        try:
            result = interpreter.run(batch)
        except RecursionError:  # such as of a conversion without an end, which the rules as they are cannot have
            return True
        is_same = canonical(result.to_json()) == before and OTHER_PARTS.keys().isdisjoint(expected)
        if not is_same and not is_met(run.test, expected, result, other_parts(expected, interpreter.rulebook, batch)):
            return True
    return False
