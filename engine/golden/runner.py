"""Runs golden tests of mappings, and shows those that failed.

Expectations are compared with `Result.to_json()`; each difference names the rule and line it comes from. The
interpreter evaluates the rules: compiling would take as long as interpreting some hundreds of batches, for each
combination of settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ..checks.shared.opening import Opening
from ..diagnostics.problem import Place, Problem
from ..diagnostics.terminal import printable, styled
from ..interpreter.interpreter import Interpreter
from ..interpreter.outputs import server_of
from ..jobs.dispatch import Bundler, dispatch_of, fitting
from ..language.rulebook import ABSENT, Rulebook
from ..runtime.result import Result
from ..source.nodes import MappingNode, Node, SequenceNode
from ..values.kinds import shown
from . import diff
from .attribution import Blame, tokens_of
from .diff import Difference, RuleAt, canonical, compare, matches
from .files import GoldenTest, TestFile, discover, load
from .keys import OTHER_PARTS, PARTS, PROBLEM_KEYS

__all__ = [
    "GoldenRunner",
    "GoldenTest",
    "Outcome",
    "TestFile",
    "compared_parts",
    "discover",
    "is_met",
    "load",
    "other_parts",
    "problems",
    "text",
]

MAX_SHOWN = 20
"""The maximum number of differences shown for one test."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The outcome of a test, with the results of its batches, and what `other_parts` found for each.

    `problems` are those of the mapping, if it cannot be loaded with the test's settings.
    """

    test: GoldenTest
    differences: tuple[Difference, ...] = ()
    results: tuple[Result, ...] = ()
    other_parts: tuple[dict[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.differences and not self.problems


# Running


class GoldenRunner:
    """Runs tests. `opening` opens each mapping once, whatever the settings of its tests.

    `interpreter` makes the interpreter of a rulebook; `interpreters` has those made so far, in order.
    """

    def __init__(
        self,
        opening: Callable[[Path], Opening] = Opening,
        interpreter: Callable[[Rulebook], Interpreter] = Interpreter,
    ) -> None:
        self.opening = cache(opening)
        self.interpreters: list[Interpreter] = []
        self._interpreter = interpreter
        self._mappings: dict[tuple[Path, str], Interpreter | tuple[Problem, ...]] = {}

    def run(self, file: TestFile, test: GoldenTest) -> Outcome:
        """Runs a test of the file."""
        mapping = self._mapping(file.mapping, test.settings)
        if isinstance(mapping, Interpreter):
            return _run(test, mapping)
        errors = (problem for problem in mapping if problem.severity == "error")
        return Outcome(test, problems=tuple(_located(problem, test) for problem in errors))

    def include(self, mapping: Path) -> None:
        """Adds a mapping or workspace without tests, unless it cannot be loaded."""
        self._mapping(mapping, {})

    def _mapping(self, path: Path, settings: dict[str, Any]) -> Interpreter | tuple[Problem, ...]:
        key = (path, canonical(settings))
        if key not in self._mappings:
            loaded = self.opening(path).inspect(settings)
            if loaded.rulebook is None:
                self._mappings[key] = loaded.problems
            else:
                self._mappings[key] = made = self._interpreter(loaded.rulebook)
                self.interpreters.append(made)
        return self._mappings[key]


def _located(problem: Problem, test: GoldenTest) -> Problem:
    """Gives a Problem with a setting the place of the test that gives the setting."""
    if problem.place is not None:
        return problem
    return problem._replace(place=test.settings_places.get(problem.data.get("name", ""), test.place))


def _run(test: GoldenTest, mapping: Interpreter) -> Outcome:
    """Runs a test on a mapping that was loaded with the test's settings."""
    results = tuple(mapping.run(batch) for batch in test.batches)
    others = tuple(
        other_parts(expected, mapping.rulebook, batch)
        for batch, expected in zip(test.batches, test.expectations, strict=True)
    )
    differences: list[Difference] = []
    for number, (result, expected) in enumerate(zip(results, test.expectations, strict=True)):
        differing = [
            difference
            for part, wanted, actual in compared_parts(test, expected, result, others[number])
            for difference in compare(wanted, actual, partial=test.partial or part == "problems", pointer=f"/{part}")
        ]
        if differing:
            blame = Blame(mapping.rulebook, mapping.explain(test.batches[number])[1])
            at = f"/{number}" if test.many else ""
            differences += [
                replace(one, pointer=at + one.pointer, found_at=at + one.found_at, rules=_rules(one, result, blame))
                for one in differing
            ]
    return Outcome(test, tuple(differences), results, others)


