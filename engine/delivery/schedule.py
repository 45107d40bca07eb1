"""When a request is sent again."""

from __future__ import annotations

import random

from .plan import PlannedRetry

__all__ = ["delay"]


def delay(retry: PlannedRetry, tries: int, chance: random.Random, wanted: float | None = None) -> float:
    """The seconds until the next attempt, after some that failed: at random up to a bound that grows, so that not all
    come at once; but not before the receiver wants it (`wanted`), and not later than the cap.
    """
    bound = retry.base
    for _ in range(tries - 1):
        if bound >= retry.cap:
            break
        bound *= retry.factor
    own = chance.uniform(0, min(retry.cap, bound))
    return max(own, min(wanted or 0, retry.cap))
