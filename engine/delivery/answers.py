"""Reads answers: the meaning of the status, and the limits in the headers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from .plan import Plan

__all__ = ["Answer", "read_answer"]

_EPOCH = 1_000_000_000
_MILLISECONDS = 1_000_000_000_000
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


class Answer(NamedTuple):
    """The content of an answer: its verdict, the seconds to wait, and how much may be sent in how many seconds."""

    verdict: str
    wait: float | None
    remaining: int | None
    reset: float | None


def read_answer(status: int, headers: Mapping[str, str], plan: Plan, now: float) -> Answer:
    """Reads an answer; the names of `headers` can be in any case, and `now` is the time of the wall clock.

    Headers that cannot be understood are ignored.
    """
    given = {name.lower(): value.strip() for name, value in headers.items()}
    hints = plan.hints
    verdict = plan.answers.get(str(status)) or plan.answers.get(f"{status // 100}xx") or "reject"
    remaining = _number(given.get((hints.remaining or "").lower()))
    limit = _number(given.get((hints.limit or "").lower()))
    if remaining is not None and limit is not None and remaining > limit:
        remaining = None
    return Answer(
        verdict,
        _wait(given.get(hints.retry_after.lower()), now),
        None if remaining is None else int(remaining),
        _reset(given.get((hints.reset or "").lower()), now),
    )


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _NUMBER.fullmatch(text) else None


def _wait(text: str | None, now: float) -> float | None:
    """The seconds that `Retry-After` asks for: a number, or a date."""
    if text is None:
        return None
    number = _number(text)
    if number is not None:
        return number
    try:
        date = parsedate_to_datetime(text)
        seconds = (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _reset(text: str | None, now: float) -> float | None:
    """The seconds until a window ends, given as such or as a time since 1970."""
    number = _number(text)
    if number is None or number < _EPOCH:
        return number
    at = number / 1000 if number >= _MILLISECONDS else number
    return max(0.0, at - now)
