"""What a rule gives and the schema of its output never takes: a member that it does not have (M401), a required member
that no rule gives (M402), a value that is never valid (M403). What may only sometimes be refused is left to the proof
(`engine.proof`) and to validation."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.problem import Problem, Related
from ..diagnostics.suggestions import closest
from ..inference.facts import Emission, Flow
from ..proof.bodies import gaps, place_of
from ..proof.mismatches import Gap
from ..values.pointers import pointer
from .findings import in_schema

__all__ = ["check"]


def check(flow: Flow) -> Iterator[Problem]:
    """A Problem for each place in a body that is always refused."""
    for output in flow.rulebook.outputs.values():
        if output.schema in flow.rulebook.schemas:
            for emission, gap in gaps(flow, output, certain=True):
                yield _problem(flow, emission, gap)


def _problem(flow: Flow, emission: Emission, gap: Gap) -> Problem:
    code = {"additionalProperties": "M401", "required": "M402"}.get(gap.keyword, "M403")
    return Problem.of(
        code,
        place_of(emission, gap),
        rule=emission.rule.name,
        output=pointer(gap.path) or None,
        hint=_hint(gap),
        related=(
            *_inherited(emission, code),
            *in_schema(flow, emission.output.schema, _SAYS[code], gap.part, *_steps(gap)),
        ),
        request=emission.output.name,
        name=gap.name,
        reason=gap.reason if code == "M402" else _surely(gap.reason),
    )


_SAYS = {
    "M401": "the schema allows no others here",
    "M402": "the schema requires it here",
    "M403": "the schema says so here",
}


def _steps(gap: Gap) -> tuple[str | int, ...]:
    """What leads from the part of the schema to the keyword that refuses, or to the name that it requires."""
    if gap.keyword not in gap.part:
        return ()
    names = gap.part["required"] if gap.keyword == "required" else ()
    return (gap.keyword, names.index(gap.name)) if gap.name in names else (gap.keyword,)


def _inherited(emission: Emission, code: str) -> tuple[Related, ...]:
    """The rules that the rule takes fields over from, where one is missing."""
    bases = emission.rule.bases if code == "M402" else ()
    return tuple(Related(base.place, "what the rule extends") for base in bases)


def _surely(reason: str) -> str:
    """The reason of a gap for what is always so."""
    for possible, sure in (("it can be ", "it is "), ("it can have ", "it has "), ("it may ", "it does ")):
        reason = reason.replace(possible, sure)
    return reason


def _hint(gap: Gap) -> str | None:
    found = gap.name if gap.name is not None else (*gap.reason.split('"'), "")[1]
    near = closest(found, gap.known)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"known there: {', '.join(gap.known[:8])}{', ...' if len(gap.known) > 8 else ''}" if gap.known else None
