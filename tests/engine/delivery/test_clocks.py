"""The ages of attempts hold though clocks are set, and the machine is started again."""

from __future__ import annotations

import math
import random

import pytest

from moemap.engine.delivery import outbox as outbox_module
from moemap.engine.delivery.outbox import Outbox
from moemap.engine.delivery.plan import PlannedWindow
from moemap.engine.delivery.secrets import Secrets
from moemap.engine.delivery.sender import Sender
from moemap.tests.engine.delivery.conftest import Clock, plan
from moemap.tests.engine.delivery.test_outbox import end, entry, given, start


@pytest.mark.parametrize("jump", [-7200, 7200])
def test_what_is_recent_does_not_depend_on_a_clock_that_is_set(place: str, clock: Clock, jump: float) -> None:
    ticks = Clock()
    with Outbox(place, now=clock, tick=ticks) as outbox:
        outbox.add([given("1", *(entry(lane=str(number)) for number in range(3)))]).result()
        foreign = outbox.foreign_until()
        start(outbox, 1)
        end(outbox, 1, "accepted")
        until = outbox.dated(30)
        clock.now += jump
        ticks.now += 20
        start(outbox, 2)
        assert [(one.began, one.ended) for one in outbox.recent(60, foreign)] == [(0, None), (20, 20)]
        assert len(outbox.recent(10, foreign)) == 1
        assert outbox.since(until) == -10
        assert outbox.foreign_until() == foreign  # as long as the machine is not started again
        outbox.save("clock", {"boot": "another", "last": 0}).result()
        assert outbox.foreign_until() == 3
        least = [one.began for one in outbox.recent(60, 3)]
        assert least == ([0, 0] if jump < 0 else [0, 20])  # one that is still to come may be now


@pytest.mark.parametrize("knows_starts", [False, True], ids=["starts unknown", "starts known"])
@pytest.mark.parametrize("seed", range(4))
def test_no_attempt_is_taken_for_older_than_it_is(
    seed: int, knows_starts: bool, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine is started again and its clock is set; where starts cannot be told apart, limits hold, too."""
    dice, longest, sent = random.Random(seed), 60, list[float]()
    now, wall, started, starts = 0.0, 1e9, -dice.uniform(0, 200), 0

    def named() -> str | None:
        return f"start {starts}" if knows_starts else None

    def by_wall() -> float:
        return wall + now

    def ticks() -> float:
        return now - started

    monkeypatch.setattr(outbox_module, "boot", named)
    for number in range(20):
        with Outbox(place, now=by_wall, tick=ticks) as outbox:
            sender = Sender(outbox, plan("", PlannedWindow("minute", 10, longest)), Secrets({}))
            foreign = outbox.foreign_until()
            sender._restore(foreign)
            began = {one.lane: one.began for one in outbox.recent(longest, foreign)}
            for lane, at in enumerate(sent):
                age = now - at
                counts = began.get(str(lane), math.inf) <= age + 1e-3
                assert counts or age >= longest or sender.limiter.paused() >= longest - age - 0.1
            outbox.add([given(str(number), entry(lane=str(number)))]).result()
            assert start(outbox, number + 1)
            end(outbox, number + 1, "accepted")
            sent.append(now)
        now += dice.choice([0, 1, 10, 50, 100])
        match dice.randrange(4):
            case 0:
                started, starts = now + dice.uniform(0, 5), starts + 1
                now = started + dice.uniform(0, 20)
            case 1:
                wall += dice.choice([-7200, -30, 30, 7200])


def test_a_pause_lasts_though_the_machine_is_started_and_its_clock_is_set(place: str, clock: Clock) -> None:
    ticks = Clock()
    with Outbox(place, now=clock, tick=ticks) as outbox:
        saved = {**outbox.dated(100), "boot": "another"}
        clock.now, ticks.now = clock.now + 7200, 15
        assert outbox.since(saved) == -85
        clock.now += 7200
        ticks.now = 1020
        assert outbox.since(saved) == -80
