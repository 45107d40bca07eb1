"""Runs all checks, and removes problems that the author allows or that only follow from others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from ...diagnostics.catalogue import CATALOGUE, is_settable
from ...diagnostics.problem import Problem, in_order
from ...inference.facts import EvaluatedPart, Flow, SharedFacts
from ...inference.rulebook import walk
from ...language.rulebook import Rulebook
from ...values.recall import Recall
from .allowed import without_allowed
from .registry import FACT_CHECKS, NAME_CHECKS, RULE_CHECKS, SIZE_CHECKS, TYPE_CHECKS, TypeCheck
from .spans import Spans

__all__ = ["check", "check_names"]


def check_names(draft: Rulebook) -> tuple[Problem, ...]:
    """The problems with names in the readable part of a mapping that has other errors."""
    return in_order(problem for run in NAME_CHECKS for problem in run(draft))


def check(rulebook: Rulebook, recall: Recall | None = None) -> tuple[Problem, ...]:
    """All Problems that the checks find, without allowed ones, in order of place.

    `recall` has the results of the last check of nearly the same rules.
    """
    recall = Recall() if recall is None else recall
    if large := tuple(problem for run in SIZE_CHECKS for problem in run(rulebook, recall)):
        return large  # what has no bound has no type either
    flow = walk(rulebook, recall)
    problems = [problem for run in (*NAME_CHECKS, *RULE_CHECKS) for problem in run(rulebook)]
    problems += [problem for run in (*_finding(flow), *TYPE_CHECKS) for problem in run(flow)]
    return in_order(_counted(without_allowed(_without_consequences(problems, flow), rulebook), rulebook))


def _finding(flow: Flow) -> list[TypeCheck]:
    """The checks of facts that find something in some group; the others find nothing in all facts either."""
    found = set[TypeCheck]()
    for group in flow.groups:
        found |= flow.recall.of(("finding", id(group)), partial(_finding_in, flow, group))[0]
    return [run for run in FACT_CHECKS if run in found]


def _finding_in(flow: Flow, group: SharedFacts) -> tuple[set[TypeCheck], SharedFacts]:
    part = flow.part(group)
    return {run for run in FACT_CHECKS if any(True for _ in run(part))}, group


def _counted(problems: Iterable[Problem], rulebook: Rulebook) -> Iterator[Problem]:
    """The problems with the severities that the mapping sets, without ignored ones."""
    for problem in problems:
        override = rulebook.severities.get(problem.code) if is_settable(problem.code) else None
        severity = problem.severity if override is None else override.severity
        source = rulebook.sources.get(problem.place.file) if problem.place is not None else None
        if CATALOGUE[problem.code].leftover and source is not None and not rulebook.is_own(source):
            continue  # a workspace may leave parts of its mapping without use
        if severity != "ignore":
            yield problem._replace(severity=severity)


def _without_consequences(problems: list[Problem], flow: Flow) -> Iterator[Problem]:
    """Removes problems that only follow from others.

    Of two causes in one part of an expression, the wider one is removed; so are problems of a whole expression with a
    cause anywhere in it.
    """
    found = [problem.place for problem in problems if CATALOGUE[problem.code].cause and problem.place is not None]
    causes = Spans(found)
    negations = Spans(problem.place for problem in problems if problem.code == "M212" and problem.place is not None)
    expressions = {part.expr.place for part in flow.of(EvaluatedPart)} if found else set()
    spoilt = Spans(place for place in expressions if causes.is_inside(place))
    nothing = Spans(())
    for problem in problems:
        around = negations if problem.code == "M203" else spoilt if CATALOGUE[problem.code].follows else nothing
        inside = causes if CATALOGUE[problem.code].cause and problem.code != "M212" else nothing
        place = problem.place
        if place is None or not (around.is_around(place) or inside.is_inside(place, other=True)):
            yield problem
