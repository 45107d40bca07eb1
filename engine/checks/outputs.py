"""Values of rules that the schema of the output always refuses.

These are a member that the schema does not have (M401), a required member that no rule gives (M402), and a value that
is never valid (M403). Values that are only sometimes refused are left to the proof (`engine.proof`) and to validation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem, Related
from ..diagnostics.suggestions import closest, did_you_mean
from ..inference.facts import Flow, TypedEmission
from ..proof.bodies import gaps, place_of
from ..proof.mismatches import Gap
from ..values.pointers import pointer
from .shared.examples import SCHEMA
from .shared.findings import in_schema
from .shared.registry import checks_types

__all__ = ["check"]

_CLOSED = (
    SCHEMA
    + """
```json title=event.schema.json
{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "id": {"type": "string"},
    "level": {"enum": ["low", "high"]}
  }
}
```
"""
)

declare(
    "M401",
    "error",
    "member that the output does not have",
    "the {request} request has no member {name!r}",
    page="""
A rule sets a member that the output's schema does not allow. Every request with it would be invalid.

## How to fix

Correct the name, or add the member to the output's schema.

## Wrong
"""
    + _CLOSED
    + """
```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      id: event.id
      levl: {const: low}
```

```text title=problem
error[M401]: the event request has no member 'levl'
 --> mapping.yaml:7:7
  |
7 |       levl: {const: low}
  |       ^^^^
  = rule: event
  = output: /levl
  = help: did you mean 'level'?
  = see: event.schema.json:3:3: the schema allows no others here
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      id: event.id
      level: {const: low}
```
""",
)

declare(
    "M402",
    "error",
    "required member that no rule gives",
    "the {request} request needs {name!r}, which {reason}",
    page="""
The output's schema requires a member that neither the rule nor the output's own fields set. Every request of the rule
would be invalid.

## How to fix

Set the member in the rule, or in the `fields` of the output if all its requests have it.

## Wrong
"""
    + SCHEMA
    + """
```json title=event.schema.json
{
  "type": "object",
  "required": ["id"],
  "additionalProperties": false,
  "properties": {
    "id": {"type": "string"},
    "level": {"enum": ["low", "high"]}
  }
}
```

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      level: {const: low}
```

```text title=problem
error[M402]: the event request needs 'id', which no rule gives
 --> mapping.yaml:2:11
  |
2 |   - rule: event
  |           ^^^^^
  = rule: event
  = see: event.schema.json:3:16: the schema requires it here
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      id: event.id
      level: {const: low}
```
""",
)

declare(
    "M403",
    "error",
    "value that the output never takes",
    "the {request} request refuses what stands here: {reason}",
    page="""
The output's schema refuses the value at this place of the body, whatever the input: a constant outside an `enum`, a
string that is too long, a value of another type.

## How to fix

Correct the value, convert it with `type`, or correct the output's schema. A value that is refused only for some inputs
is not reported here, but when the request is validated (M509).

## Wrong
"""
    + _CLOSED
    + """
```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      id: event.id
      level: {const: hihg}
```

```text title=problem
error[M403]: the event request refuses what stands here: it is "hihg", not one of ["low", "high"]
 --> mapping.yaml:7:14
  |
7 |       level: {const: hihg}
  |              ^^^^^^^^^^^^^
  = rule: event
  = output: /level
  = help: did you mean 'high'?
  = see: event.schema.json:6:15: the schema says so here
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      id: event.id
      level: {const: high}
```
""",
)


@checks_types
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each place in a body that is always refused."""
    for output in flow.rulebook.outputs.values():
        if output.schema is not None and output.schema in flow.rulebook.schemas:
            for emission, gap in gaps(flow, output, certain=True):
                yield _problem(flow, emission, gap)


def _problem(flow: Flow, emission: TypedEmission, gap: Gap) -> Problem:
    code = {"additionalProperties": "M401", "required": "M402"}.get(gap.keyword, "M403")
    return Problem.of(
        code,
        place_of(emission, gap),
        rule=emission.rule.name,
        output=pointer(gap.path) or None,
        hint=_hint(gap),
        related=(
            *_inherited(emission, code),
            *in_schema(flow, emission.output.schema or "", _SAYS[code], gap.part, *_steps(gap)),
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
    """The path from a part of the schema to the keyword that refuses the value, or to the name that it requires."""
    if gap.keyword not in gap.part:
        return ()
    names = gap.part["required"] if gap.keyword == "required" else ()
    return (gap.keyword, names.index(gap.name)) if gap.name in names else (gap.keyword,)


def _inherited(emission: TypedEmission, code: str) -> tuple[Related, ...]:
    """The rules that the rule extends, as related places for a missing member."""
    bases = emission.rule.bases if code == "M402" else ()
    return tuple(Related(base.place, "what the rule extends") for base in bases)


def _surely(reason: str) -> str:
    """The reason of a gap, worded for a value that is always refused."""
    return _POSSIBLY.sub(lambda found: f"{found[1] or ''}{_SURELY[found[2]]} ", reason, count=1)


_SURELY = {
    "it can be": "it is",
    "it can have": "it has",
    "it may be": "it is",
    "it may fit": "it fits",
    "it may match": "it matches",
    "it may not": "it does not",
}
_POSSIBLY = re.compile(rf"^(its name: )?({'|'.join(_SURELY)}) ")


def _hint(gap: Gap) -> str | None:
    found = gap.name if gap.name is not None else (*gap.reason.split('"'), "")[1]
    near = closest(found, gap.known)
    if near is not None:
        return did_you_mean(found, [near])
    return f"known there: {', '.join(gap.known[:8])}{', ...' if len(gap.known) > 8 else ''}" if gap.known else None
