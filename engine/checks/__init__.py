"""What can be known about a mapping before any data. One module a check; `check` runs them all."""

from __future__ import annotations

from ..problem import Problem, in_order
from ..rules import Rulebook
from . import negation, roots, unused

__all__ = ["CHECKS", "check"]

CHECKS = (roots.check, negation.check, unused.check)


def check(rulebook: Rulebook) -> tuple[Problem, ...]:
    """All Problems that the checks find, in order of place."""
    return in_order(problem for run in CHECKS for problem in run(rulebook))
