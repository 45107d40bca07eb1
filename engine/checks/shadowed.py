"""Rules that are never reached, because those before them take everything: of a route (M303), of a spread (M304)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.problem import Place, Problem, Related
from ..inference.facts import Flow, Reached
from ..language.rulebook import EntryRule, Rule
from .findings import at, in_every_use

__all__ = ["check"]


def check(flow: Flow) -> Iterator[Problem]:
    """A Problem for each rule that nothing is left for."""
    for fact in in_every_use(flow.of(Reached), lambda one: at(one.node), lambda one: not one.reached):
        if fact.name is None:
            by = _by(fact, "the entry rules before it take")
            yield Problem.of("M304", fact.node.place, related=_taker(fact), by=by)
        else:
            by = _by(fact, "the rules before it take")
            yield Problem.of("M303", fact.node.place, rule=fact.name, related=_taker(fact), name=fact.name, by=by)


def _taker(fact: Reached) -> tuple[Related, ...]:
    taker = fact.taker
    return () if taker is None else (Related(_place(taker), "the rule that takes it before"),)


def _place(taker: Rule | EntryRule) -> Place:
    return taker.place if isinstance(taker, Rule) else taker.node.place


def _by(fact: Reached, several: str) -> str:
    taker = fact.taker
    if taker is None:
        return several
    place = _place(taker)
    name = f"the rule {taker.name!r}" if isinstance(taker, Rule) else "the one"
    where = f"on line {place.line}" if place.file == fact.node.place.file else f"in {place.file}:{place.line}"
    return f"{name} {where} takes"
