"""Rules that are never reached, because those before them take everything: of a route (M303), of a spread (M304)."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Flow, Reached
from ..problem import Problem
from ..rules import Rule
from .findings import at, in_every_use

__all__ = ["check"]


def check(flow: Flow) -> Iterator[Problem]:
    """A Problem for each rule that nothing is left for."""
    for fact in in_every_use(flow.of(Reached), lambda one: at(one.node), lambda one: not one.reached):
        if fact.name is None:
            yield Problem.of("M304", fact.node.place, by=_by(fact, "the entry rules before it take"))
        else:
            yield Problem.of(
                "M303", fact.node.place, rule=fact.name, name=fact.name, by=_by(fact, "the rules before it take")
            )


def _by(fact: Reached, several: str) -> str:
    taker = fact.taker
    if taker is None:
        return several
    place = taker.place if isinstance(taker, Rule) else taker.node.place
    name = f"the rule {taker.name!r}" if isinstance(taker, Rule) else "the one"
    where = f"on line {place.line}" if place.file == fact.node.place.file else f"in {place.file}:{place.line}"
    return f"{name} {where} takes"
