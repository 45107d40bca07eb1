"""Names of roots where expressions read members: in filters, `&expressions` and selections of elements (M272)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..inference.facts import EvaluatedPart, Flow
from .shared.findings import given_names, in_every_use, is_outer_name, part_key, path_to, span_of
from .shared.registry import checks_types

__all__ = ["check"]

declare(
    "M272",
    "warning",
    "outer name inside a list",
    "{name!r} is a member of {where} here, not the value with this name",
    cause=True,
    page="""
Inside of a filter, and in whatever else is evaluated for each element of a list, names are members of the element:
`event.items[?id == event.selected]` asks each item for a member `event`, and finds no item. The schema of the input
does not declare such a member, but the expression begins with the name of a value outside.

## How to fix

`$event` is the value with the name `event` wherever it stands; `let $id = ... in ...` names other values. If the
element does have a member of that name, declare it in the schema, or write `@.event`.

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.items[?id == event.selected] | [0].name
```

```text title=problem
warning[M272]: 'event' is a member of an element of 'event.items' here, not the value with this name
 --> mapping.yaml:6:32
  |
6 |       name: event.items[?id == event.selected] | [0].name
  |                                ^^^^^
  = help: the value is written $event, a member of the element @.event
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.items[?id == $event.selected] | [0].name
```
""",
)


@checks_types
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each name of a root that is read from an element, if the element is not known to have such a member."""
    names = given_names(flow.rulebook)
    fields = (part for part in flow.of(EvaluatedPart) if is_outer_name(part, names))
    for part in in_every_use(fields, part_key, _is_undeclared):
        name = part.seen.node["value"]
        _, where = path_to(part.expr, part.seen.node)
        hint = f"the value is written ${name}, a member of the element @.{name}"
        yield Problem.of("M272", span_of(part.expr, part.seen.node), hint=hint, name=name, where=where)


def _is_undeclared(part: EvaluatedPart) -> bool:
    current, name = part.seen.current, part.seen.node["value"]
    declared = any(name in one.properties for one in current.parts.objects)
    return (
        not current.never and not declared and any(one.knows(name) for one in current.parts.objects)
    )  # others are M203
