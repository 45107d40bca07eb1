"""The registry of checks by their argument: each module of `engine.checks` adds its own with a decorator."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...diagnostics.problem import Problem
from ...inference.facts import Flow
from ...language.rulebook import Rulebook
from ...values.recall import Recall

__all__ = [
    "FACT_CHECKS",
    "NAME_CHECKS",
    "RULE_CHECKS",
    "SIZE_CHECKS",
    "TYPE_CHECKS",
    "RuleCheck",
    "SizeCheck",
    "TypeCheck",
    "checks_facts",
    "checks_names",
    "checks_rules",
    "checks_sizes",
    "checks_types",
]

RuleCheck = Callable[[Rulebook], Iterable[Problem]]
SizeCheck = Callable[[Rulebook, Recall], Iterable[Problem]]
TypeCheck = Callable[[Flow], Iterable[Problem]]

SIZE_CHECKS: list[SizeCheck] = []
NAME_CHECKS: list[RuleCheck] = []
RULE_CHECKS: list[RuleCheck] = []
FACT_CHECKS: list[TypeCheck] = []
TYPE_CHECKS: list[TypeCheck] = []


def checks_sizes(check: SizeCheck) -> SizeCheck:
    """Registers a check that runs before all others; they do not run if it finds something."""
    SIZE_CHECKS.append(check)
    return check


def checks_names(check: RuleCheck) -> RuleCheck:
    """Registers a check of the rules that also runs on the readable part of a mapping with errors."""
    NAME_CHECKS.append(check)
    return check


def checks_rules(check: RuleCheck) -> RuleCheck:
    """Registers a check of the rules."""
    RULE_CHECKS.append(check)
    return check


def checks_facts(check: TypeCheck) -> TypeCheck:
    """Registers a check of the types that depends on the facts alone.

    If it finds something at a place in all facts, it must find something in each part of them about that place.
    """
    FACT_CHECKS.append(check)
    return check


def checks_types(check: TypeCheck) -> TypeCheck:
    """Registers a check of the types of all expressions and outputs."""
    TYPE_CHECKS.append(check)
    return check
