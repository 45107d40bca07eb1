"""Members under `combine` that no rule gives (M239)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean
from ..inference.facts import Flow
from ..source.nodes import MappingNode
from ..types.types import lookup, union
from .shared.registry import checks_types

__all__ = ["check"]

declare(
    "M239",
    "warning",
    "combined member that no rule gives",
    "no rule gives the member {name!r} of the {request} request, so there is nothing to combine",
    leftover=True,
    page="""
`combine` names a member of the body that neither the output nor any of its rules gives. Only bodies that are equal are
joined by it.

## How to fix

Correct the name, or remove it from `combine`.

## Wrong

```yaml title=mapping.yaml
outputs:
  event:
    schema: ./event.schema.json
    request: {path: /v1/event}
    combine: {tag: append}
rules:
  - rule: event
    route: events
    output: event
    fields:
      tags: "[event.tag]"
```

```text title=problem
warning[M239]: no rule gives the member 'tag' of the event request, so there is nothing to combine
 --> mapping.yaml:5:15
  |
5 |     combine: {tag: append}
  |               ^^^
  = help: did you mean 'tags'?
```

## Right

```yaml title=mapping.yaml
outputs:
  event:
    schema: ./event.schema.json
    request: {path: /v1/event}
    combine: {tags: append}
rules:
  - rule: event
    route: events
    output: event
    fields:
      tags: "[event.tag]"
```
""",
)


@checks_types
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each combined member that no body of the output has."""
    for output in flow.rulebook.outputs.values():
        node = output.node.get("combine") if isinstance(output.node, MappingNode) else None
        own = [emission.fields for emission in flow.emissions if emission.output is output]
        if not own or not isinstance(node, MappingNode):
            continue
        bodies = union(*own, flow.envelopes[output.name])
        known = {name for one in bodies.parts.objects for name, prop in one.properties.items() if not prop.type.never}
        for name, _ in node.entries:
            if name.text != output.element_of and lookup(bodies, name.text).kinds <= {"null"}:
                hint = did_you_mean(name.text, known)
                yield Problem.of("M239", name.place, hint=hint, name=name.text, request=output.name)
