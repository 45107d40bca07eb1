"""Iterations over a value that is never a list or an object (M223): projections, indexes, `each`, spreads, routes."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..inference.facts import EvaluatedPart, Flow, Iteration
from ..types.description import describe
from ..types.types import Type
from ..values.kinds import type_with_article
from .shared.examples import SCHEMA
from .shared.findings import at, before, in_every_use, part_key, up_to
from .shared.registry import checks_facts

__all__ = ["check"]

declare(
    "M223",
    "error",
    "nothing to iterate over",
    "{text!r} is {found}, never {wanted}",
    cause=True,
    page="""
A projection, an index, an `each`, a route or a spread iterates over a value that is never a list, or never an object
where one is needed. The result is always null.

## How to fix

Name the list or the object that was meant. The elements of a list are read with `[*]`, the values of an object with
`.*`.

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
      name: event.user[0].name
```

```text title=problem
error[M223]: 'event.user' is an object or null, never a list
 --> mapping.yaml:6:13
  |
6 |       name: event.user[0].name
  |             ^^^^^^^^^^
  = help: the values of an object are read with .*
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.user.name
```
""",
)

_WANTED = {
    "projection": "array",
    "filter_projection": "array",
    "flatten": "array",
    "index": "array",
    "slice": "array",
    "value_projection": "object",
}


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each part of an expression and each iteration that never has anything to iterate over."""
    parts = (part for part in flow.of(EvaluatedPart) if part.seen.node["type"] in _WANTED)
    for part in in_every_use(parts, part_key, lambda one: _is_refused(_gone_over(one), _WANTED[one.seen.node["type"]])):
        node, type_ = part.seen.node, _gone_over(part)
        wanted = _WANTED[node["type"]]
        text, place = up_to(part.expr, node["children"][0]) if part.seen.operands else before(part.expr, node)
        yield Problem.of(
            "M223", place, hint=_hint(type_, wanted), text=text, found=describe(type_), wanted=type_with_article(wanted)
        )
    iterations = in_every_use(
        flow.of(Iteration), lambda one: (at(one.expr.node), one.wanted), lambda one: _is_refused(one.type, one.wanted)
    )
    for one in iterations:
        yield Problem.of(
            "M223",
            one.expr.place,
            hint=_hint_for(one),
            text=one.expr.text,
            found=describe(one.type),
            wanted=f"{type_with_article(one.wanted)} for {one.what}",
        )


def _gone_over(part: EvaluatedPart) -> Type:
    return part.seen.operands[0] if part.seen.operands else part.seen.current


def _is_refused(type_: Type, wanted: str) -> bool:
    return not type_.never and wanted not in type_.kinds and type_.kinds != {"null"}


def _hint(type_: Type, wanted: str) -> str | None:
    if wanted == "array" and "object" in type_.kinds:
        return "the values of an object are read with .*"
    return "the elements of a list are read with [*]" if wanted == "object" and "array" in type_.kinds else None


def _hint_for(one: Iteration) -> str | None:
    if one.wanted == "array" and "object" in one.type.kinds and one.what != "a spread":
        return "with `key`, the entries of an object are taken"
    return (
        "without `key`, the elements of a list are taken" if one.wanted == "object" and one.what != "a spread" else None
    )
