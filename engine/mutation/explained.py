"""Checks the explanations of mutants, and marks those that are explained."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics.problem import Problem
from ..insight.explained import Explanation
from .mutant import Mutant
from .testing import Verdict

__all__ = ["checked"]


def checked(
    explained: Iterable[Explanation], mutants: Iterable[Mutant], verdicts: dict[str, Verdict]
) -> tuple[Problem, ...]:
    """Marks the explained mutants in the verdicts (by id); returns the problems of wrong explanations."""
    known = {mutant.id: mutant for mutant in mutants}
    problems = []
    for one in explained:
        mutant, verdict = known.get(one.name.text), verdicts.get(one.name.text)
        place = one.name.place
        if mutant is None:
            problems.append(Problem.of("M605", place, name=one.name.text, reason="there is no such mutant"))
        elif mutant.words != one.change:
            reason = f"that mutant is another change: {mutant.words}"
            problems.append(Problem.of("M605", place, name=one.name.text, reason=reason))
        elif verdict is None or verdict.status == "not run":
            continue
        elif verdict.status == "killed":
            reason = f"a test kills it: {verdict.killed_by}"
            problems.append(Problem.of("M606", place, name=one.name.text, reason=reason))
        elif verdict.status == "equivalent":
            problems.append(Problem.of("M606", place, name=one.name.text, reason=f"it is proven: {verdict.reason}"))
        else:
            verdicts[mutant.id] = Verdict("explained", None, verdict.completed, one.reason)
    return tuple(problems)
