"""Limits the names in scope of all lets: checks keep them for each let, which is quadratic in a long block."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..source.nodes import Node
from ..values.recall import Recall
from .rulebook import Each, EntryRule, Field, From, Listed, ObjectSource, Rule, Rulebook, Spread

__all__ = ["MAX_NAMES", "let_beyond"]

MAX_NAMES = 3_000_000
"""The maximum number of names in scope of all lets together, for which checks need about 750 MB."""

_PARTS = Rule, Field, From, Each, ObjectSource, Listed, Spread, EntryRule
_ITERATIONS = Each, Spread


class _Beyond(Exception):  # noqa: N818  control flow, not an error
    """There are too many names."""


class _Count:
    """Counts down, from the limit, the names in scope of lets."""

    def __init__(self) -> None:
        self.left = MAX_NAMES

    def lets(self, definitions: tuple[Field, ...], names: int) -> int:
        """Counts the names in scope of each let in a block; returns the number of names in scope after it."""
        for definition in definitions:
            self.left -= names
            if self.left < 0:
                raise _Beyond(definition.node)
            self.within(definition, names)
            names += 1
        return names

    def within(self, part: Any, names: int) -> None:
        """Counts the names in scope of the lets in a part of the rules."""
        if isinstance(part, tuple):
            for one in part:
                self.within(one, names)
        elif isinstance(part, _PARTS):
            names = self.lets(getattr(part, "let", ()), names + isinstance(part, _ITERATIONS))
            for name in part.__dataclass_fields__:
                if name != "let":
                    self.within(getattr(part, name), names)


def _used(rule: Rule, names: int) -> int:
    """The number of names in scope of the lets of a rule."""
    count = _Count()
    count.within(rule, names)
    return MAX_NAMES - count.left


def let_beyond(rulebook: Rulebook, recall: Recall) -> Node | None:
    """The node of the let at which `MAX_NAMES` is exceeded; None if it is not.

    `recall` has the numbers of rules that were counted before.
    """
    count = _Count()
    try:
        top = count.lets(rulebook.let, 2)
        routes: dict[str | None, int] = {None: top}
        routes |= {name: count.lets(route.let, top + 1) for name, route in rulebook.routes.items()}
        for rule in rulebook.rules:
            names = routes.get(rule.route, top)
            used = recall.of(("lets", rule, names), partial(_used, rule, names))
            if used > count.left:
                count.within(rule, names)  # to find the let
            count.left -= used
    except _Beyond as beyond:
        node: Node = beyond.args[0]
        return node
    return None
