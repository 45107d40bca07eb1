"""Keeps all limits of a receiver at once, so that none is exceeded, whenever the receiver counts a request.

A request occupies its place in a window from the moment at which it may be sent until the window's seconds after its
answer, since it arrives some time between. So no window of the receiver's clock ever has more than the limit.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from .entries import Recent
from .plan import PlannedWindow

__all__ = ["Counted", "Limiter", "Permit", "amount_of"]

AHEAD = 0.02
PACED_SECONDS = 5
"""The maximum length of windows that spread requests evenly: a burst would wait at the receiver, and occupy each place
for longer."""
_PACE = 0.98
_TOLERANCE = 0.02
_TIDY = 4096


class Counted(Protocol):
    """A request, as windows count it."""

    @property
    def output(self) -> str: ...
    @property
    def lane(self) -> str | None: ...
    @property
    def items(self) -> Mapping[str, int]: ...


class _Span:
    """The state of a window, or of one key's window: the amount on its way, and the times at which places get free."""

    __slots__ = ("freed", "limit", "next", "on_the_way", "pace", "seconds", "used")

    def __init__(self, limit: int, seconds: int) -> None:
        self.limit = limit
        self.seconds = seconds
        self.pace = _PACE * seconds / limit if seconds <= PACED_SECONDS else 0.0
        self.next = -math.inf
        self.on_the_way = 0
        self.used = 0
        self.freed: list[tuple[float, int]] = []

    def free(self, now: float) -> None:
        while self.freed and self.freed[0][0] <= now:
            self.used -= heapq.heappop(self.freed)[1]

    def time_for(self, amount: int, now: float) -> float:
        """The time at which there is room; infinity if that depends on an answer."""
        self.free(now)
        lacking = self.used + self.on_the_way + amount - self.limit
        paced = max(now, self.next - _TOLERANCE)
        if lacking <= 0:
            return paced
        for at, freed in heapq.nsmallest(lacking, self.freed):
            lacking -= freed
            if lacking <= 0:
                return max(paced, at)
        return math.inf

    def take(self, amount: int, at: float) -> None:
        self.free(at)
        self.on_the_way += amount
        self.next = max(self.next, at) + amount * self.pace

    def give_back(self, amount: int) -> None:
        self.on_the_way -= amount
        self.next -= amount * self.pace

    def answered(self, amount: int, at: float) -> None:
        self.used += amount
        heapq.heappush(self.freed, (at + self.seconds, amount))


@dataclass(slots=True)
class Permit:
    """Places in all windows for one call, from the time `at`."""

    at: float
    taken: list[tuple[_Span, int]] = field(default_factory=list)

    def answered(self, at: float) -> None:
        """Notes the time of the answer: the receiver counts the call no later."""
        for span, amount in self.taken:
            span.on_the_way -= amount
            span.answered(amount, at)
        self.taken = []

    def unused(self) -> None:
        """Gives the places back: nothing was sent."""
        for span, amount in self.taken:
            span.give_back(amount)
        self.taken = []


class _Hint(NamedTuple):
    left: int
    until: float


