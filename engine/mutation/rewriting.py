"""Replaces parts of a Rulebook, which is immutable: only parts around a replaced one are made again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from ..language.keys import attributes_of
from ..language.rulebook import Rulebook, Table

__all__ = ["REMOVED", "Rewriter", "tables_in"]

REMOVED = object()
"""Stands for a part that is removed: from a tuple or a mapping; as an attribute, it becomes None."""

_PARTS = ("server", "outputs", "bulk", "routes", "tables", "policies", "let", "rules")


class Rewriter:
    """Makes variants of one Rulebook."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self._above: dict[int, list[Any]] = {}
        pending: list[Any] = [rulebook]
        while pending:
            part = pending.pop()
            for below in _parts_below(part):
                if id(below) not in self._above:
                    self._above[id(below)] = []
                    pending.append(below)
                self._above[id(below)].append(part)

    def rewritten(self, changes: Mapping[Any, Any]) -> Rulebook:
        """The Rulebook with parts replaced, by the old part, wherever they are used."""
        containing: set[int] = set()
        pending = list(changes)
        while pending:
            for above in self._above.get(id(pending.pop()), ()):
                if id(above) not in containing:
                    containing.add(id(above))
                    pending.append(above)
        made: dict[int, Any] = {id(part): new for part, new in changes.items()}
        rulebook: Rulebook = _made(self.rulebook, containing, made)
        return rulebook


def _attributes(part: Any) -> tuple[str, ...]:
    """The attributes of a part of the rules that hold other parts."""
    if isinstance(part, Rulebook):
        return _PARTS
    return tuple(one.name for one in fields(part)) if attributes_of(type(part)) else ()


def _parts_below(part: Any) -> Iterator[Any]:
    """The parts of the rules directly below one, or in a tuple or a mapping, in order."""
    if isinstance(part, tuple):
        below: Iterable[Any] = part
    elif isinstance(part, Mapping):
        below = part.values()
    else:
        below = (getattr(part, name) for name in _attributes(part))
    for value in below:
        if isinstance(value, tuple | Mapping):
            yield from _parts_below(value)
        elif _is_part(value):
            yield value


def _is_part(value: Any) -> bool:
    return bool(attributes_of(type(value))) or type(value).__name__ in ("Expr", "Text")


def _made(value: Any, containing: set[int], made: dict[int, Any]) -> Any:
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, tuple):
        found = [_made(one, containing, made) for one in value]
        return tuple(one for one in found if one is not REMOVED)
    if isinstance(value, Mapping):
        pairs = ((name, _made(one, containing, made)) for name, one in value.items())
        return {name: one for name, one in pairs if one is not REMOVED}
    if id(value) not in containing:
        return value
    changed: dict[str, Any] = {}
    for name in _attributes(value):
        before = getattr(value, name)
        if isinstance(before, tuple | Mapping) or _is_part(before):
            after = _made(before, containing, made)
            changed[name] = None if after is REMOVED else after
    made[id(value)] = new = replace(value, **changed)
    return new


def tables_in(part: Any) -> Iterator[Table]:
    """The tables that fields in a part of the rules use, in order."""
    pending, seen = [part], set()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Table):
            yield one
        pending.extend(_parts_below(one))
