"""The branches that no input can take according to types: they need no test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from ..inference.facts import (
    Alternatives,
    Coercion,
    Condition,
    Default,
    Fact,
    Iteration,
    Reached,
    RenderedTemplate,
    SpreadOver,
)
from ..inference.rulebook import walk
from ..inference.templates import rendered
from ..language.rulebook import Each, Field, Rulebook, Table
from ..language.traversal import fields_in
from ..values.recall import Recall
from .branches import Catalogue

__all__ = ["unreachable"]

_Known = tuple[int, str, bool]
"""The identity of a part of the rulebook, an outcome, and whether some input may lead to it."""


def unreachable(catalogue: Catalogue, rulebook: Rulebook, recall: Recall | None = None) -> frozenset[str]:
    """The ids of the branches of a rulebook that no input can take, whatever the settings.

    A branch that is written once and used in several places must be unreachable in all of them. `recall` has the
    results of the last walk through the rules.
    """
    owners: dict[int, Field] = {}
    parts = (rulebook.let, rulebook.rules, *rulebook.routes.values(), *rulebook.outputs.values())
    for field in fields_in((*parts, *rulebook.policies.values())):
        for source in (field, field.source, *([field.source.each] if isinstance(field.source, Each) else ())):
            owners[id(source)] = field
    possible: dict[tuple[int, str], bool] = defaultdict(bool)
    offered: dict[Any, bool] = defaultdict(bool)
    flow = walk(rulebook, recall)
    for emission in flow.emissions:
        possible[id(emission.rule), "nothing"] |= not any(
            member.required for made in emission.fields.objects for member in made.properties.values()
        )
    for fact in flow.facts:
        if isinstance(fact, Reached):
            offered[fact.node.place] |= fact.reached
        for part, outcome, is_possible in _known(fact, owners):
            possible[part, outcome] |= is_possible
    for part, outcome in list(possible):
        if outcome == _NO_SOURCE and part in owners:
            name = "required" if owners[part].required else "absent"
            possible[part, name] = possible[part, outcome] or _is_left_out(owners[part], possible)
    states: dict[str, bool] = defaultdict(bool)
    for key, branch in catalogue.by_outcome.items():
        states[branch.id] |= possible.get(key, True) and (branch.outcome != "takes" or offered.get(branch.place, True))
    return frozenset(name for name, is_possible in states.items() if not is_possible)


def _may_lose(table: Table) -> bool:
    """Returns whether a table leaves some value out."""
    return table.unlisted in ("omit", ("const", None)) or None in table.entries.values()


_NO_SOURCE = "no source"
"""The outcome of a field whose source is null."""


def _is_left_out(field: Field, possible: Mapping[tuple[int, str], bool]) -> bool:
    """Returns whether keys of a field may leave out the value that its source gives."""
    table = field.table
    return (
        field.inner is not field
        or bool(field.omit_empty)
        or (table is not None and _may_lose(table))
        or (field.type is not None and field.on_problem != "keep" and possible.get((id(field), "unconverted"), True))
    )


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
            yield id(fact.field), _NO_SOURCE, is_open
        case RenderedTemplate():
            type_ = rendered(fact.text, fact.context)
            yield id(fact.text), "value", bool(type_.parts.kinds - {"null"})
            if (field := owners.get(id(fact.text))) is not None:
                yield id(field), _NO_SOURCE, type_.parts.null
        case Iteration():
            if (field := owners.get(id(fact.expr))) is not None:
                yield id(field), _NO_SOURCE, bool(fact.type.parts.kinds - {fact.wanted})
                array = fact.type.parts.array
                if fact.wanted == "array" and array is not None:
                    yield from _sizes(id(field.source), array.least, array.most)
        case SpreadOver():
            for made in fact.type.objects:
                least = sum(member.required for member in made.properties.values())
                most = None if made.others or made.complete else len(made.properties)
                yield from _sizes(id(fact.spread), least, most)


def _sizes(part: int, least: int, most: int | None) -> Iterator[_Known]:
    """The outcomes of an iteration over `least` to `most` elements."""
    yield part, "none", least == 0
    yield part, "one", least <= 1 and (most is None or most >= 1)
    yield part, "many", most is None or most > 1
