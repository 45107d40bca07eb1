"""Rules that are never reached because those before them take everything: of a route (M303), of a spread (M304)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Place, Problem, Related
from ..inference.facts import Flow, Reached
from ..language.rulebook import EntryRule, Rule
from .shared.examples import SCHEMA
from .shared.findings import at, in_every_use
from .shared.registry import checks_facts

__all__ = ["check"]

declare(
    "M303",
    "error",
    "rule that is never reached",
    "the rule {name!r} is never reached: {by} all that it could take",
    leftover=True,
    page="""
The first rule of a route whose condition holds takes the element. Here the rules before this one take every element
that it could take.

## How to fix

Put the more specific rule first, or correct the conditions.

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
      title: event.title
  - rule: view
    route: events
    when: event.kind == 'view'
    skip: views are not sent
```

```text title=problem
error[M303]: the rule 'view' is never reached: the rule 'event' on line 2 takes all that it could take
 --> mapping.yaml:7:11
  |
7 |   - rule: view
  |           ^^^^
  = rule: view
  = see: mapping.yaml:2:11: the rule that takes it before
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: view
    route: events
    when: event.kind == 'view'
    skip: views are not sent
  - rule: event
    route: events
    output: event
    fields:
      title: event.title
```
""",
)

declare(
    "M304",
    "error",
    "entry rule that is never reached",
    "this entry rule is never reached: {by} all that it could take",
    leftover=True,
    page="""
The first entry rule of a spread whose condition holds takes the entry. Here the entry rules before this one take every
entry that it could take.

## How to fix

Put the more specific entry rule first, or correct the conditions.

## Wrong
"""
    + SCHEMA
    + """
```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    spread:
      from: event.user
      entries:
        - description: Everything is sent as it is.
        - when: name == 'secret'
          skip: it is secret
```

```text title=problem
error[M304]: this entry rule is never reached: the one on line 8 takes all that it could take
 --> mapping.yaml:9:11
  |
9 |         - when: name == 'secret'
  |           ^^^^^^^^^^^^^^^^^^^^^^...
  = see: mapping.yaml:8:11: the rule that takes it before
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    spread:
      from: event.user
      entries:
        - when: name == 'secret'
          skip: it is secret
        - description: Everything is sent as it is.
```
""",
)


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each rule for which no element is left."""
    for fact in in_every_use(flow.of(Reached), lambda one: at(one.node), lambda one: not one.reached):
        if fact.name is None:
            by = _by(fact, "the entry rules before it take")
            yield Problem.of("M304", fact.node.place, related=_taker(fact), by=by)
        else:
            by = _by(fact, "the rules before it take")
            yield Problem.of("M303", fact.node.place, rule=fact.name, related=_taker(fact), name=fact.name, by=by)


def _taker(fact: Reached) -> tuple[Related, ...]:
    taker = fact.taker
    return () if taker is None else (Related(_place(taker), "the rule that takes it before"),)


def _place(taker: Rule | EntryRule) -> Place:
    return taker.place if isinstance(taker, Rule) else taker.node.place


def _by(fact: Reached, several: str) -> str:
    taker = fact.taker
    if taker is None:
        return several
    place = _place(taker)
    name = f"the rule {taker.name!r}" if isinstance(taker, Rule) else "the one"
    where = f"on line {place.line}" if place.file == fact.node.place.file else f"in {place.file}:{place.line}"
    return f"{name} {where} takes"
