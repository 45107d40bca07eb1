"""Definitions that are never used: a `let` (M206), a table or a policy (M207), in the mapping's own files only: a
workspace may leave parts of its mapping unused."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..language.names import Definition, definitions_and_uses
from ..language.rulebook import Rulebook, Text
from ..source.nodes import Node
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M206",
    "warning",
    "unused let",
    "the let {name!r} is never used",
    page="""
A `let` is defined, but no expression reads it. Often it has been renamed, or the expression that used it was removed.
Parts that a workspace inherits are not reported.

## How to fix

Remove it, or use it.

## Wrong

```yaml title=mapping.yaml
let:
  currency: batch.currency
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.name
```

```text title=problem
warning[M206]: the let 'currency' is never used
 --> mapping.yaml:2:3
  |
2 |   currency: batch.currency
  |   ^^^^^^^^
```

## Right

```yaml title=mapping.yaml
let:
  currency: batch.currency
rules:
  - rule: event
    route: events
    output: event
    fields:
      currency: currency
```
""",
)

declare(
    "M207",
    "warning",
    "unused table",
    "the {kind} {name!r} is never used",
    page="""
A table or a policy is defined, but nothing uses it. Parts that a workspace inherits are not reported.

## How to fix

Remove it, or name it in a field (`table:`) or a spread (`entries:`).

## Wrong

```yaml title=mapping.yaml
tables:
  sizes: {unlisted: keep, entries: {S: small}}
rules:
  - rule: event
    route: events
    output: event
    fields:
      size: event.size
```

```text title=problem
warning[M207]: the table 'sizes' is never used
 --> mapping.yaml:2:3
  |
2 |   sizes: {unlisted: keep, entries: {S: small}}
  |   ^^^^^
```

## Right

```yaml title=mapping.yaml
tables:
  sizes: {unlisted: keep, entries: {S: small}}
rules:
  - rule: event
    route: events
    output: event
    fields:
      size: {from: event.size, table: sizes}
```
""",
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each definition that nothing uses."""
    lets: dict[Node, Definition] = {}
    used: set[Node] = set()
    for item in definitions_and_uses(rulebook):
        if isinstance(item, Definition):
            if item.kind == "a let":
                lets[item.node] = item
            continue
        roots = item.text.template.roots if isinstance(item.text, Text) else item.text.expression.roots
        used.update(item.roots[root.name].node for root in roots if root.name in item.roots)
    for node, definition in lets.items():
        if node not in used and rulebook.is_own(node.source):
            yield Problem.of("M206", definition.name_node.place, name=definition.name)
    for kind, names, uses in (
        ("table", rulebook.table_names, rulebook.used_tables),
        ("policy", rulebook.policy_names, rulebook.used_policies),
    ):
        for name, node in names.items():
            if name not in uses and rulebook.is_own(node.source):
                yield Problem.of("M207", node.place, kind=kind, name=name)
