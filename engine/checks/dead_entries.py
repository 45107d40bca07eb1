"""Entries of tables that no value can have as its key (M240)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean
from ..inference.facts import Flow, LookUp
from ..language.rulebook import Table
from ..source.nodes import MappingNode
from ..types.membership import includes
from ..types.types import Type, constants, union
from ..values.kinds import scalar_text
from ..values.numbers import parse_number
from .shared.examples import SCHEMA
from .shared.registry import checks_types

__all__ = ["check"]

declare(
    "M240",
    "warning",
    "table entry that is never found",
    "no value of the field is {key!r}",
    leftover=True,
    page="""
A table has an entry for a value that can never be looked up, according to the schema of the input.

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
    tables: dict[int, tuple[Table, list[Type]]] = {}
    for fact in flow.of(LookUp):
        tables.setdefault(id(fact.table), (fact.table, []))[1].append(fact.type)
    for table, types in tables.values():
        yield from _dead(table, union(*types))


def _dead(table: Table, type_: Type) -> Iterator[Problem]:
    node = table.node.get("entries") if isinstance(table.node, MappingNode) else None
    known = [one if isinstance(one, str) else scalar_text(one) for one in constants(type_) or ()]
    for key, _ in node.entries if isinstance(node, MappingNode) else ():
        if not _can_be(key.text, type_, known, ignore_case=table.ignore_case):
            yield Problem.of("M240", key.place, hint=did_you_mean(key.text, known), key=key.text)


def _can_be(key: str, type_: Type, known: Iterable[str], *, ignore_case: bool) -> bool:
    """Returns whether a value of the type can be found under this key."""
    if ignore_case:
        return not known or any(one.casefold() == key.casefold() for one in known)
    number = parse_number(key)
    return includes(type_, key) or (
        (key in ("true", "false") and includes(type_, key == "true"))
        or (number is not None and includes(type_, number))
    )