def other_parts(expected: dict[str, Any], rulebook: Rulebook, batch: Any) -> dict[str, Any]:
    """The values of what an expectation names beside the result: the server of the mapping, and bulk requests."""
    found: dict[str, Any] = {}
    if "server" in expected:
        url, headers = server_of(rulebook.server, rulebook)
        found["server"] = {"url": url, "headers": headers} if headers else {"url": url}
    if "bulk" in expected:
        found["bulk"] = []
        if (envelope := dispatch_of(rulebook).bulk) is not None:
            requests, bundler = Interpreter(fitting(rulebook)).run(batch).requests, Bundler(envelope)
            made = (*bundler.add(request.text for request in requests), *bundler.rest())
            found["bulk"] = [request.to_json() for request in made]
    return found


def compared_parts(
    test: GoldenTest, expected: dict[str, Any], result: Result, others: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """The parts to compare: the name of the part, the expected value, and the actual one.

    `others` is what `other_parts` found.
    """
    actual = {**_json(result), **others}
    for part in (*PARTS, *OTHER_PARTS):
        if part in expected or (part in PARTS and not test.partial):
            yield part, expected.get(part, []), actual[part]


def is_met(test: GoldenTest, expected: dict[str, Any], result: Result, others: dict[str, Any]) -> bool:
    """Returns whether a Result meets the expectation of a test for one batch."""
    parts = compared_parts(test, expected, result, others)
    return all(matches(wanted, actual, partial=test.partial or part == "problems") for part, wanted, actual in parts)


def _json(result: Result) -> dict[str, Any]:
    """The Result as JSON, in which a problem has the name of its rule only."""
    actual = result.to_json()
    named = [{**found.to_json(), "rule": found.rule} for found in result.problems]
    return {**actual, "problems": [{key: problem[key] for key in PROBLEM_KEYS} for problem in named]}


def _rules(difference: Difference, result: Result, blame: Blame) -> tuple[RuleAt, ...]:
    """The rules that a difference points to."""
    part, _, rest = difference.found_at[1:].partition("/")
    if part in OTHER_PARTS:
        return ()
    index, _, inner = rest.partition("/")
    number = int(index) if index else 0
    if difference.actual is ABSENT and not inner:  # a whole element is missing: only its expectation can name a rule
        return blame.rule(difference.expected.get("rule")) if isinstance(difference.expected, dict) else ()
    if part == "requests":
        return blame.of(result.requests[number], f"/{inner or 'body'}")
    if part == "skipped":
        return blame.rule(result.skipped[number].rule)
    problem = result.problems[number]
    return (RuleAt(problem.rule, problem.place),) if problem.place is not None else blame.rule(problem.rule)


# Showing


def text(outcome: Outcome, *, color: bool) -> str:
    """A failed test for a terminal: its name and place, and the differences with their rules."""
    test = outcome.test
    failed, place = styled("1;31", "FAIL", color=color), styled("1;34", printable(str(test.place)), color=color)
    lines = [f"{failed} {printable(test.name)}   {place}"]
    for problem in outcome.problems:
        lines.append(f"  {problem.code}  {printable(problem.message)}   {printable(str(problem.place or ''))}".rstrip())
    if outcome.differences:
        lines.append(diff.text(outcome.differences[:MAX_SHOWN], color=color))
    if len(outcome.differences) > MAX_SHOWN:
        lines.append(f"  ... and {len(outcome.differences) - MAX_SHOWN} more differences")
    return "\n".join(lines)


def problems(outcome: Outcome) -> tuple[Problem, ...]:
    """A failed test as Problems: one for each difference, at its place in the expectation."""
    test = outcome.test
    failed = [
        Problem.of(
            "M601",
            _place(test.expect, difference.pointer),
            rule=difference.rules[0].name if difference.rules else None,
            test=test.name,
            pointer=difference.headline,
            expected=_word(difference.expected),
            actual=_word(difference.actual),
        )
        for difference in outcome.differences
    ]
    return (*outcome.problems, *failed)


def _word(value: Any) -> str:
    return "nothing" if value is ABSENT else shown(value)


def _place(node: Node, pointer: str) -> Place:
    """The place of the node that a pointer leads to, or of the nearest one."""
    for token in tokens_of(pointer):
        inner: Node | None = None
        if isinstance(node, MappingNode):
            inner = node.get(token)
        elif isinstance(node, SequenceNode) and int(token) < len(node.items):
            inner = node.items[int(token)]
        if inner is None:
            break
        node = inner
    return node.place
