"""Validates batches against the input schema of a mapping, on demand: mapping does not depend on it."""

from __future__ import annotations

from typing import Any

from ..diagnostics.problem import Problem
from ..language.rulebook import Rulebook
from ..runtime.result import Result

__all__ = ["input_checked", "input_problems"]


def input_problems(rulebook: Rulebook, batch: Any) -> tuple[Problem, ...]:
    """The places of a batch that do not conform to the input schema, as warnings (M553); at most 20 are named."""
    violations = rulebook.schemas[rulebook.input.schema].validator.violations(batch)
    found = [
        Problem.of("M553", input=violation.pointer, reason=violation.reason, keyword=violation.keyword)
        for violation in violations
    ]
    if violations.more:
        found.append(Problem.of("M553", input="", reason=f"{violations.more} more places do not conform", keyword=None))
    return tuple(found)


def input_checked(rulebook: Rulebook, batch: Any, result: Result) -> Result:
    """The Result with warnings for the places of its batch that do not conform to the input schema."""
    return result._replace(problems=(*result.problems, *input_problems(rulebook, batch)))
