"""Parts of an expression without effect (M224).

These are the right side of `||` after a left side that is always true, that of `&&` after one that never is, and
arguments of not_null() after one that is never null.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..expressions.tree import TreeNode
from ..inference.facts import EvaluatedPart, Flow
from ..types.narrowing import falsy, truthy
from .shared.examples import SCHEMA
from .shared.findings import in_every_use, part_key, span_of, text_of
from .shared.registry import checks_facts

__all__ = ["check"]

declare(
    "M224",
    "warning",
    "part that never counts",
    "{text!r} never counts: {reason}",
    follows=True,
    leftover=True,
    page="""
A part of an expression has no effect: the part after `||` when the left side is always true, the part after `&&` when
the left side is never true, or an argument of `not_null()` after one that is never null.

## How to fix

Remove the part, or put the operand that is always true or never null last.

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
      name: event.kind || event.title
```

```text title=problem
warning[M224]: 'event.title' never counts: 'event.kind' is always true
 --> mapping.yaml:6:27
  |
6 |       name: event.kind || event.title
  |                           ^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: event.title || event.kind
```
""",
)


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each part without effect in all of its uses."""
    kinds = {"or_expression", "and_expression", "function_expression"}
    parts = (part for part in flow.of(EvaluatedPart) if part.seen.node["type"] in kinds)
    for part in in_every_use(parts, part_key, lambda one: _dead(one) is not None):
        found = _dead(part)
        if found is not None:
            dead, why, reason = found
            text = text_of(part.expr, dead)
            because = f"{text_of(part.expr, why)!r} {reason}" if why is not dead else f"it {reason}"
            yield Problem.of("M224", span_of(part.expr, dead), text=text, reason=because)


def _dead(part: EvaluatedPart) -> tuple[TreeNode, TreeNode, str] | None:
    """The part without effect, the part that makes it so, and the reason in words; None if every part counts."""
    node, operands = part.seen.node, part.seen.operands
    if node["type"] == "function_expression":
        if node["value"] != "not_null":
            return None
        for number, type_ in enumerate(operands[:-1]):
            if not type_.parts.null and not type_.never:
                return node["children"][number + 1], node["children"][number], "is never null"
        return None
    left, right = node["children"]
    if operands[0].never:
        return None
    if falsy(operands[0]).never:
        return (right, left, "is always true") if node["type"] == "or_expression" else (left, left, "is always true")
    if truthy(operands[0]).never and left["type"] != "literal":
        return (left, left, "is never true") if node["type"] == "or_expression" else (right, left, "is never true")
    return None
