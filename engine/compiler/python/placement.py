"""Moves code that computes a value below the condition below which alone the value is used.

Code is written where its value is first needed, before it is known where else it will be, so it may stand before a
condition that seldom holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain

from .function import Block

__all__ = ["move_below_conditions"]

_NAME = re.compile(r"\b[a-z_]\w*\b")
_ASSIGNED = re.compile(r"^([a-z_]\w*) = |\(([a-z_]\w*) := ")

_Item = str | Block
_Users = dict[str, dict[int, _Item]]
"""The items of a block that mention each name, by their identity."""


def move_below_conditions(computed: Iterable[tuple[str, Block]]) -> None:
    """Moves the code of variables, each with the block whose statements compute it.

    Statements that assign the variable cannot fail, and have no effect but on names, which are unique in the function.
    """
    pending = list(computed)
    users: dict[int, _Users] = {}
    while pending:
        variable, body = pending.pop()
        moved = [item for item in body.items if variable in _assigned(item)]
        rest = [item for item in body.items if not any(item is other for other in moved)]
        own = set(chain.from_iterable(map(_assigned, moved)))
        home = body.parent
        if home is None or not own or any(not own.isdisjoint(_names(item)) for item in rest):
            continue
        if id(home) not in users:
            users[id(home)] = _users(home)
        around = users[id(home)]
        using = {key: item for name in own for key, item in around.get(name, {}).items() if item is not body}
        target = next(iter(using.values()), None)
        if len(using) != 1 or not isinstance(target, Block) or not own.isdisjoint(_names(target.header)):
            continue
        if target.loops or not target.header.startswith("if "):
            continue
        placed = Block(target, items=moved)
        body.items = rest
        target.items.insert(0, placed)
        kept = set(chain.from_iterable(map(_names, rest)))
        for name in set(chain.from_iterable(map(_names, moved))):
            if name not in kept:
                around[name].pop(id(body), None)
            around[name][id(target)] = target
            if id(target) in users:
                users[id(target)].setdefault(name, {})[id(placed)] = placed
        pending.append((variable, placed))


def _users(block: Block) -> _Users:
    found: _Users = {}
    for item in block.items:
        for name in _names(item):
            found.setdefault(name, {})[id(item)] = item
    return found


def _lines(item: _Item) -> Iterable[str]:
    return [item] if isinstance(item, str) else item.lines()


def _names(item: _Item) -> set[str]:
    return {name for line in _lines(item) for name in _NAME.findall(line)}


def _assigned(item: _Item) -> set[str]:
    """The names that a statement, or a block, assigns."""
    return {one or other for line in _lines(item) for one, other in _ASSIGNED.findall(line)}
