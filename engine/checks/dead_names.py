"""Names under `except` and `rename` of a spread that no entry has (M241)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..diagnostics.catalogue import declare
from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean
from ..inference.facts import Flow, SpreadOver
from ..language.rulebook import Spread
from ..language.traversal import is_excepted
from ..source.nodes import MappingNode, ScalarNode, SequenceNode
from ..types.types import Type, union
from .shared.examples import SCHEMA
from .shared.registry import checks_facts

__all__ = ["check"]

declare(
    "M241",
    "warning",
    "name that no entry has",
    "no entry of this spread has the name {name!r}{reason}",
    leftover=True,
    page="""
`rename` or `except` of a spread has a name that no entry can have: the schema closes the object and does not list it,
or `except` leaves the entry out before it is renamed.

## How to fix

Correct the name, or remove it.

## Wrong
"""
    + SCHEMA
    + """
```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    spread: {from: event, except: {names: [id, titel]}, rename: {kind: type}}
```

```text title=problem
warning[M241]: no entry of this spread has the name 'titel'
 --> mapping.yaml:5:48
  |
5 |     spread: {from: event, except: {names: [id, titel]}, rename: {kind: type}}
  |                                                ^^^^^
  = help: did you mean 'title'?
```

## Right

```yaml title=mapping.yaml
rules:
  - rule: event
    route: events
    output: event
    spread: {from: event, except: {names: [id, title]}, rename: {kind: type}}
```
""",
)


@checks_facts
def check(flow: Flow) -> Iterator[Problem]:
    """Reports each name that no entry has in any use of the spread."""
    spreads: dict[int, tuple[Spread, list[Type]]] = {}
    for over in flow.of(SpreadOver):
        spreads.setdefault(id(over.spread.node), (over.spread, []))[1].append(over.type)
    for spread, types in spreads.values():
        yield from _dead(spread, union(*types))


def _dead(spread: Spread, type_: Type) -> Iterator[Problem]:
    objects = type_.parts.objects
    known = {name for one in objects for name, prop in one.properties.items() if not prop.type.never}
    is_closed = bool(objects) and all(one.closed for one in objects)
    for node, is_renamed in (*_excepted(spread), *_renamed(spread)):
        name = node.text
        if is_renamed and is_excepted(spread.except_, name):
            yield Problem.of("M241", node.place, name=name, reason=": `except` leaves it out")
        elif is_closed and not _is_one(name, known, ignore_case=spread.except_.ignore_case and not is_renamed):
            yield Problem.of("M241", node.place, hint=did_you_mean(name, known), name=name, reason="")


def _is_one(name: str, known: Iterable[str], *, ignore_case: bool) -> bool:
    return any(one.casefold() == name.casefold() for one in known) if ignore_case else name in set(known)


def _excepted(spread: Spread) -> Iterator[tuple[ScalarNode, bool]]:
    except_ = spread.node.get("except") if isinstance(spread.node, MappingNode) else None
    names = except_.get("names") if isinstance(except_, MappingNode) else None
    for node in names.items if isinstance(names, SequenceNode) else ():
        if isinstance(node, ScalarNode):
            yield node, False


def _renamed(spread: Spread) -> Iterator[tuple[ScalarNode, bool]]:
    rename = spread.node.get("rename") if isinstance(spread.node, MappingNode) else None
    for name, _ in rename.entries if isinstance(rename, MappingNode) else ():
        yield name, True
