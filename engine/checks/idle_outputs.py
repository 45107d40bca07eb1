"""Outputs that no rule emits into (M237)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..language.rulebook import Rulebook
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M237",
    "warning",
    "output that no rule emits",
    "no rule emits the output {name!r}",
    leftover=True,
    page="""
An output is declared, but no rule has it as its `output`, so there is never such a request.

## How to fix

Write a rule that emits the output, or remove the output.

## Wrong

```yaml title=mapping.yaml
outputs:
  event: {schema: ./event.schema.json, request: {path: /v1/event}}
  user: {schema: ./event.schema.json, request: {path: /v1/user}}
```

```text title=problem
warning[M237]: no rule emits the output 'user'
 --> mapping.yaml:3:9
  |
3 |   user: {schema: ./event.schema.json, request: {path: /v1/user}}
  |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
outputs:
  event: {schema: ./event.schema.json, request: {path: /v1/event}}
```
""",
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each output that no rule emits into."""
    if not rulebook.rules:
        return  # nothing is said of a mapping that is only begun
    emitted = {rule.output for rule in rulebook.rules}
    for name, output in rulebook.outputs.items():
        if name not in emitted:
            yield Problem.of("M237", output.node.place, name=name)
