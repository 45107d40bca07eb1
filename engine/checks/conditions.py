"""Conditions whose outcome is known: they always hold (M301) or never do (M302)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.problem import Problem
from ..expressions.tree import walk
from ..inference.facts import Condition, Flow
from .findings import at, in_every_use

__all__ = ["check"]


def check(flow: Flow) -> Iterator[Problem]:
    """A Problem for each condition whose outcome is the same in all of its uses."""
    conditions = [fact for fact in flow.of(Condition) if not _asks_for_kind(fact)]
    for one in in_every_use(conditions, lambda fact: at(fact.when.node), lambda fact: not fact.can_fail_to):
        yield Problem.of("M301", one.when.place, what=one.what)
    for one in in_every_use(conditions, lambda fact: at(fact.when.node), lambda fact: not fact.can_hold):
        yield Problem.of("M302", one.when.place, what=one.what)


def _asks_for_kind(fact: Condition) -> bool:
    """Whether the condition has a type(): such a guard may stand against input that does not fit its schema."""
    return any(
        node["type"] == "function_expression" and node["value"] == "type" for node in walk(fact.when.expression.tree)
    )
