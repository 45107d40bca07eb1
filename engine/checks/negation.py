"""Negations that bind tighter than meant: `!a.b` is read as `(!a).b`, which is always null (M212)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import Suggestion
from ..expressions.tree import walk
from ..language.names import Use, definitions_and_uses
from ..language.rulebook import Expr, Rulebook
from .shared.registry import checks_names

__all__ = ["check"]

declare(
    "M212",
    "error",
    "negation of a part",
    "{text!r} negates {part!r} alone, and a boolean has no members or elements",
    cause=True,
    page="""
`!` binds tighter than the dot: `!event.test` is `(!event).test`, a member of `true` or `false`, and so always null. The
condition never holds, or the field is always absent.

## How to fix

Put the path in parentheses, as in `!(event.test)`. In YAML an expression that begins with `!` needs quotes.

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: {from: event.name, when: "!event.test"}
```

```text title=problem
error[M212]: '!event.test' negates 'event' alone, and a boolean has no members or elements
 --> mapping.yaml:6:39
  |
6 |       name: {from: event.name, when: "!event.test"}
  |                                       ^^^^^^^^^^^
  = help: write !(event.test)
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      name: {from: event.name, when: "!(event.test)"}
```
""",
)


@checks_names
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each member that is read from a negation."""
    for item in definitions_and_uses(rulebook):
        if isinstance(item, Use) and isinstance(item.text, Expr) and "!" in item.text.text:
            yield from _negations(item.text)


def _negations(expression: Expr) -> Iterator[Problem]:
    for node in walk(expression.expression.tree):
        first = node["children"][0] if node["type"] in ("subexpression", "index_expression") else None
        if first is None or first["type"] != "not_expression":
            continue
        text = expression.text[node["start"] : node["end"]]
        part = expression.text[first["start"] + 1 : first["end"]].strip()
        rest = expression.text[first["end"] : node["end"]]
        place = expression.span(node["start"], node["end"])
        yield Problem.of(
            "M212", place, hint=Suggestion.of(f"write !({part}{rest})", text, f"!({part}{rest})"), text=text, part=part
        )
