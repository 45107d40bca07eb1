"""The times at which requests are sent again."""

from __future__ import annotations

import random

from .plan import PlannedRetry

__all__ = ["delay"]


def delay(retry: PlannedRetry, tries: int, chance: random.Random, wanted: float | None = None) -> float:
    """The seconds until the next attempt, after `tries` failed ones.

    They are chosen at random up to a growing bound, so that not all requests come at once; at least `wanted`, the
    seconds that the receiver asks for, and at most the cap.
    """
    bound = retry.base
    for _ in range(tries - 1):
        if bound >= retry.cap:
            break
        bound *= retry.factor
    own = chance.uniform(0, min(retry.cap, bound))
    return max(own, min(wanted or 0, retry.cap))
