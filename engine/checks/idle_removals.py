"""Removals of what is not inherited (M242)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean
from ..language.rulebook import Rulebook
from .shared.registry import checks_rules

__all__ = ["check"]

declare(
    "M242",
    "warning",
    "removal of what is not there",
    "nothing of the name {name!r} is inherited here, so null removes nothing",
    leftover=True,
    page="""
In a file or a rule that extends another one, null removes what is inherited under a key. Here nothing is inherited
under that key. Most often the name is misspelt, or what it named is gone or has another name now.

## How to fix

Correct the name, or remove the line. Null is never a value there: a value that is left out, such as that of an entry of
a table, cannot be added by null.

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    abstract: true
    output: event
    fields: {name: event.name, total: event.total}
  - rule: search
    extends: event
    when: event.name == 'search'
    fields: {totl: null}
```

```text title=problem
warning[M242]: nothing of the name 'totl' is inherited here, so null removes nothing
  --> mapping.yaml:10:14
   |
10 |     fields: {totl: null}
   |              ^^^^
   = help: did you mean 'total'?
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    abstract: true
    output: event
    fields: {name: event.name, total: event.total}
  - rule: search
    extends: event
    when: event.name == 'search'
    fields: {total: null}
```
""",
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each null in a change that removes nothing."""
    for removal in rulebook.in_vain:
        name = removal.key.text
        yield Problem.of("M242", removal.key.place, hint=did_you_mean(name, removal.known), name=name)
