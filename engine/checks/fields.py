"""Parts of a field that never count: an alternative (M225), a default (M226), and a value that can never be converted
(M227)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from ..diagnostics.problem import Place, Problem
from ..inference.facts import Alternatives, Coercion, Default, Flow
from ..language.rulebook import Expr, Field
from ..source.nodes import MappingNode
from ..types.description import describe
from ..types.types import Type
from .findings import at, in_every_use

__all__ = ["check"]


def check(flow: Flow) -> Iterator[Problem]:
    """A Problem for each alternative, default and conversion that is in vain in all of its uses."""
    arms = ((fact, number) for fact in flow.of(Alternatives) for number in range(len(fact.types)))
    for fact, number in in_every_use(arms, _arm, lambda one: _reason(*one) is not None):
        part, _ = fact.types[number]
        yield Problem.of("M225", part.place, reason=_reason(fact, number))
    for default in in_every_use(
        flow.of(Default), lambda one: at(one.field.node), lambda one: not _can_be_null(one.type)
    ):
        yield Problem.of("M226", _place_of(default.field, "default"), value=describe(default.type))
    for coercion in in_every_use(flow.of(Coercion), lambda one: at(one.field.node), lambda one: not one.possible):
        to = coercion.field.type
        yield Problem.of("M227", _place_of(coercion.field, "type"), found=describe(coercion.type), type=to)


def _arm(one: tuple[Alternatives, int]) -> Hashable:
    part = one[0].types[one[1]][0]
    return at(part.node), isinstance(part, Field)


def _reason(fact: Alternatives, number: int) -> str | None:
    """Why an alternative never counts, or None where it can."""
    for part, type_ in fact.types[:number]:
        if not _can_be_null(type_):
            return f"{_named(part)} before it is never null"
    part, type_ = fact.types[number]
    if type_.kinds == {"null"} and (isinstance(part, Expr) or len(fact.types) > 1):
        return "it is always null"
    return None


def _named(part: Expr | Field) -> str:
    return repr(part.text) if isinstance(part, Expr) else "the one"


def _can_be_null(type_: Type) -> bool:
    return type_.never or type_.parts.null


def _place_of(field: Field, key: str) -> Place:
    node = field.node.get(key) if isinstance(field.node, MappingNode) else None
    return field.place if node is None else node.place
