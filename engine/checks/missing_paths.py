"""Paths that can never exist according to the input schema (M203).

An expression that reads one is null without a message, so misspelt names are the commonest mistakes in mappings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Place, Problem, Related
from ..diagnostics.suggestions import closest, did_you_mean
from ..inference.facts import EvaluatedPart, Flow, RenderedTemplate
from ..language.rulebook import Text
from ..templates.paths import paths_in
from ..types.description import describe
from ..types.types import ObjectType, Type, lookup
from .shared.examples import SCHEMA
from .shared.findings import (
    at,
    given_names,
    in_every_use,
    in_schema,
    is_outer_name,
    part_key,
    path_to,
    span_of,
    text_of,
)
from .shared.registry import checks_facts
from .shared.words import literal_meant

__all__ = ["check"]

declare(
    "M203",
    "error",
    "path that cannot exist",
    "{path!r} can never exist: {where} has no {name!r}",
    cause=True,
    page="""
A path reads a member that can never be there, according to the schema of the input. JMESPath does not treat such a path
as an error, its value is null: a misspelt name would go unnoticed until somebody misses the value.

Only what the schema describes completely is reported: objects that allow no other members
(`additionalProperties: false`), and those marked `"x-complete": true`, where other members are valid but none is known.
Conditions count: after `when: event.kind == 'buy'` only the variants of that kind remain.

## How to fix

Correct the name. If senders really send the member, add it to the schema.

## Wrong
"""
    + SCHEMA
    + """
```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      title: event.titel
```

```text title=problem
error[M203]: 'event.titel' can never exist: 'event' has no 'titel'
 --> mapping.yaml:6:20
  |
6 |       title: event.titel
  |                    ^^^^^
  = help: did you mean 'title'?
  = see: batch.schema.json:8:9: the schema closes the object here
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      title: event.title
```
""",
)

_SHOWN = 6


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each path that exists in none of its uses."""
    names, hints = given_names(flow.rulebook), _Hints()
    fields = (part for part in flow.of(EvaluatedPart) if part.seen.node["type"] == "field")
    for part in in_every_use(fields, part_key, lambda one: _is_missing(one.seen.current, one.seen.node["value"])):
        name = part.seen.node["value"]
        path, where = path_to(part.expr, part.seen.node)
        hint = literal_meant(text_of(part.expr, part.seen.node)) if path == text_of(part.expr, part.seen.node) else None
        if is_outer_name(part, names):
            hint = f"the value with this name is written ${name}"
        hint = hint or hints.of(part.seen.current, name)
        yield _problem(flow, part.seen.current, name, path, where, span_of(part.expr, part.seen.node), hint)
    steps = (step for template in flow.of(RenderedTemplate) for step in _steps(template))
    for step in in_every_use(
        steps, lambda one: (at(one.text.node), one.start), lambda one: _is_missing(one.current, one.path[-1])
    ):
        *before_it, name = step.path
        place = step.text.span(step.start, step.start + len(name))
        path, where = ".".join(step.path), repr(".".join(before_it))
        yield _problem(flow, step.current, name, path, where, place, hints.of(step.current, name))


@dataclass(frozen=True, slots=True, eq=False)
class _PathStep:
    """A step of a path in a template, and the type of the value that it is read from."""

    text: Text
    path: tuple[str, ...]
    start: int
    current: Type


def _steps(template: RenderedTemplate) -> Iterator[_PathStep]:
    for path in paths_in(template.text.template):
        current = template.context
        for number, name in enumerate(path.names):
            yield _PathStep(template.text, path.names[: number + 1], path.starts[number], current)
            current = lookup(current, name)


def _is_missing(current: Type, name: str) -> bool:
    if any(name in one.properties for one in current.objects):
        return False
    if current.never or current.any or current.kinds == {"null"}:
        return False  # whatever made it so is reported there
    return not any(one.knows(name) for one in current.objects)


def _problem(flow: Flow, current: Type, name: str, path: str, where: str, place: Place, hint: str | None) -> Problem:
    if not current.objects:
        where = f"{where} ({describe(current)})"
    related = _related(flow, current)
    return Problem.of("M203", place, hint=hint, related=related, path=path, where=where, name=name)


def _related(flow: Flow, current: Type) -> tuple[Related, ...]:
    """The line of the input schema that excludes other members; for several variants, that of the first."""
    for one in current.objects:
        for key in ("x-complete", "additionalProperties"):
            if one.origin is not None and key in one.origin:
                return in_schema(flow, flow.rulebook.input.schema, "the schema closes the object here", one.origin, key)
    return ()


class _Hints:
    """Hints to names that can be there. Those of a type are collected once, for it may be wide, and misread often."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[tuple[ObjectType, ...], tuple[str, ...]]] = {}

    def of(self, current: Type, name: str) -> str | None:
        """The name that is meant, or those that there are."""
        key = tuple(map(id, current.objects))
        if key not in self._known:
            members = (member for one in current.objects for member in one.properties.items())
            known = tuple(sorted({member for member, prop in members if not prop.type.never}))
            self._known[key] = current.objects, known  # while they are kept, no others have their ids
        known = self._known[key][1]
        near = closest(name, known)
        if near is not None:
            return did_you_mean(name, [near])
        if known:
            more = ", ..." if len(known) > _SHOWN else ""
            return f"known there: {', '.join(known[:_SHOWN])}{more}"
        if current.array is not None:
            return "the elements of a list are read with [*], one of them with [0]"
        return None
