"""Entries of tables that no value can have as its key (M240)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import closest, did_you_mean
from ..expressions.tree import TreeNode
from ..inference.facts import EvaluatedPart, Flow, LookUp
from ..language.rulebook import Expr, From, Table
from ..source.nodes import MappingNode
from ..types.membership import includes
from ..types.types import Type, constants, union
from ..values.kinds import scalar_text
from ..values.numbers import parse_number
from .shared.examples import SCHEMA
from .shared.listed import last_step, listed_strings
from .shared.registry import checks_types

__all__ = ["check"]

declare(
    "M240",
    "warning",
    "table entry that is never found",
    "{what} {key!r}",
    leftover=True,
    page="""
A table has an entry for a value that can never be looked up, according to the schema of the input. Where the schema
lists some values and allows others, an entry is reported if it is similar to a listed value that the table lacks.

## How to fix

Correct the key, or remove the entry. A table that several fields use may have entries for each of them.

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
      kind: {from: event.kind, table: {unlisted: omit, entries: {bye: purchase, view: screen}}}
```

```text title=problem
warning[M240]: no value of the field is 'bye'
 --> mapping.yaml:6:66
  |
6 |       kind: {from: event.kind, table: {unlisted: omit, entries: {bye: purchase, view: screen}}}
  |                                                                  ^^^
  = help: did you mean 'buy'?
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    fields:
      kind: {from: event.kind, table: {unlisted: omit, entries: {buy: purchase, view: screen}}}
```
""",
)


@checks_types
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each entry that no value finds in any use of its table."""
    tables: dict[int, list[LookUp]] = {}
    for fact in flow.of(LookUp):
        tables.setdefault(id(fact.table), []).append(fact)
    steps = {id(step): expr for facts in tables.values() for expr, step in _steps(facts)}
    around: dict[int, list[Type]] = {}
    for part in flow.of(EvaluatedPart) if steps else ():
        if steps.get(id(part.seen.node)) is part.expr:
            around.setdefault(id(part.seen.node), []).append(part.seen.current)
    for facts in tables.values():
        listed: set[str] = set()
        for _, step in _steps(facts):
            listed.update(listed_strings(around.get(id(step), ()), step["value"]))
        yield from _dead(facts[0].table, union(*(fact.type for fact in facts)), listed)


def _steps(facts: Iterable[LookUp]) -> Iterator[tuple[Expr, TreeNode]]:
    """The last steps of the paths whose values are looked up."""
    for fact in facts:
        source = fact.field.source
        for part in source.alternatives if isinstance(source, From) else ():
            step = last_step(part.expression.tree) if isinstance(part, Expr) else None
            if isinstance(part, Expr) and step is not None:
                yield part, step


def _dead(table: Table, type_: Type, listed: Collection[str]) -> Iterator[Problem]:
    node = table.node.get("entries") if isinstance(table.node, MappingNode) else None
    known = [one if isinstance(one, str) else scalar_text(one) for one in constants(type_) or ()]
    for key, _ in node.entries if isinstance(node, MappingNode) else ():
        if not _can_be(key.text, type_, known, ignore_case=table.ignore_case):
            hint = did_you_mean(key.text, known)
            yield Problem.of("M240", key.place, hint=hint, what="no value of the field is", key=key.text)
        elif key.text not in listed and (near := closest(key.text, listed)) and near not in table.entries:
            what = "the input schema does not list the value"
            yield Problem.of("M240", key.place, hint=did_you_mean(key.text, [near]), what=what, key=key.text)


def _can_be(key: str, type_: Type, known: Iterable[str], *, ignore_case: bool) -> bool:
    """Returns whether a value of the type can be found under this key."""
    if ignore_case:
        return not known or any(one.casefold() == key.casefold() for one in known)
    number = parse_number(key)
    return includes(type_, key) or (
        (key in ("true", "false") and includes(type_, key == "true"))
        or (number is not None and includes(type_, number))
    )
