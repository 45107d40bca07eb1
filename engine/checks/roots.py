"""Names in expressions and templates: unknown roots (M204), names that hide another (M120), and settings that are not
declared (M115)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Place, Problem, Related
from ..diagnostics.suggestions import did_you_mean, known_here
from ..expressions.roots import RootUse
from ..expressions.tree import walk
from ..language.names import Definition, Use, definitions_and_uses
from ..language.rulebook import Expr, Rulebook, Text
from ..language.setting_reads import settings_read
from .shared.registry import checks_names
from .shared.words import literal_meant

__all__ = ["check"]

declare(
    "M120",
    "error",
    "name hides another",
    "the name {name!r} is taken already: {by}",
    page="""
A name that expressions can use is given again, by `as`, `key` or `let`, or by the input, where the first one is still
in scope. Expressions in the inner part could no longer reach the outer value. `settings` is always taken; a spread
without `as` and `key` takes `value` and `name`.

## How to fix

Choose another name for one of the two.

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      items:
        each: event.items
        as: event
        fields: {id: event.id}
```

```text title=problem
error[M120]: the name 'event' is taken already: by an element
 --> mapping.yaml:8:13
  |
8 |         as: event
  |             ^^^^^
  = see: mapping.yaml:17:36: what it hides
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      items:
        each: event.items
        as: item
        fields: {id: item.id}
```
""",
)

declare(
    "M204",
    "error",
    "unknown root",
    "unknown name {name!r}",
    fixed=True,
    cause=True,
    page="""
An expression or a template begins with a name that is not in scope here. In scope are the input, `settings`, the `let`
of the mapping, and the names that the parts around the expression give with `as`, `key` and `let`. The fields of an
output itself cannot see the elements of a route.

## How to fix

Correct the name, or begin with the value that has it, as in `event.total`. A string is written in quotes: `'total'`.

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      total: evnt.total
```

```text title=problem
error[M204]: unknown name 'evnt'
 --> mapping.yaml:6:14
  |
6 |       total: evnt.total
  |              ^^^^
  = help: did you mean 'event'?
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      total: event.total
```
""",
)


@checks_names
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each name that is unknown or hides another."""
    reported: set[tuple[Place, str]] = set()
    for item in definitions_and_uses(rulebook):
        if isinstance(item, Definition):
            if item.hides is not None:
                hidden = Related(item.hides.name_node.place, "what it hides")
                place, by = item.name_node.place, f"by {item.hides.kind}"
                yield Problem.of("M120", place, related=[hidden], name=item.name, by=by)
        else:
            yield from _unknown_roots(item, reported)
            yield from _unknown_settings(item.text, rulebook)


def _unknown_roots(use: Use, reported: set[tuple[Place, str]]) -> Iterator[Problem]:
    roots = use.text.template.roots if isinstance(use.text, Text) else use.text.expression.roots
    for root in roots:
        if root.name in use.roots:
            continue
        place = use.text.span(root.start, root.end)
        if (place, root.name) not in reported:
            reported.add((place, root.name))
            near, known = did_you_mean(root.name, use.roots), known_here(sorted(use.roots))
            hint = _value_meant(use.text, root) or near or _value_meant(use.text, root, operand=True) or known
            seen = [] if use.rule is None else [Related(use.rule.place, "this rule has no such name")]
            yield Problem.of("M204", place, hint=hint, related=seen, name=root.name)


def _value_meant(text: Expr | Text, root: RootUse, *, operand: bool = False) -> str | None:
    """A hint how to write the value that a lone root most likely stands for; see `literal_meant`."""
    if isinstance(text, Text) or text.text[root.end :].lstrip().startswith((".", "[")):
        return None
    if operand and not any(
        node["type"] in ("comparator", "function_expression")
        and any(child["type"] == "field" and child["start"] == root.start for child in node["children"])
        for node in walk(text.expression.tree)
    ):
        return None
    return literal_meant(text.text[root.start : root.end], operand=operand)


def _unknown_settings(text: Expr | Text, rulebook: Rulebook) -> Iterator[Problem]:
    for read in settings_read(text):
        if read.name is not None and read.name not in rulebook.settings:
            hint = did_you_mean(read.name, rulebook.settings)
            yield Problem.of("M115", text.span(read.name_start, read.name_end), hint=hint, name=read.name)
