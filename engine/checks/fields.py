"""Parts of a field without effect: an alternative (M225), a default (M226), a conversion that always fails (M227)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Place, Problem
from ..inference.facts import Alternatives, Coercion, Default, Flow
from ..language.rulebook import Expr, Field
from ..source.nodes import MappingNode
from ..types.description import describe
from ..types.types import Type
from .shared.examples import SCHEMA
from .shared.findings import at, in_every_use
from .shared.registry import checks_facts

__all__ = ["check"]

declare(
    "M225",
    "warning",
    "alternative that never counts",
    "this alternative never counts: {reason}",
    follows=True,
    leftover=True,
    page="""
A field has several sources in `from`, and one of them has no effect: one before it is never null, or it is always null
itself.

## How to fix

Remove it, or put the source that is never null last.

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
      name: {from: [event.id, event.title]}
```

```text title=problem
warning[M225]: this alternative never counts: 'event.id' before it is never null
 --> mapping.yaml:6:31
  |
6 |       name: {from: [event.id, event.title]}
  |                               ^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: {from: [event.title, event.id]}
```
""",
)

declare(
    "M226",
    "warning",
    "default that is never used",
    "the default is never used: the value is {value}, never null",
    leftover=True,
    page="""
A field has a `default`, but its value is never null.

## How to fix

Remove the default.

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
      name: {from: event.id, default: nobody}
```

```text title=problem
warning[M226]: the default is never used: the value is a string, never null
 --> mapping.yaml:6:39
  |
6 |       name: {from: event.id, default: nobody}
  |                                       ^^^^^^
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: {from: event.title, default: nobody}
```
""",
)

declare(
    "M227",
    "error",
    "value that can never be converted",
    "the value is {found}, which can never become {type}",
    page="""
A field has a `type` that its value can never be converted to, such as `double` for a list. It would be left out for
every input.

## How to fix

Use another type, or the part of the value that was meant.

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
      price: {from: event.tags, type: double}
```

```text title=problem
error[M227]: the value is a list, which can never become double
 --> mapping.yaml:6:39
  |
6 |       price: {from: event.tags, type: double}
  |                                       ^^^^^^
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      price: {from: event.price, type: double}
```
""",
)


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each alternative, default and conversion without effect in all of its uses."""
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
    """The reason why an alternative is never used; None if it can be."""
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
