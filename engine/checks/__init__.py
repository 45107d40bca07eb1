"""What can be known about a mapping before any data. One module a check; `check` runs them all.

The first checks ask about names; the others look at the facts of one walk through the rules with types
(`engine.inference.rulebook`). What the author allows, with a reason, is left out at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..diagnostics.problem import Problem, in_order
from ..inference.facts import Flow, Part
from ..inference.rulebook import walk
from ..language.rulebook import Rulebook
from . import (
    arguments,
    comparisons,
    conditions,
    dead_parts,
    fields,
    growth,
    iterations,
    metaschemas,
    missing_paths,
    negation,
    outputs,
    roots,
    shadowed,
    unchecked,
    unlisted,
    unused,
)
from .allowed import without_allowed
from .spans import Spans

__all__ = ["CHECKS", "TYPE_CHECKS", "check", "check_names"]

CHECKS = (roots.check, negation.check, unused.check, unchecked.check, metaschemas.check)
TYPE_CHECKS = (
    missing_paths.check,
    arguments.check,
    iterations.check,
    comparisons.check,
    unlisted.check,
    dead_parts.check,
    fields.check,
    conditions.check,
    shadowed.check,
    outputs.check,
)
_CAUSES = frozenset({"M203", "M204", "M211", "M212", "M220", "M222", "M223"})
_LEFT_OVER = frozenset({"M221", "M224", "M225", "M226", "M301", "M302", "M303", "M304"})
_FOLLOWING = frozenset({"M221", "M224", "M225", "M301", "M302"})


def check_names(draft: Rulebook) -> tuple[Problem, ...]:
    """What can be said of a mapping that has errors elsewhere: the problems with names in what could be read of it."""
    return in_order(problem for run in (roots.check, negation.check) for problem in run(draft))


def check(rulebook: Rulebook) -> tuple[Problem, ...]:
    """All Problems that the checks find and that are not allowed where they are, in order of place."""
    if large := tuple(growth.check(rulebook)):
        return large  # what has no bound has no type either
    flow = walk(rulebook)
    problems = [problem for run in CHECKS for problem in run(rulebook)]
    problems += [problem for run in TYPE_CHECKS for problem in run(flow)]
    return in_order(_counted(without_allowed(_without_consequences(problems, flow), rulebook), rulebook))


def _counted(problems: Iterable[Problem], rulebook: Rulebook) -> Iterator[Problem]:
    """The problems with the severities that the mapping gives their codes."""
    for problem in problems:
        severity = rulebook.severities.get(problem.code, problem.severity)
        source = rulebook.sources.get(problem.place.file) if problem.place is not None else None
        if problem.code in _LEFT_OVER and source is not None and not rulebook.is_own(source):
            continue  # a workspace may leave parts of its mapping without use
        if severity != "ignore":
            yield replace(problem, severity=severity)


def _without_consequences(problems: list[Problem], flow: Flow) -> Iterator[Problem]:
    """Leaves out what only follows from another problem: of two in one part of an expression the wider one, and what
    concerns a whole expression where another problem is anywhere in that."""
    found = [problem.place for problem in problems if problem.code in _CAUSES and problem.place is not None]
    causes = Spans(found)
    negations = Spans(problem.place for problem in problems if problem.code == "M212" and problem.place is not None)
    expressions = {part.expr.place for part in flow.of(Part)} if found else set()
    spoilt = Spans(place for place in expressions if causes.is_inside(place))
    nothing = Spans(())
    for problem in problems:
        around = negations if problem.code == "M203" else spoilt if problem.code in _FOLLOWING else nothing
        inside = causes if problem.code in _CAUSES - {"M212"} else nothing
        place = problem.place
        if place is None or not (around.is_around(place) or inside.is_inside(place, other=True)):
            yield problem
