"""Strings that are written like paths, where no expression can stand (M234).

`const`, `default` and the text of a template outside of braces are taken literally. Strings such as `event.created` may
be intended, so only those are reported whose first name is in scope and can have such a member by its schema, and none
that a schema of an output contains.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, NamedTuple

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Place, Problem
from ..inference.facts import Constant, Flow, RenderedTemplate
from ..language.rulebook import Expr, Field, From, Rulebook
from ..source.nodes import MappingNode
from ..types.types import Type, lookup
from .shared.findings import at, in_every_use
from .shared.registry import checks_types

__all__ = ["check"]

declare(
    "M234",
    "warning",
    "string that is written like a path",
    "this is the string '{path}', not the value of that path",
    page="""
A `const`, a `default`, or a template without braces is a string that looks like the path to a value. It is not
evaluated: the string itself would be sent.

Nothing is reported if the schema of the path lists other members, but not this one, or if the schema of an output
contains the string.

## How to fix

Write an expression: `from: event.total`. For a default, write a list of expressions, of which the first value that is
not null counts: `from: [event.currency, settings.currency]`; in a template, write braces: `{{ event.name }}`. If the
string is meant, [allow it](../language/checks.md).

## Wrong

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      currency: {from: event.currency, default: batch.currency}
```

```text title=problem
warning[M234]: this is the string 'batch.currency', not the value of that path
 --> mapping.yaml:6:49
  |
6 |       currency: {from: event.currency, default: batch.currency}
  |                                                 ^^^^^^^^^^^^^^
  = help: for the value: from: [event.currency, batch.currency]
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      currency: [event.currency, batch.currency]
```
""",
)

_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])+", re.ASCII)
_STEP = re.compile(r"\w+")


class _Written(NamedTuple):
    """A string that is taken literally: its place, the types of the names in scope, and a hint."""

    key: Hashable
    place: Place
    path: str
    context: Type
    hint: str


@checks_types
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each string that is a path to a possible value in all of its uses."""
    meant: frozenset[str] | None = None
    for one in in_every_use(_written(flow), lambda one: one.key, _can_exist):
        meant = frozenset(_strings_of_outputs(flow.rulebook)) if meant is None else meant
        if one.path not in meant:
            yield Problem.of("M234", one.place, hint=one.hint, path=one.path)


def _written(flow: Flow) -> Iterator[_Written]:
    for fact in flow.of(Constant):
        if isinstance(fact.value, str) and _PATH.fullmatch(fact.value):
            node = fact.field.node
            node = (node.get(fact.key) if isinstance(node, MappingNode) else None) or node
            yield _Written(at(node), node.place, fact.value, fact.context, _hint(fact.field, fact.value))
    for template in flow.of(RenderedTemplate):
        text = template.text.template.text
        if not template.text.template.roots and _PATH.fullmatch(text):
            hint = f"for the value: {{{{ {text} }}}}"
            yield _Written(at(template.text.node), template.text.place, text, template.context, hint)


def _hint(field: Field, path: str) -> str:
    source = field.source
    before = [part.text for part in source.alternatives if isinstance(part, Expr)] if isinstance(source, From) else []
    return f"for the value: from: [{', '.join([*before, path])}]" if before else f"for the value: from: {path}"


def _can_exist(written: _Written) -> bool:
    """Returns whether the path can lead to a value, as far as is known."""
    root, *steps = _STEP.findall(written.path)
    if not any(root in one.properties for one in written.context.objects):
        return False
    current = lookup(written.context, root)
    for step in steps:
        parts = current.parts
        if step.isdecimal():
            current = parts.array.element() if parts.array is not None else Type(null=True)
        elif not any(step in one.properties for one in parts.objects) and any(one.properties for one in parts.objects):
            return False
        else:
            current = lookup(current, step)
        if current.kinds == {"null"} or current.never:
            return False
    return True


def _strings_of_outputs(rulebook: Rulebook) -> Iterator[str]:
    schemas = [rulebook.schemas[output.schema] for output in rulebook.outputs.values() if output.schema is not None]
    pending: list[Any] = [schema.resources for schema in schemas]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list | Mapping):
            pending += one.values() if isinstance(one, Mapping) else one
