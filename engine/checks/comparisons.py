"""Comparisons whose outcome is known: values that are never equal (M220), an outcome that is always the same (M221),
and an order between values that have none (M222)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean
from ..expressions.tree import TreeNode
from ..inference.facts import EvaluatedPart, Flow
from ..types.comparison import compared
from ..types.description import describe
from ..types.types import Type, constants, string
from ..values.kinds import JSON_TYPES
from .shared.examples import SCHEMA
from .shared.findings import in_every_use, part_key, span_of, text_of
from .shared.registry import checks_facts

__all__ = ["check"]

declare(
    "M220",
    "error",
    "values that are never equal",
    "{text!r} is never {wanted}: it is {found}",
    cause=True,
    page="""
A comparison is between values that can never be equal: a value outside an `enum`, a string and a number, a setting and
a value that it cannot have. With `==` it is always false, with `!=` always true.

## How to fix

Correct the value. Numbers, `true` and `null` stand in backticks, strings in single quotes: `` `1` `` is a number, `'1'`
is a string.

## Wrong
"""
    + SCHEMA
    + """
```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    when: event.kind == 'bye'
    output: event
    fields:
      id: event.id
```

```text title=problem
error[M220]: 'event.kind' is never "bye": it is "buy" or "view"
 --> mapping.yaml:4:25
  |
4 |     when: event.kind == 'bye'
  |                         ^^^^^
  = help: did you mean 'buy'?
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    when: event.kind == 'buy'
    output: event
    fields:
      id: event.id
```
""",
)

declare(
    "M221",
    "warning",
    "comparison with a known outcome",
    "{text!r} is always {outcome}",
    follows=True,
    leftover=True,
    page="""
The result of a comparison is known before there is any data, so the comparison decides nothing.

## How to fix

Remove it, or compare the value that was meant.

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
      many: length(event.id) >= `0`
```

```text title=problem
warning[M221]: 'length(event.id) >= `0`' is always true
 --> mapping.yaml:6:13
  |
6 |       many: length(event.id) >= `0`
  |             ^^^^^^^^^^^^^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      many: length(event.id) > `10`
```
""",
)

declare(
    "M222",
    "error",
    "values without an order",
    "{text!r} compares {found}, which have no order",
    cause=True,
    page="""
`<`, `<=`, `>` and `>=` compare numbers with numbers, or strings with strings. With other values the result is null, or
the comparison fails, whatever the data.

## How to fix

Make both sides numbers, for example with `to_number()`.

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
      dear: event.id > `100`
```

```text title=problem
error[M222]: 'event.id > `100`' compares a string and 100, which have no order
 --> mapping.yaml:6:13
  |
6 |       dear: event.id > `100`
  |             ^^^^^^^^^^^^^^^^
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      dear: event.price > `100`
```
""",
)


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each comparison with the same outcome in all of its uses."""
    parts = [part for part in flow.of(EvaluatedPart) if part.seen.node["type"] == "comparator"]
    for part in in_every_use(parts, part_key, _is_settled):
        node, operands = part.seen.node, _operands(part)
        outcome = compared(node["value"], *operands).type
        text, place = text_of(part.expr, node), span_of(part.expr, node)
        subject, other, one, two = _sides(node, *operands)
        if outcome.booleans == {node["value"] == "ne"} and node["value"] in ("eq", "ne"):
            subject_text, wanted = text_of(part.expr, subject), describe(two)
            yield Problem.of(
                "M220",
                span_of(part.expr, other),
                hint=_hint(one, two),
                text=subject_text,
                found=describe(one),
                wanted=wanted,
            )
        elif outcome.booleans:
            yield Problem.of("M221", place, text=text, outcome="true" if True in outcome.booleans else "false")
        else:
            yield Problem.of("M222", place, text=text, found=f"{describe(one)} and {describe(two)}")


def _operands(part: EvaluatedPart) -> tuple[Type, Type]:
    """The types of both sides.

    A comparison with type() often guards against input that does not conform to its schema, so the result of type() can
    be the name of any type: only another word is a mistake.
    """
    left, right = (
        _KINDS if child["type"] == "function_expression" and child["value"] == "type" else type_
        for child, type_ in zip(part.seen.node["children"], part.seen.operands, strict=True)
    )
    return left, right


def _is_settled(part: EvaluatedPart) -> bool:
    left, right = _operands(part)
    if all(child["type"] == "literal" for child in part.seen.node["children"]):
        return False  # nobody writes that by mistake
    for type_, child in zip((left, right), part.seen.node["children"], strict=True):
        if type_.never or (type_.kinds == {"null"} and child["type"] != "literal"):
            return False  # what is always null is reported there
    outcome = compared(part.seen.node["value"], left, right).type
    return outcome.kinds in ({"null"}, frozenset()) or (outcome.kinds == {"boolean"} and len(outcome.booleans) == 1)


_KINDS = string(JSON_TYPES)


def _sides(node: TreeNode, left: Type, right: Type) -> tuple[TreeNode, TreeNode, Type, Type]:
    """The operand that the comparison is about and the one it is compared with, then the types of both."""
    one, other = node["children"]
    if one["type"] == "literal" and other["type"] != "literal":
        return other, one, right, left
    return one, other, left, right


def _hint(subject: Type, other: Type) -> str | None:
    wanted = constants(other)
    if wanted is None or len(wanted) != 1:
        return None
    known = [value for value in constants(subject) or () if isinstance(value, str)]
    value = wanted[0]
    if isinstance(value, str) and known:
        return did_you_mean(value, known) or f"it can be: {', '.join(known[:8])}"
    if isinstance(value, str) and subject.kinds & {"number", "boolean"}:
        return (
            f"without quotes, in backticks: `{value}`"
            if value.strip("-").isdecimal() or value in ("true", "false")
            else None
        )
    if not isinstance(value, str) and value is not None and "string" in subject.kinds:
        return f"strings are in single quotes: '{str(value).lower() if isinstance(value, bool) else value}'"
    return None
