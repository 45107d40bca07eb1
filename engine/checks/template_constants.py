"""Constants that look like templates (M139)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..language.rulebook import ABSENT, Const, Rulebook
from ..language.traversal import fields_in
from .shared.registry import checks_rules
from .shared.template_values import TEMPLATE_VALUES

__all__ = ["check"]

declare(
    "M139",
    "warning",
    "template that is not evaluated",
    "{text!r} stands in a constant, so it is sent as it is",
    page="""
A constant, a default or an entry of a table contains `{{ }}` or `{% %}`. Templates are evaluated under `template`, in
reasons, paths, and the URL and headers of a server, and nowhere else.

## How to fix

Write `template:` instead of `const:`. If the receiver evaluates the text itself, allow the finding:
`# moemap: allow M139 because the receiver fills it in`.

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      title: {const: "Hello {{ event.name }}"}
```

```text title=problem
warning[M139]: '{{ event.name }}' stands in a constant, so it is sent as it is
 --> mapping.yaml:6:14
  |
6 |       title: {const: "Hello {{ event.name }}"}
  |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: a field with `template` evaluates it
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      title: {template: "Hello {{ event.name }}"}
```
""",
)


@checks_rules
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports templates in constants."""
    outputs, routes, rules = rulebook.outputs.values(), rulebook.routes.values(), rulebook.rules
    parts: list[Any] = [rulebook.let, *rulebook.policies.values(), *(route.let for route in routes)]
    parts += [part for output in outputs for part in (output.fields, output.request.parts)]
    parts += [part for rule in rules for part in (rule.let, rule.body)]
    reported = set[int]()
    for field in fields_in(tuple(parts)):
        if id(field.node) in reported:
            continue
        constants = [field.source.value] if isinstance(field.source, Const) else []
        constants += [field.default] if field.default is not ABSENT else []
        constants += field.table.entries.values() if field.table is not None else ()
        for text in constants:
            found = TEMPLATE_VALUES.search(text) if isinstance(text, str) else None
            if found is not None and rulebook.is_own(field.node.source):
                reported.add(id(field.node))
                hint = "a field with `template` evaluates it"
                yield Problem.of("M139", field.place, hint=hint, text=found[0])
                break
