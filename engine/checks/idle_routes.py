"""Routes that no rule belongs to (M238)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..language.rulebook import Rulebook
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M238",
    "warning",
    "route without rules",
    "no rule belongs to the route {name!r}",
    leftover=True,
    page="""
A route iterates over elements of the input, but no rule takes any of them: each is reported as skipped.

## How to fix

Write a rule for the route, or remove the route.

## Wrong

```yaml title=mapping.yaml
routes:
  events: {each: batch.events, as: event}
  users: {each: batch.users, as: user}
```

```text title=problem
warning[M238]: no rule belongs to the route 'users'
 --> mapping.yaml:3:10
  |
3 |   users: {each: batch.users, as: user}
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
routes:
  events: {each: batch.events, as: event}
```
""",
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each route without rules."""
    if not rulebook.rules:
        return  # nothing is said of a mapping that is only begun
    used = {rule.route for rule in rulebook.rules}
    for name, route in rulebook.routes.items():
        if name not in used:
            yield Problem.of("M238", route.node.place, name=name)
