"""No span of any window has more than its limit, whenever within a call the receiver counts it."""

from __future__ import annotations

import heapq
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.delivery.entries import Entry, Recent
from moemap.engine.delivery.limiter import AHEAD, Limiter
from moemap.engine.delivery.plan import PlannedWindow


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def entry(output: str = "event", lane: str | None = None, **items: int) -> Entry:
    return Entry(output, "POST", "/", {}, b"", lane, items=items)


WINDOWS = st.lists(
    st.builds(
        PlannedWindow,
        st.sampled_from(["a", "b"]),
        st.integers(1, 6),
        st.integers(1, 3),
        st.sampled_from(["requests", "bodies"]),
        st.sampled_from([None, "n"]),
        st.sampled_from([(), ("event",)]),
        st.sampled_from([None, "alone", "in_bulk"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda window: window.name,
)
CALLS = st.lists(
    st.tuples(
        st.lists(
            st.builds(
                entry, st.sampled_from(["event", "user"]), st.sampled_from([None, "x", "y"]), n=st.integers(0, 3)
            ),
            min_size=1,
            max_size=3,
        ),
        st.floats(0, 2),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=40,
)


def counted(window: PlannedWindow, call: list[Entry], key: str | None) -> int:
    """The amount that the receiver counts of a call, written anew."""
    is_bulk = len(call) > 1
    if window.sent is not None and (window.sent == "in_bulk") != is_bulk:
        return 0
    own = [one for one in call if one.output in (window.outputs or ("event", "user"))]
    if window.each_key:
        own = [one for one in own if one.lane == key]
    if not own:
        return 0
    if window.elements_of is not None:
        return sum(one.items["n"] for one in own)
    return len(own) if window.counts == "bodies" else 1


@pytest.mark.slow
@pytest.mark.fuzz
@given(WINDOWS, CALLS)
def test_no_span_has_more_than_its_limit(
    windows: list[PlannedWindow], calls: list[tuple[list[Entry], float, float]]
) -> None:
    clock = Clock()
    limiter = Limiter(windows, clock)
    ends: list[tuple[float, int, object]] = []
    arrivals: list[tuple[float, list[Entry]]] = []
    for number, (call, took, share) in enumerate(calls):
        while (permit := limiter.take(call, is_bulk=len(call) > 1)) is None:
            at = limiter.time_for(call, clock.now, is_bulk=len(call) > 1)
            if ends and ends[0][0] <= at:
                clock.now, _, ended = heapq.heappop(ends)
                ended.answered(clock.now)  # type: ignore[attr-defined]
            else:
                assert at < math.inf
                clock.now = max(clock.now, at)
        assert permit.at <= clock.now + AHEAD
        arrivals.append((permit.at + took * share, call))
        heapq.heappush(ends, (permit.at + took, number, permit))
    for window in windows:
        for key in ("x", "y") if window.each_key else (None,):
            amounts = [(at, counted(window, call, key)) for at, call in sorted(arrivals, key=lambda pair: pair[0])]
            for start, _ in amounts:
                within = [amount for at, amount in amounts if start <= at < start + window.seconds - 1e-9 and amount]
                assert sum(within) <= window.limit or len(within) == 1


def test_the_limit_is_used_to_the_full() -> None:
    clock, sent = Clock(), 0
    limiter = Limiter([PlannedWindow("second", 500, 1)], clock)
    while clock.now < 10:
        permit = limiter.take([entry()])
        if permit is None:
            clock.now = limiter.time_for([entry()], clock.now)
        else:
            clock.now = max(clock.now, permit.at)
            permit.answered(clock.now)
            sent += 1
    assert sent == 5000


def test_it_depends_on_an_answer_when_there_is_room() -> None:
    clock = Clock()
    limiter = Limiter([PlannedWindow("second", 1, 1)], clock)
    permit = limiter.take([entry()])
    assert permit is not None
    assert limiter.time_for([entry()], clock.now) == math.inf
    permit.unused()
    assert limiter.time_for([entry()], clock.now) == 0


def test_a_pause_and_hints_hold_back() -> None:
    clock = Clock()
    limiter = Limiter([], clock)
    limiter.pause(5)
    assert limiter.time_for([entry()], 0) == 5
    clock.now = 5
    limiter.hint("event", 2, 30, 1)
    assert limiter.take([entry()]) is not None
    assert limiter.time_for([entry()], 5) == 35
    assert limiter.time_for([entry("user")], 5) == 5
    limiter.hint("event", 9, 30, 0)
    assert limiter.time_for([entry()], 5) == 5


def test_what_was_sent_before_counts() -> None:
    clock = Clock()
    limiter = Limiter([PlannedWindow("minute", 3, 60), PlannedWindow("bodies", 4, 60, "bodies")], clock)
    recent = [
        Recent(10.0, 5.0, 1, "event", None, {}),
        Recent(10.0, 5.0, 1, "event", None, {}),
        Recent(2.0, None, 2, "event", None, {}),
        Recent(0.0, 0.0, 3, "event", None, {}),
    ]
    limiter.restore(recent)
    assert limiter.time_for([entry()], 0.0) == 55.0


def test_keys_are_forgotten() -> None:
    clock, chance = Clock(), random.Random(1)
    limiter = Limiter([PlannedWindow("user", 5, 1, each_key=True)], clock)
    for _ in range(10_000):
        clock.now += 0.01
        permit = limiter.take([entry(lane=str(chance.random()))])
        assert permit is not None
        permit.answered(clock.now)
    assert len(limiter._keys) < 5000
