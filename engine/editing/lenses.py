"""Lines above rules: a command that runs the rule on a sample, the number of its golden tests, and untaken branches.

Tests are run a few at a time, so that no call takes long; until all have run, the numbers are those of the last time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from time import perf_counter
from weakref import WeakKeyDictionary

from ..insight.branches import Branch
from ..insight.coverage import Coverage
from ..insight.explained import read_explained
from ..interpreter.interpreter import Interpreter
from ..language.rulebook import Rule, Rulebook
from ..source.nodes import MappingNode, ScalarNode, SequenceNode
from .analysis import Analysis, analysis_of, shown_sample
from .cursor import span_of
from .data import Edit, Lens, Sample
from .state import EditingState

__all__ = ["MeasuredTests", "lenses", "measure", "rule_result", "uncovered"]

_MOST_SECONDS = 1.0
_SECONDS = 0.04
"""The seconds for which one call runs tests."""


@dataclass(eq=False)
class MeasuredTests:
    """The branches that the golden tests of a mapping take, and the number of tests of each rule."""

    rulebook: Rulebook
    tests: tuple[Sample, ...]
    pending: Iterator[Sample]
    coverage: Coverage = field(default_factory=Coverage)
    by_rule: Counter[str] = field(default_factory=Counter)
    interpreters: dict[str, Interpreter] = field(default_factory=dict)
    hits: Counter[tuple[int, str]] = field(default_factory=Counter)
    is_whole: bool = False
    suggested: dict[str, tuple[Edit, ...]] = field(default_factory=dict)
    """The edits that add tests for rules, for the rules that have been searched."""

    def run(self, seconds: float) -> None:
        """Runs more tests for `seconds`, at least one."""
        end = perf_counter() + seconds
        for sample in self.pending:
            hits: dict[tuple[int, str], int] = {}
            self.interpreter(sample).count(sample.batch, hits)
            self.hits.update(hits)
            self.by_rule.update(rule.name for rule in self.rulebook.rules if (id(rule), "takes") in hits)
            if perf_counter() > end:
                return
        if not self.is_whole:
            self.is_whole = True
            self.coverage.add(self.rulebook, self.hits)
            self.coverage.explain(read_explained(self.rulebook))

    def only(self, wanted: Collection[str]) -> Coverage:
        """The coverage of the branches with these ids alone."""
        found = Coverage()
        found.branches = {name: branch for name, branch in self.coverage.branches.items() if name in wanted}
        found.counts = self.coverage.counts
        return found

    def interpreter(self, sample: Sample) -> Interpreter:
        """The interpreter with the settings of a test."""
        known = {name: value for name, value in sample.settings.items() if name in self.rulebook.settings}
        key = json.dumps(known, sort_keys=True)
        if key not in self.interpreters:
            self.interpreters[key] = Interpreter(
                replace(self.rulebook, values={**self.rulebook.values, **known}) if known else self.rulebook
            )
        return self.interpreters[key]


_KNOWN: WeakKeyDictionary[EditingState, dict[Path, tuple[MeasuredTests, MeasuredTests | None]]] = WeakKeyDictionary()
"""For each mapping, the measurement in progress, and the last complete one."""


def measure(state: EditingState, main: Path, seconds: float = inf) -> MeasuredTests | None:
    """The coverage of the golden tests of a mapping, after running more of them for `seconds`.

    Until all have run, it is the last complete coverage, if there is one.
    """
    main = state.named(main)
    analysis = analysis_of(state, main)
    if analysis is None:
        return None
    known = _KNOWN.setdefault(state, {})
    now, last = known.get(main, (None, None))
    tests = analysis.samples.tests
    if now is None or now.rulebook is not analysis.rulebook or now.tests is not tests:
        now = MeasuredTests(analysis.rulebook, tests, iter(tests))
    now.run(seconds)
    known[main] = now, now if now.is_whole else last
    return known[main][1]


def uncovered(measured: MeasuredTests, rule: str) -> tuple[Branch, ...]:
    """The branches of a rule that no test takes."""
    return tuple(one.branch for one in measured.coverage if not one.count and one.branch.owner == f"rule {rule}")


def lenses(state: EditingState, path: Path) -> tuple[Lens, ...]:
    """The lenses of a file, in the order of its rules.

    Their commands are `run_rule`, `run_tests` and `show_uncovered`, each for a mapping and the name of a rule.
    """
    path = state.named(path)
    main, tree, source = next(iter(state.mains(path)), None), state.present(path), state.source(path)
    analysis = None if main is None or state.kind(path) == "tests" else analysis_of(state, main)
    if analysis is None or main is None or tree is None or source is None:
        return ()
    measured = measure(state, main, _SECONDS)
    rules = tree.get("rules")
    found: list[Lens] = []
    for node in rules.items if isinstance(rules, SequenceNode) else ():
        name = node.get("rule") if isinstance(node, MappingNode) else None
        rule = next(
            (one for one in analysis.rulebook.rules if isinstance(name, ScalarNode) and one.name == name.text), None
        )
        if isinstance(name, ScalarNode) and rule is not None:
            span = span_of(source, name.start, name.end)
            titles = _titles(state, analysis, rule, measured)
            found += [Lens(span, title, command, (str(main), rule.name)) for title, command in titles]
    return tuple(found)


def _titles(
    state: EditingState, analysis: Analysis, rule: Rule, measured: MeasuredTests | None
) -> Iterator[tuple[str, str]]:
    """The titles and commands of the lenses of a rule."""
    traced = shown_sample(state, analysis, rule.name)
    if traced is not None and any(taken.outcome == "takes" for taken in traced.taken(rule)):
        yield f"Run on {traced.sample.name}", "run_rule"
    elif traced is not None:
        yield f"{traced.sample.name} does not reach it", ""
    if measured is None:
        return
    count = measured.by_rule[rule.name]
    yield f"{count or 'No'} test{'' if count == 1 else 's'}", "run_tests" if count else ""
    branches = [one for one in measured.coverage if one.branch.owner == f"rule {rule.name}"]
    if branches:
        taken = sum(1 for one in branches if one.count)
        words = f"{taken} of {len(branches)} branch{'' if len(branches) == 1 else 'es'}"
        yield words, "show_uncovered" if taken < len(branches) else ""


def rule_result(state: EditingState, main: Path, rule: str) -> str | None:
    """The requests to which a rule contributes, and the elements that it skips, for the shown sample, as JSON text."""
    analysis = analysis_of(state, state.named(main))
    traced = None if analysis is None else shown_sample(state, analysis, rule, _MOST_SECONDS)
    if analysis is None or traced is None:
        return None
    result = traced.result.to_json()
    skipped = [one for one in result["skipped"] if one["rule"] == rule]
    problems = [one for one in result["problems"] if (one["rule"] or {}).get("name") == rule]
    own = {"sample": traced.sample.name, "requests": result["requests"], "skipped": skipped, "problems": problems}
    return json.dumps(own, indent=2, ensure_ascii=False)