class Limiter:
    """The limits of a receiver. All times are those of a monotonic clock."""

    def __init__(self, windows: Sequence[PlannedWindow], now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.ahead = AHEAD
        """The seconds within which a place that gets free is given at once, with the time from which it is valid."""
        self.paused_until = -math.inf
        self._windows = [(window, _Span(window.limit, window.seconds)) for window in windows]
        self._keys: dict[tuple[str, str], _Span] = {}
        self._hints: dict[str, _Hint] = {}
        self._taken = 0

    def restore(self, recent: Iterable[Recent]) -> None:
        """Counts the attempts of earlier processes; those without an answer may arrive even now."""
        calls: dict[int, list[Recent]] = {}
        for one in recent:
            calls.setdefault(one.call, []).append(one)
        for call in calls.values():
            ended = min(one.ended or 0.0 for one in call)
            for span, amount in self._spans(call, is_bulk=len(call) > 1):
                span.answered(amount, self.now() - ended)

    def time_for(self, call: Sequence[Counted], now: float, *, is_bulk: bool = False) -> float:
        """The time at which a call may be sent, which is now or later; infinity if that depends on an answer."""
        times = [now, self.paused_until]
        for output in {one.output for one in call}:
            hint = self._hints.get(output)
            if hint is not None and hint.left <= 0 and hint.until > now:
                times.append(hint.until)
        times += (span.time_for(amount, now) for span, amount in self._spans(call, is_bulk=is_bulk))
        return max(times)

    def time_for_key(self, one: Counted, now: float, *, is_bulk: bool = False) -> float:
        """Like `time_for`, by the windows of single keys alone."""
        own = self._spans([one], is_bulk=is_bulk, only_keys=True)
        return max([now, *(span.time_for(amount, now) for span, amount in own)])

    def take(self, call: Sequence[Counted], *, is_bulk: bool = False) -> Permit | None:
        """Takes the places of a call; None if there is no room within `ahead` seconds."""
        now = self.now()
        at = self.time_for(call, now, is_bulk=is_bulk)
        if at > now + self.ahead:
            return None
        permit = Permit(at)
        for span, amount in self._spans(call, is_bulk=is_bulk):
            span.take(amount, at)
            permit.taken.append((span, amount))
        for output in {one.output for one in call}:
            if (hint := self._hints.get(output)) is not None:
                self._hints[output] = hint._replace(left=hint.left - 1)
        self._taken += 1
        if self._taken % _TIDY == 0:
            self._tidy()
        return permit

    def pause(self, seconds: float) -> None:
        """Lets nothing pass for some time."""
        self.paused_until = max(self.paused_until, self.now() + seconds)

    def hint(self, output: str, remaining: int, seconds: float, on_the_way: int) -> None:
        """Takes a hint of the receiver: `remaining` requests in `seconds`, from which those on the way are deducted."""
        self._hints[output] = _Hint(remaining - on_the_way, self.now() + seconds)

    def used(self) -> Iterator[tuple[str, int, int]]:
        """Each window other than those of single keys: its name, the amount in use, and its limit."""
        now = self.now()
        for window, span in self._windows:
            if not window.each_key:
                span.free(now)
                yield window.name, span.used + span.on_the_way, span.limit

    def paused(self) -> float:
        """The seconds until the end of the present pause."""
        return max(self.paused_until - self.now(), 0.0)

    def _spans(self, call: Sequence[Counted], *, is_bulk: bool, only_keys: bool = False) -> Iterator[tuple[_Span, int]]:
        for window, span in self._windows:
            if (only_keys and not window.each_key) or window.sent == ("alone" if is_bulk else "in_bulk"):
                continue
            counted = [one for one in call if not window.outputs or one.output in window.outputs]
            if not window.each_key:
                if counted and (amount := amount_of(window, counted)):
                    yield span, min(amount, window.limit)
                continue
            keys: dict[str, list[Counted]] = {}
            for one in counted:
                if one.lane is not None:
                    keys.setdefault(one.lane, []).append(one)
            for key, own in keys.items():
                amount = amount_of(window, own)
                if not amount:
                    continue
                of_key = self._keys.get((window.name, key))
                if of_key is None:
                    of_key = self._keys[window.name, key] = _Span(window.limit, window.seconds)
                yield of_key, min(amount, window.limit)

    def _tidy(self) -> None:
        """Forgets keys whose windows are empty."""
        now = self.now()
        for key, span in list(self._keys.items()):
            span.free(now)
            if not span.used and not span.on_the_way:
                del self._keys[key]


def amount_of(window: PlannedWindow, call: Sequence[Counted]) -> int:
    """The amount of a call that a window counts: at most its limit, since a larger call can only be sent by itself."""
    if window.elements_of is not None:
        return sum(one.items.get(window.elements_of, 0) for one in call)
    return len(call) if window.counts == "bodies" else 1
