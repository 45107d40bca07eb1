"""Fields whose value is a constant null, so that they are always left out (M235)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..inference.facts import Alternatives, Constant, Flow
from ..source.nodes import MappingNode
from .shared.findings import at, in_every_use
from .shared.registry import checks_types

__all__ = ["check"]

declare(
    "M235",
    "warning",
    "constant null",
    "the {key} is null, so it is left out",
    page="""
A field has `const: null` or `default: null`. A value that is null is left out, so the field has no effect.

## How to fix

Remove the field or the default. To remove a field that a rule or a workspace inherits, write `name: null` in its place.
If the receiver is to get null, add [`keep_null: true`](../language/fields.md).

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
      coupon: {const: null}
```

```text title=problem
warning[M235]: the constant is null, so it is left out
 --> mapping.yaml:7:23
  |
7 |       coupon: {const: null}
  |                       ^^^^
  = help: to remove an inherited field: coupon: null
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```
""",
)

_KEYS = {"const": "constant", "default": "default"}


@checks_types
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each constant and default that is null; M225 reports alternatives that are always null."""
    alternatives = {id(part) for fact in flow.of(Alternatives) for part, _ in fact.types}
    nulls = (
        fact
        for fact in flow.of(Constant)
        if fact.value is None and not fact.field.keep_null and id(fact.field) not in alternatives
    )
    for fact in in_every_use(nulls, lambda one: (at(one.field.node), one.key), lambda _: True):
        node, name = fact.field.node, fact.field.name
        node = (node.get(fact.key) if isinstance(node, MappingNode) else None) or node
        hint = f"to remove an inherited field: {name}: null" if name is not None and fact.key == "const" else None
        yield Problem.of("M235", node.place, hint=hint, key=_KEYS[fact.key])
