"""Sends the requests of an outbox, in order for each key and within all limits, until each is accepted or given up.

One coroutine chooses what is sent next; each call is a task of its own. An attempt is on the disk before its first byte
is on the way, and its end is on the disk before the next request of its key may go.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

import orjson

from ..source.text import one_line
from .answers import Answer, read_answer
from .entries import Ended, Kind, Queued
from .limiter import Limiter, Permit
from .outbox import Outbox
from .plan import Plan
from .schedule import delay
from .secrets import SecretError, Secrets
from .sending import CallOutcome, Http, SentCall
from .telemetry import span

__all__ = ["Progress", "Sender"]

CONNECTIONS = 64
AT_ONCE = 1000
"""The maximum number of requests kept in memory; refilled when few are left."""
FEW = 100
FAILURES = 10
"""The number of calls in a row without acceptance or rejection that is an outage: attempts no longer count then."""
REFUSALS = 20
"""The number of requests in a row rejected with one status that stops the sending: others would die likewise."""
NEVER_CONNECTED = 5
LOOK_SECONDS = 1.0
MOST_AHEAD = 0.1
ANSWER_SHOWN = 2000

_T = TypeVar("_T")


@dataclass(slots=True)
class Progress:
    """The progress of a sender: the numbers of calls by outcome, and the reason for which it waits."""

    counts: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    started: float = field(default_factory=time.monotonic)
    waiting: str = ""
    stopped: str | None = None

    @property
    def rate(self) -> float:
        """The number of accepted requests per second."""
        return self.counts["accepted"] / max(time.monotonic() - self.started, 1e-9)


class Sender:
    """Sends from one outbox to one receiver.

    With `goes_on`, it waits for more requests until `finish` is called. A service (`is_service`) also goes on if it
    never had a connection.
    """

    def __init__(
        self,
        outbox: Outbox,
        plan: Plan,
        secrets: Secrets,
        *,
        goes_on: bool = False,
        is_service: bool = False,
        connections: int = CONNECTIONS,
        chance: random.Random | None = None,
        http: Callable[..., Http] = Http,
        origins: Callable[[int], str | None] = lambda _: None,
    ) -> None:
        self.outbox = outbox
        self.plan = plan
        self.secrets = secrets
        self.progress = Progress()
        self.begun = asyncio.Event()
        """Set once this is the only process that can send from the outbox."""
        self.limiter = Limiter(plan.windows)
        self._goes_on = goes_on or is_service
        self._is_service = is_service
        self._connections = connections
        self._chance = chance or random.Random()  # noqa: S311  spreads retries
        self._make_http = http
        self._origins = origins
        self._ready: dict[str, deque[Queued]] = {}
        self._loaded: set[int] = set()
        self._sending: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = 0
        """The number of calls without an answer; others in progress only wait for the disk."""
        self._wake = asyncio.Event()
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._is_stale = True
        self._repeats: list[float] = []
        """The times at which attempts may be repeated, as a heap."""
        self._failures = self._pauses = 0
        self._is_connected = False
        self._refused: tuple[int | None, int] = (None, 0)
        self._most_in_bulk: dict[int, int] = {}
        """The maximum size of bulk requests with a request that was refused in a larger one."""

    def wake(self) -> None:
        """Notifies the sender of new requests or of a stop. To be called in its event loop."""
        self._is_stale = True
        self._wake.set()

    def wake_from_elsewhere(self, _: object = None) -> None:
        """Like `wake`, from any thread."""
        if self._event_loop is not None:
            self._event_loop.call_soon_threadsafe(self.wake)

    def finish(self) -> None:
        """Ends when nothing is left."""
        self._goes_on = False
        self.wake()

    def stop(self, reason: str) -> None:
        """Begins no more calls; those on the way are finished."""
        self.progress.stopped = self.progress.stopped or reason
        self.wake()

    async def run(self) -> Progress:
        """Sends until nothing is left, or until it is stopped. Raises OutboxError if another process sends."""
        self._event_loop = asyncio.get_running_loop()
        with self.outbox.sending():
            self.begun.set()
            foreign = self.outbox.foreign_until()
            await _done(self.outbox.recover(repeats=self.plan.repeats))
            self._restore(foreign)
            async with self._make_http(self.secrets, self._connections, self.plan.keep_alive) as http:
                try:
                    await self._loop(http)
                finally:
                    if self._tasks:
                        await asyncio.wait(self._tasks)
                    await self._save()
        return self.progress

    def _restore(self, foreign: float) -> None:
        """Goes on with the limits where the last process left them; `foreign` is the last attempt of another clock."""
        longest = max((window.seconds for window in self.plan.windows), default=0)
        self.limiter.restore(self.outbox.recent(longest, foreign))
        if foreign:  # what was sent before the machine was started, by a clock that may have been set since
            self.limiter.pause(longest - (self.outbox.moment().tick or 0.0))
        forgotten, until = (self.outbox.saved(name) for name in ("forgotten", "paused until"))
        if forgotten is not None:
            self.limiter.pause(min(longest, longest - self.outbox.since(forgotten)))
        if until is not None:
            self.limiter.pause(min(self.plan.retry.cap, -self.outbox.since(until)))

    async def _save(self) -> None:
        left = self.limiter.paused_until - self.limiter.now()
        await _done(self.outbox.save("paused until", self.outbox.dated(left) if left > 0 else None))

    # Choosing

    async def _loop(self, http: Http) -> None:
        while self.progress.stopped is None:
            self._wake.clear()
            self._repeat()
            await self._look()
            wait = min([LOOK_SECONDS, *(at - self.limiter.now() for at in self._repeats[:1])])
            while self.progress.stopped is None and self._open < self._most_at_once:
                call, is_bulk, at = self._next()
                if not call:
                    if not self._loaded and not self._tasks and not self._goes_on and await self._is_done():
                        return
                    wait = min(wait, max(at - self.limiter.now(), 0.001))
                    break
                permit = self.limiter.take([one.entry for one in call], is_bulk=is_bulk)
                if permit is None:
                    wait = min(wait, max(at - self.limiter.now(), 0.001))
                    break
                self._begin(http, call, permit, is_bulk=is_bulk)
            try:
                await asyncio.wait_for(self._wake.wait(), wait)
            except TimeoutError:
                self._is_stale = True

    @property
    def _most_at_once(self) -> int:
        """The maximum number of calls without an answer: in an outage, one, to find out whether it is over."""
        return 1 if self._failures >= FAILURES else self._connections

    async def _is_done(self) -> bool:
        """Returns whether no request waits, for whatever reason."""
        return await asyncio.to_thread(self.outbox.left) == 0

    async def _look(self) -> None:
        """Reads more requests that are ready, if few are left in memory."""
        if sum(map(len, self._ready.values())) >= FEW or not self._is_stale:
            return
        self._is_stale = False
        limit = AT_ONCE + len(self._loaded)
        for one in await asyncio.to_thread(self.outbox.ready, limit, self.plan.retry.cap * 2):
            if one.id not in self._loaded:
                self._loaded.add(one.id)
                self._ready.setdefault(one.entry.output, deque()).append(one)

    def _repeat(self) -> None:
        """Has the outbox read if an attempt may be repeated by now."""
        while self._repeats and self._repeats[0] <= self.limiter.now():
            heapq.heappop(self._repeats)
            self._is_stale = True

    def _next(self) -> tuple[list[Queued], bool, float]:
        """The next call: its requests, whether they are sent in bulk, and the time at which they may be sent.

        Without requests, the time at which the first key has room.
        """
        now, soonest = self.limiter.now(), math.inf
        best: tuple[list[Queued], bool, float] = ([], False, math.inf)
        together = self._together(now)
        if together:
            best = together, True, self.limiter.time_for([one.entry for one in together], now, is_bulk=True)
        for waiting in self._ready.values():
            for _ in range(len(waiting)):
                one = waiting[0]
                if (room := self.limiter.time_for_key(one.entry, now)) <= now:
                    at = self.limiter.time_for([one.entry], now)
                    if not best[0] or (at, one.id) < (best[2], best[0][0].id):
                        best = [one], False, at
                    break
                soonest = min(soonest, room)
                waiting.rotate(-1)  # its key has no room; others go on
                self.progress.waiting = "for the limit of one key"
        if best[0] and best[2] > now:
            self.progress.waiting = "after a pause" if self.limiter.paused_until > now else "for a limit"
        return best if best[0] else ([], False, soonest)

    def _together(self, now: float) -> list[Queued]:
        """The requests of the next bulk request, the oldest first; none if too few are ready."""
        bulk = self.plan.bulk
        if bulk is None or self.plan.bulk_from is None:
            return []
        able = sorted(
            one
            for waiting in self._ready.values()
            for one in waiting
            if one.entry.is_joinable and self._most_in_bulk.get(one.id, 2) > 1
        )
        if len(able) < self.plan.bulk_from and not any(one.id in self._most_in_bulk for one in able):
            return []
        chosen: list[Queued] = []
        size, most = bulk.empty_size, AT_ONCE
        for one in able:
            size += len(one.entry.body) + 1
            most = min(most, self._most_in_bulk.get(one.id, most))
            if chosen and (size > bulk.max_bytes or len(chosen) >= most):
                break
            if self.limiter.time_for_key(one.entry, now, is_bulk=True) <= now:
                chosen.append(one)
        return chosen if len(chosen) > 1 else []

    # Sending

    def _begin(self, http: Http, call: list[Queued], permit: Permit, *, is_bulk: bool) -> None:
        for one in call:
            self._ready[one.entry.output].remove(one)
            self._sending[one.entry.output] += 1
        self.progress.waiting = ""
        self._open += 1
        task = asyncio.create_task(self._deliver(http, call, permit, is_bulk=is_bulk))
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.stop(self.secrets.redact(f"{type(error).__name__}: {error}"))
        self.wake()

    async def _deliver(self, http: Http, call: list[Queued], permit: Permit, *, is_bulk: bool) -> None:
        is_open = True
        try:
            prepared = self._call(http, call, is_bulk=is_bulk)
            begun = self.limiter.now()
            started = await _done(self.outbox.start([one.id for one in call]))
            # The next calls are begun before they may be sent, so that none waits for the disk then.
            took = self.limiter.now() - begun
            self.limiter.ahead += (min(took, MOST_AHEAD) - self.limiter.ahead) / 8
            sent = [one for one in call if one.id in started]
            if not sent:
                permit.unused()
                return
            if len(sent) < len(call):
                prepared = self._call(http, sent, is_bulk=is_bulk)
            await asyncio.sleep(permit.at - self.limiter.now())
            self.progress.calls += 1
            outcome = await _traced(http, prepared, sent)
            permit.answered(self.limiter.now())
            ends = self._ends(sent, outcome)
            is_open = False
            self._open -= 1
            self._wake.set()
            await _done(self.outbox.end([await self._noted(ended) for ended in ends]))
        except SecretError as error:
            permit.unused()
            self.stop(str(error))
        finally:
            self._open -= is_open
            permit.answered(self.limiter.now())
            for one in call:
                self._loaded.discard(one.id)
                self._sending[one.entry.output] -= 1

    def _call(self, http: Http, call: Sequence[Queued], *, is_bulk: bool) -> SentCall:
        first, bulk = call[0].entry, self.plan.bulk
        if not is_bulk or bulk is None:
            return http.call(first.method, first.url, first.headers, first.body)
        body = {**bulk.fields, bulk.elements: [orjson.Fragment(one.entry.body) for one in call]}
        request = bulk.request([])
        dispatch = self.plan.dispatch
        return http.call(request.method, dispatch.url_of(request), dispatch.headers_of(request), orjson.dumps(body))

    # Outcomes

    def _ends(self, call: Sequence[Queued], outcome: CallOutcome) -> list[Ended]:
        """The ends of the attempts of a call; the limiter learns from its answer, too."""
        text = outcome.text[:ANSWER_SHOWN]
        if outcome.status is None:
            return self._unanswered(call, outcome, text)
        status, self._is_connected = outcome.status, True
        answer = read_answer(status, outcome.headers, self.plan, self.outbox.now())
        self._hint(call, answer)
        match answer.verdict:
            case "accept":
                self._failures, self._pauses, self._refused = 0, 0, (None, 0)
                return self._all(call, "accepted", status, "")
            case "wait":
                self._failures += 1
                self._pause(answer.wait or answer.reset)
                return self._all(call, "put back", status, text)
            case "stop":
                self.stop(f"the receiver answers {status}: {_first_line(text)}")
                return self._all(call, "put back", status, text)
            case "retry":
                return self._failed(call, "retry", status, text, answer.wait)
        return self._rejected(call, status, text)

    async def _noted(self, ended: Ended) -> Ended:
        """The end of an attempt; of a request that a person decides about, with what it was made of."""
        if ended.kind != "dead" and (ended.kind != "uncertain" or ended.due is not None):
            return ended
        return ended._replace(origin=await asyncio.to_thread(self._origins, ended.request))

    def _unanswered(self, call: Sequence[Queued], outcome: CallOutcome, text: str) -> list[Ended]:
        if outcome.arrived:
            return self._failed(call, "uncertain", None, text, None)
        self._failures += 1
        if self._failures >= NEVER_CONNECTED and not (self._is_connected or self._is_service):
            self.stop(f"no connection: {text}")
        self.progress.waiting = text
        self._pause(None)
        return self._all(call, "put back", None, text)

    def _failed(
        self, call: Sequence[Queued], kind: Kind, status: int | None, text: str, wait: float | None
    ) -> list[Ended]:
        """The ends of failed attempts, which are repeated unless there were too many."""
        self._failures += 1
        is_outage = self._failures >= FAILURES
        if is_outage:
            self._pause(wait)
        ends = []
        for one in call:
            seconds = self._delay(one.tries + 1, wait)
            due = self.outbox.now() + seconds
            is_last = one.tries + 1 >= self.plan.retry.attempts
            own = kind
            if kind == "uncertain":
                if is_last or not (self.plan.repeats or one.entry.is_repeatable):
                    ends.append(Ended(one.id, "uncertain", status, text))
                    continue
            elif is_outage:
                own = "put back"
            elif is_last:
                own, text = "dead", f"after {one.tries + 1} attempts: {text}"
            if own != "dead":
                heapq.heappush(self._repeats, self.limiter.now() + seconds)
            ends.append(Ended(one.id, own, status, text, None if own == "dead" else due))
        self.progress.counts.update(ended.kind for ended in ends)
        return ends

    def _rejected(self, call: Sequence[Queued], status: int, text: str) -> list[Ended]:
        """The ends of rejected attempts: one request is dead; several in one body are sent again in two halves."""
        self._failures = self._pauses = 0
        if len(call) > 1:
            half = (len(call) + 1) // 2
            for one in call:
                self._most_in_bulk[one.id] = half
            return self._all(call, "put back", status, text)
        self._most_in_bulk.pop(call[0].id, None)
        before, number = self._refused
        self._refused = status, number + 1 if before == status else 1
        if self._refused[1] >= REFUSALS:
            self.stop(f"{REFUSALS} requests in a row were rejected with {status}: {_first_line(text)}")
        return self._all(call, "dead", status, text)

    def _all(self, call: Sequence[Queued], kind: Kind, status: int | None, text: str) -> list[Ended]:
        self.progress.counts[kind] += len(call)
        if kind == "accepted":
            for one in call:
                self._most_in_bulk.pop(one.id, None)
        return [Ended(one.id, kind, status, text) for one in call]

    def _hint(self, call: Sequence[Queued], answer: Answer) -> None:
        if answer.remaining is not None and answer.reset is not None:
            seconds = min(answer.reset, self.plan.retry.cap)
            for output in {one.entry.output for one in call}:
                on_the_way = self._sending[output] - sum(one.entry.output == output for one in call)
                self.limiter.hint(output, answer.remaining, seconds, on_the_way)

    def _pause(self, wanted: float | None) -> None:
        """Pauses, longer each time in a row; what fails during a pause was under way, and makes it no longer."""
        if self.limiter.paused() <= 0:
            self._pauses += 1
            self.limiter.pause(self._delay(self._pauses, wanted))
        elif wanted is not None:
            self.limiter.pause(min(wanted, self.plan.retry.cap))

    def _delay(self, tries: int, wanted: float | None) -> float:
        return delay(self.plan.retry, tries, self._chance, wanted)


async def _traced(http: Http, prepared: SentCall, call: Sequence[Queued]) -> CallOutcome:
    """Sends a call within a span of OpenTelemetry that names its requests."""
    with span(f"{prepared.method} {call[0].entry.output}", "client") as said:
        outcome = await http.send(prepared)
        said |= {"moemap.request": call[0].id, "moemap.requests": len(call), "moemap.try": call[0].tries + 1}
        if outcome.status is not None:
            said["http.response.status_code"] = outcome.status
        if outcome.status is None or outcome.status >= 400:
            said["error.type"] = str(outcome.status or "no answer")
    return outcome


async def _done(future: Future[_T]) -> _T:
    return await asyncio.wrap_future(future)


def _first_line(text: str) -> str:
    return one_line(text)[:200]
