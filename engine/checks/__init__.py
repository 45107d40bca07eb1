"""What can be known about a mapping before any data. One module a check; `check` runs them all."""

from __future__ import annotations

from ..problem import Problem, in_order
from ..rules import Rulebook
from . import negation, roots, unused
from .allowed import without_allowed

__all__ = ["CHECKS", "check"]

CHECKS = (roots.check, negation.check, unused.check)


def check(rulebook: Rulebook) -> tuple[Problem, ...]:
    """All Problems that the checks find and that are not allowed where they are, in order of place."""
    return in_order(without_allowed((problem for run in CHECKS for problem in run(rulebook)), rulebook))
