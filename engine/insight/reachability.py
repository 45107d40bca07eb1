"""The branches that no input can take, as far as types tell: they need no test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ..inference.facts import Alternatives, Coercion, Condition, Default, Fact, Iteration, Reached, RenderedTemplate
from ..inference.rulebook import walk
from ..inference.templates import rendered
from ..language.rulebook import Each, Field, Rulebook, Text
from ..language.traversal import fields_in
from .branches import Catalogue

__all__ = ["unreachable"]

_Known = tuple[int, str, bool]
"""The identity of a part of the rulebook, an outcome, and whether some input may lead to it."""


def unreachable(catalogue: Catalogue, rulebook: Rulebook) -> frozenset[str]:
    """The ids of the branches of a rulebook that no input can take, whatever the settings.

    A branch that is written once and used in several places is one of them only if it is in all of these places.
    """
    owners = {}
    parts = (rulebook.let, rulebook.rules, *rulebook.routes.values(), *rulebook.outputs.values())
    for field in fields_in((*parts, *rulebook.policies.values())):
        if isinstance(field.source, Text):
            owners[id(field.source)] = field
        elif isinstance(field.source, Each):
            owners[id(field.source.each)] = field
    possible: dict[tuple[int, str], bool] = defaultdict(bool)
    offered: dict[Any, bool] = defaultdict(bool)
    flow = walk(rulebook)
    for emission in flow.emissions:
        possible[id(emission.rule), "nothing"] |= not any(
            member.required for made in emission.fields.objects for member in made.properties.values()
        )
    for fact in flow.facts:
        if isinstance(fact, Reached):
            offered[fact.node.place] |= fact.reached
        for part, outcome, is_possible in _known(fact, owners):
            possible[part, outcome] |= is_possible
    states: dict[str, bool] = defaultdict(bool)
    for key, branch in catalogue.by_outcome.items():
        states[branch.id] |= possible.get(key, True) and (branch.outcome != "takes" or offered.get(branch.place, True))
    return frozenset(name for name, is_possible in states.items() if not is_possible)


def _known(fact: Fact, owners: dict[int, Field]) -> Iterator[_Known]:
    """The outcomes of a part that a fact shows to be possible or impossible."""
    match fact:
        case Condition():
            yield id(fact.when), "true", fact.can_hold
            yield id(fact.when), "false", fact.can_fail_to
        case Coercion():
            yield id(fact.field), "converted", fact.possible
            yield id(fact.field), "unconverted", fact.fails
        case Default():
            yield id(fact.field), "default", fact.type.parts.null
        case Alternatives():
            is_open = True
            for part, type_ in fact.types:
                yield id(part), "value", is_open and bool(type_.parts.kinds - {"null"})
                is_open = is_open and type_.parts.null
            yield from _absent(fact.field, is_possible=is_open)
        case RenderedTemplate():
            type_ = rendered(fact.text, fact.context)
            yield id(fact.text), "value", bool(type_.parts.kinds - {"null"})
            if (field := owners.get(id(fact.text))) is not None:
                yield from _absent(field, is_possible=type_.parts.null)
        case Iteration():
            if (field := owners.get(id(fact.expr))) is not None:
                yield from _absent(field, is_possible=bool(fact.type.parts.kinds - {fact.wanted}))


def _absent(field: Field, *, is_possible: bool) -> Iterator[_Known]:
    """The outcome for a field whose source is null, unless other keys of it decide about it."""
    if not field.applied - {"when", "required", "on_problem"}:
        yield id(field), "required" if field.required else "absent", is_possible
