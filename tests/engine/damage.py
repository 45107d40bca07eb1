"""Batches with something wrong in them."""

from __future__ import annotations

import copy
from typing import Any

from moemap.tests.engine.grammar import Dice, json_value

_DAMAGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.5, 1e300, 2**63, 2**64 - 1, "", "x", "moe_x", "null", "1", "12.50", "true", " a ",
    "$City", "2026-01-01T00:00:00Z", "email", [], {}, [[]], [None], ["a", 1], [1, 2.5], ["a", None], [{"a": 1}],
    [True], {"a": None}, {"a": {"b": {"c": 1}}}, {"x": [1]}, "ä" * 600, ["a"] * 60,
)  # fmt: skip
_NAMES = ("$FIRSTNAME", "moe_x", "a/b~c", "id", "email", "name", "new", "$Age", "u_l_a", "push_preference", "age", "")


def damaged(dice: Dice, batch: Any) -> Any:
    """A copy with some values replaced, taken out or put in."""
    batch = copy.deepcopy(batch)
    for _ in range(dice.choice((1, 1, 2, 3, 6))):
        places = _places(batch, ())
        if not places:
            break
        *above, last = dice.choice(places)
        target = batch
        for step in above:
            target = target[step]
        value = copy.deepcopy(dice.choice(_DAMAGE)) if dice.random() < 0.7 else json_value(dice)
        change = dice.random()
        if change < 0.2:
            del target[last]
        elif change < 0.75:
            target[last] = value
        elif isinstance(target, dict):
            target[dice.choice(_NAMES)] = value
        else:
            target.insert(last, value if dice.random() < 0.5 else copy.deepcopy(target[last]))
    return batch


def _places(value: Any, place: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The places below this one, each before those in it."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, below in entries:
        found.append((*place, key))
        if below.__class__ in (dict, list):
            found += _places(below, found[-1])
    return found
