"""Random JSON values, many of them odd."""

from __future__ import annotations

from random import Random
from typing import Any

NAMES = ("a", "b", "c", "d", "moe_x", "Tmp", "x y", "é", "colour")
TEXTS = ("", "a", "b", "ab", " ", "1", "2.5", "true", "\x7f", "\u00a0x", "😀", "~", "a\n", "2026-01-31T23:59:59Z")
NUMBERS = (0, 1, 1.0, 2, 2.5, -1, 0.0, -0.0, 1e300, 2**62, 10)


def scalar(dice: Random) -> Any:
    kind = dice.randrange(5)
    return dice.choice(TEXTS) if kind < 3 else dice.choice(NUMBERS) if kind == 3 else dice.random() < 0.5


def value(dice: Random, depth: int = 2) -> Any:
    kind = dice.randrange(9 if depth else 6)
    if kind == 0 and dice.random() < 0.5:
        return None
    if kind <= 5:
        return scalar(dice)
    if kind == 6:
        return [scalar(dice) for _ in range(dice.randrange(4))]
    if kind == 7:
        return [value(dice, depth - 1) for _ in range(dice.randrange(3))]
    return members(dice, depth - 1)


def members(dice: Random, depth: int = 1) -> dict[str, Any]:
    plain = dice.random() < 0.5
    return {dice.choice(NAMES): scalar(dice) if plain else value(dice, depth) for _ in range(dice.randrange(5))}
