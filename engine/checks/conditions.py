"""Conditions whose outcome is known: they always hold (M301) or never do (M302)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..expressions.tree import walk
from ..inference.facts import Condition, Flow
from .shared.examples import SCHEMA
from .shared.findings import at, in_every_use
from .shared.registry import checks_facts

__all__ = ["check"]

declare(
    "M301",
    "warning",
    "condition that always holds",
    "the condition of this {what} always holds",
    follows=True,
    leftover=True,
    page="""
A condition always holds, for every input that conforms to the schema and every value that settings can have.

## How to fix

Remove it, or test the value that was meant. A condition with `type()` is never reported: it may be there to handle
input that does not conform to the schema.

## Wrong
"""
    + SCHEMA
    + """
```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    when: event.kind
    output: event
    fields:
      title: event.title
```

```text title=problem
warning[M301]: the condition of this rule always holds
 --> mapping.yaml:4:11
  |
4 |     when: event.kind
  |           ^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    when: event.title
    output: event
    fields:
      title: event.title
```
""",
)

declare(
    "M302",
    "error",
    "condition that never holds",
    "the condition of this {what} never holds",
    follows=True,
    leftover=True,
    page="""
A condition never holds, for any input that conforms to the schema and any value that settings can have.

## How to fix

Test the value that was meant, or remove the rule or field. A condition with `type()` is never reported: it may be there
to handle input that does not conform to the schema.

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
      title: {from: event.title, when: event.title && !(event.title)}
```

```text title=problem
error[M302]: the condition of this field never holds
 --> mapping.yaml:6:40
  |
6 |       title: {from: event.title, when: event.title && !(event.title)}
  |                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      title: {from: event.title, when: event.title}
```
""",
)


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each condition with the same outcome in all of its uses."""
    conditions = [fact for fact in flow.of(Condition) if not _asks_for_kind(fact)]
    for code, is_wrong in (("M301", _always_holds), ("M302", _never_holds)):
        for one in in_every_use(conditions, lambda fact: at(fact.when.node), is_wrong):
            yield Problem.of(code, one.when.place, what=one.what)


def _always_holds(fact: Condition) -> bool:
    return not fact.can_fail_to


def _never_holds(fact: Condition) -> bool:
    return not fact.can_hold


def _asks_for_kind(fact: Condition) -> bool:
    """Returns whether the condition calls type(), since that may guard against input that breaks its schema."""
    return any(
        node["type"] == "function_expression" and node["value"] == "type" for node in walk(fact.when.expression.tree)
    )
