"""Splits the values that a rule emits into cases, since some values only occur together.

The type of a body describes each member alone. If that leaves gaps, the values that the rule's conditions test are
distinguished: if `platform` is known to be "TV", a member with the condition `platform == 'TV'` and the platform itself
fit together. Each way to distinguish cases is sound by itself, so the one that leaves the fewest gaps counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..expressions.tree import walk
from ..inference.facts import Flow, TypedEmission
from ..inference.rulebook import Emissions
from ..inference.steps import path_of
from ..language.rulebook import Expr, Field, Listed, ObjectSource, Output
from ..types.narrowing import meet, refine
from ..types.types import NULL, Type, constants, literal, lookup, without_null
from .bodies import Bodies
from .mismatches import Gap
from .subtyping import SubtypeChecker

__all__ = ["gaps"]

MAX_VALUES = 12
MAX_PATHS = 12
MAX_BODIES = 200

_Path = tuple[str, ...]


def gaps(flow: Flow, output: Output) -> Iterator[tuple[TypedEmission, Gap]]:
    """The gaps between bodies and the schema of their output that remain in some case."""
    if output.schema is None:
        return
    checker, bodies = SubtypeChecker(flow.rulebook.schemas[output.schema], flow.recall), Bodies(flow, output)
    emissions = Emissions(flow)
    for emission in bodies.emissions:
        found = checker.gaps(bodies.of(emission))
        if found:
            paths = tuple(dict.fromkeys(_paths_in(emission.rule.body)))[:MAX_PATHS]
            found = _Cases(emissions, checker, bodies).least(emission, found, paths)
        for gap in found:
            yield emission, gap


@dataclass(slots=True)
class _Cases:
    emissions: Emissions
    checker: SubtypeChecker
    bodies: Bodies
    left: int = MAX_BODIES

    def least(self, emission: TypedEmission, found: tuple[Gap, ...], paths: tuple[_Path, ...]) -> tuple[Gap, ...]:
        """The fewest gaps that remain when the values at some of the paths are distinguished; `found` are the gaps
        without that."""
        best, told = found, list[tuple[TypedEmission, tuple[Gap, ...]]]()
        rest = paths
        for path in paths:
            cases = [(case, self.checker.gaps(self.bodies.of(case))) for case in self.apart(emission, path)]
            open_ = tuple(dict.fromkeys(gap for _, own in cases for gap in own))
            if cases and len(open_) < len(best):
                best, told = open_, cases
                rest = tuple(other for other in paths if other != path)
            if not best:
                return ()
        if not told:
            return found
        return tuple(dict.fromkeys(gap for case, own in told for gap in (self.least(case, own, rest) if own else ())))

    def apart(self, emission: TypedEmission, path: _Path) -> list[TypedEmission]:
        """The emissions for each of the few values possible at a path; none if there are many."""
        parts = _values(_at(emission.context, path))
        if len(parts) < 2 or len(parts) > self.left:
            return []
        self.left -= len(parts)
        contexts = (_with(emission.context, path, part) for part in parts)
        return [self.emissions.emitted(emission, context) for context in contexts if not context.never]


def _values(type_: Type) -> list[Type]:
    """The values of the type one by one if there are few, else null and all others."""
    values = constants(type_)
    if values is not None and len(values) <= MAX_VALUES:
        return [literal(value) for value in values]
    return [NULL, without_null(type_)] if type_.null else []


def _with(context: Type, path: _Path, part: Type) -> Type:
    """The context in which the value at the path is of the type `part`."""
    return refine(context, path, lambda type_: meet(type_, part))


def _at(context: Type, path: _Path) -> Type:
    for name in path:
        context = lookup(context, name)
    return context


def _paths_in(part: Any) -> Iterator[_Path]:
    """The paths that conditions of fields read."""
    match part:
        case ObjectSource():
            for field_ in part.fields:
                yield from _paths_in(field_)
        case Field():
            if part.when is not None:
                yield from _paths_in(part.when)
            if isinstance(part.source, ObjectSource):
                yield from _paths_in(part.source)
            elif isinstance(part.source, Listed):
                for item in part.source.items:
                    yield from _paths_in(item)
        case Expr():
            for node in walk(part.expression.tree):
                path = path_of(node)
                if path:
                    yield path
