"""Comparisons with a string that is similar to one that the input schema lists there (M228).

A schema often describes the known variants of an object, distinguished by a constant, and then allows others. Any other
string is possible there, but one that differs in a letter or two is most likely misspelt.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem, Related
from ..diagnostics.suggestions import closest, did_you_mean
from ..expressions.tree import TreeNode
from ..inference.facts import EvaluatedPart, Flow
from ..types.types import ObjectType, Type, matches
from .shared.findings import in_schema, part_key, span_of, text_of
from .shared.listed import last_step, listed_strings
from .shared.registry import checks_types

__all__ = ["check"]

declare(
    "M228",
    "warning",
    "string that the schema does not list",
    "{text!r} is compared with {value}, which the input schema does not list",
    page="""
A comparison contains a string that the input schema does not list for this value, but that is very similar to one that
it lists. The schema allows other strings there, so the comparison may hold; most likely the string is misspelt.

## How to fix

Correct the string. If it is right, add it to the input schema, or allow the finding:
`# moemap: allow M228 because newer senders send it`.

## Wrong

```json title=batch.schema.json
{
  "type": "object",
  "properties": {
    "events": {
      "type": "array",
      "items": {
        "anyOf": [
          {"type": "object", "properties": {"kind": {"const": "view"}, "title": {"type": "string"}}},
          {"type": "object", "properties": {"kind": {"const": "order"}, "total": {"type": "number"}}},
          {"type": "object", "properties": {"kind": {"type": "string", "not": {"enum": ["view", "order"]}}}}
        ]
      }
    }
  }
}
```

```yaml title=mapping.yaml
rules:
  - rule: order
    route: events
    when: event.kind == 'ordr'
    output: event
    fields:
      total: event.total
```

```text title=problem
warning[M228]: 'event.kind' is compared with 'ordr', which the input schema does not list
 --> mapping.yaml:4:25
  |
4 |     when: event.kind == 'ordr'
  |                         ^^^^^^
  = help: did you mean 'order'?
  = see: batch.schema.json:9:45: the schema lists that here
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: order
    route: events
    when: event.kind == 'order'
    output: event
    fields:
      total: event.total
```
""",
)


@checks_types
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each string in a comparison that is possible, not listed, and similar to a listed one."""
    found: dict[Hashable, tuple[EvaluatedPart, TreeNode, TreeNode, TreeNode]] = {}
    tested: set[int] = set()
    for part in flow.of(EvaluatedPart):
        node = part.seen.node
        if node["type"] == "comparator" and node["value"] in ("eq", "ne"):
            for subject, other in (node["children"], node["children"][::-1]):
                step = last_step(subject)
                if step is not None and other["type"] == "literal" and isinstance(other["value"], str):
                    tested.add(id(step))
                    found.setdefault(part_key(part), (part, subject, step, other))
    steps: dict[Hashable, list[Type]] = {}
    for part in flow.of(EvaluatedPart):
        if id(part.seen.node) in tested:
            steps.setdefault(part_key(part), []).append(part.seen.current)
    for part, subject, step, other in found.values():
        yield from _unlisted(flow, part, subject, other, step["value"], steps.get(part_key(part, step), []))


def _unlisted(
    flow: Flow, part: EvaluatedPart, subject: TreeNode, other: TreeNode, name: str, around: list[Type]
) -> Iterator[Problem]:
    listed = listed_strings(around, name)
    variants = (one for type_ in around for one in type_.objects)
    texts = [text for one in variants if (text := one.value(name).parts.string) is not None]
    value = other["value"]
    is_new = value not in listed and any(matches(text, value) for text in texts)
    near = closest(value, listed) if is_new else None
    if near is not None:
        yield Problem.of(
            "M228",
            span_of(part.expr, other),
            hint=did_you_mean(value, [near]),
            related=_listing(flow, listed[near], name),
            text=text_of(part.expr, subject),
            value=text_of(part.expr, other),
        )


def _listing(flow: Flow, variant: ObjectType, name: str) -> tuple[Related, ...]:
    if variant.origin is None:
        return ()
    schema = flow.rulebook.input.schema
    return in_schema(flow, schema, "the schema lists that here", variant.origin, "properties", name)
