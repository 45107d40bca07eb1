"""The sender against a receiver with limits, delays and faults of every kind."""

from __future__ import annotations

import logging
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.delivery import sender as senders
from moemap.engine.delivery.outbox import Outbox
from moemap.engine.delivery.plan import PlannedRetry, PlannedWindow
from moemap.engine.delivery.sender import Sender
from moemap.engine.delivery.sending import CallOutcome
from moemap.tests.engine.delivery.conftest import SECRETS, deliver, entry, fill, given_of, plan
from moemap.tests.fake_destination import Settings


@pytest.mark.slow
def test_all_arrives_once_and_in_order(outbox: Outbox) -> None:
    done = deliver(outbox, Settings(latency=0.002), partial(fill, outbox, users=20, each=10))
    assert done.states == {"accepted": 200}
    assert all(done.of_user(f"u{user}") == list(range(10)) for user in range(20))
    assert {one.path for one in done.destination.effects} == {"/event/app-1"}
    assert done.progress.counts == {"accepted": 200}


@pytest.mark.parametrize(
    ("fault", "repeats"),
    [
        ("storm", False),
        ("error", False),
        ("wrong_date", False),
        ("reset_before", True),
        ("reset_after", True),
        ("half", True),
    ],
)
def test_whatever_goes_wrong_all_arrives_in_order(outbox: Outbox, fault: str, repeats: bool) -> None:
    done = deliver(outbox, Settings(faults={fault: 0.25}, seed=3), partial(fill, outbox, users=8, each=6))
    assert done.states == {"accepted": 48}
    for user in range(8):
        seen = done.of_user(f"u{user}")
        assert sorted(set(seen)) == list(range(6))
        assert seen == sorted(seen)
    twice = len(done.destination.effects) - 48
    assert (outbox.counts().repeated > 0) == repeats
    assert twice <= outbox.counts().repeated
    assert (twice > 0) == (fault in ("reset_after", "half"))


@pytest.mark.slow
def test_a_body_that_is_slow_and_not_whole_was_accepted(outbox: Outbox) -> None:
    done = deliver(outbox, Settings(faults={"slow": 0.5}), partial(fill, outbox, users=8, each=2))
    assert done.states == {"accepted": 16}
    assert len(done.destination.effects) == 16


def test_what_may_have_arrived_is_held_where_a_second_one_does_harm(outbox: Outbox) -> None:
    settings = Settings(faults={"reset_after": 0.3}, seed=5)
    done = deliver(outbox, settings, partial(fill, outbox, users=30, each=1), repeats=False)
    assert done.states["uncertain"] > 3
    assert done.states["uncertain"] + done.states["accepted"] == 30
    assert len(done.destination.effects) == 30  # each once, the uncertain ones as well


@pytest.mark.slow
def test_what_may_be_repeated_is_repeated_all_the_same(outbox: Outbox) -> None:
    settings = Settings(faults={"reset_after": 0.3}, seed=5)
    done = deliver(outbox, settings, partial(fill, outbox, users=30, each=1, is_repeatable=True), repeats=False)
    assert done.states == {"accepted": 30}


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_receiver_that_refuses_everybody_stops_the_sending(outbox: Outbox, status: int) -> None:
    done = deliver(outbox, Settings(status=status), partial(fill, outbox, users=100, each=2))
    assert done.states == {"waiting": 200}
    assert done.progress.stopped is not None
    assert done.progress.stopped.startswith(f"the receiver answers {status}: ")
    assert "always so" in done.progress.stopped
    assert all(one.tries == 0 for one in outbox.ready(200, 60))
    again = deliver(outbox, Settings(), lambda _: None)
    assert again.progress.counts.keys() <= {"accepted", "put back"}


def test_a_rejected_request_is_dead_with_the_words_of_the_receiver(outbox: Outbox) -> None:
    done = deliver(outbox, Settings(bad=['"number":3']), partial(fill, outbox, users=4, each=6))
    assert done.states == {"accepted": 20, "dead": 4}
    assert done.of_user("u1") == [0, 1, 2, 4, 5]
    shown = outbox.shown(outbox.ids(["dead"])[0])
    assert shown is not None
    assert [(line.kind, line.status) for line in shown.log] == [("started", None), ("dead", 400)]
    assert "customer_id is not found in the payload" in shown.log[-1].answer


def test_a_run_of_refusals_stops_before_all_is_dead(outbox: Outbox) -> None:
    done = deliver(outbox, Settings(bad=["user"]), partial(fill, outbox, users=400, each=1))
    assert senders.REFUSALS <= done.states["dead"] <= senders.REFUSALS + senders.CONNECTIONS
    assert done.states["waiting"] == 400 - done.states["dead"]
    assert done.progress.stopped is not None
    assert done.progress.stopped.startswith("20 requests in a row were rejected with 400: ")


def test_an_error_that_stays_is_dead_after_the_last_attempt(outbox: Outbox) -> None:
    def some(url: str) -> None:
        fill(outbox, url, users=1, each=1)

    done = deliver(outbox, Settings(faults={"error": 1.0}), some, retry=PlannedRetry(0.01, 1.0, 0.01, 3))
    assert done.states == {"dead": 1}
    shown = outbox.shown(1)
    assert shown is not None
    assert shown.log[-1].answer.startswith("after 3 attempts: ")
    assert len(done.destination.arrivals) == 3


@pytest.mark.slow
def test_an_outage_burns_no_attempts(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(faults={"error": 1.0})
    failures = senders.FAILURES * 4

    def end_of_outage(self: Any, *given: Any) -> Any:
        if self.progress.calls > failures:
            settings.faults = {}
        return original(self, *given)

    original = senders.Sender._ends
    monkeypatch.setattr(senders.Sender, "_ends", end_of_outage)
    done = deliver(
        outbox, settings, partial(fill, outbox, users=3, each=2), retry=PlannedRetry(0.01, 1.0, 0.02, senders.FAILURES)
    )
    assert done.states == {"accepted": 6}


def test_a_refused_body_is_halved_until_the_bad_element_is_found(outbox: Outbox) -> None:
    def filled(url: str) -> None:
        outbox.add([given_of(entry(url, f"u{number}", number)) for number in range(100)]).result()

    done = deliver(outbox, Settings(bad=['"number":37}', '"number":90}']), filled, bulk_from=10)
    assert done.states == {"accepted": 98, "dead": 2}
    assert sorted(one.element["number"] for one in done.destination.effects) == [
        number for number in range(100) if number not in (37, 90)
    ]
    assert {one.entry.body[-12:] for one in map(outbox.shown, outbox.ids(["dead"])) if one} == {
        b'"number":37}',
        b'"number":90}',
    }
    assert done.progress.calls < 40
    assert Counter(one.path for one in done.destination.effects)["/bulk/app-1"] > 80


@pytest.mark.slow
def test_no_window_is_exceeded(outbox: Outbox) -> None:
    done = deliver(
        outbox,
        Settings(windows=[(50, 1.0)], latency=0.02),
        partial(fill, outbox, users=200, each=1),
        PlannedWindow("second", 50, 1),
    )
    assert done.states == {"accepted": 200}
    assert done.destination.refused == 0
    assert done.destination.most_in(1.0) <= 50


@pytest.mark.slow
def test_the_window_of_one_key_is_foreseen_and_others_go_on(outbox: Outbox) -> None:
    def filled(url: str) -> None:
        fill(outbox, url, users=1, each=12)
        outbox.add([given_of(entry(url, f"v{number}", number)) for number in range(30)]).result()

    done = deliver(outbox, Settings(), filled, PlannedWindow("user", 5, 1, each_key=True))
    assert done.of_user("u0") == list(range(12))
    times = [one.at for one in done.destination.effects if one.element["user"] == "u0"]
    assert all(later - first >= 1.0 for first, later in zip(times, times[5:], strict=False))
    others = [one.at for one in done.destination.effects if one.element["user"] != "u0"]
    assert max(others) < times[5]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("faults", "windows"), [({"error": 0.3}, []), ({}, [PlannedWindow("user", 5, 1, each_key=True)])]
)
def test_it_waits_no_longer_than_it_must(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, faults: dict[str, float], windows: list[PlannedWindow]
) -> None:
    monkeypatch.setattr(senders, "LOOK_SECONDS", 8.0)
    done = deliver(outbox, Settings(faults=faults), partial(fill, outbox, users=1, each=7), *windows)
    assert done.of_user("u0") == list(range(7))
    assert time.monotonic() - done.progress.started < 8


@pytest.mark.slow
@pytest.mark.parametrize("is_epoch", [False, True])
def test_the_receiver_may_allow_less_than_is_declared(outbox: Outbox, is_epoch: bool) -> None:
    done = deliver(
        outbox,
        Settings(windows=[(60, 1.0)], reset_is_epoch=is_epoch),
        partial(fill, outbox, users=100, each=1),
        PlannedWindow("second", 1000, 1),
        retry=PlannedRetry(0.1, 2.0, 5.0, 8),
    )
    assert done.states == {"accepted": 100}
    assert done.destination.refused <= senders.CONNECTIONS  # those that were on the way with the first answer


@pytest.mark.slow
def test_no_secret_is_in_anything_that_is_written(
    outbox: Outbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = Settings(faults={"error": 0.2, "reset_before": 0.2, "half": 0.2}, bad=['"number":2'])
    done = deliver(outbox, settings, partial(fill, outbox, users=5, each=4))
    out, err = capfd.readouterr()
    kept = "".join(str(outbox.shown(number)) for number in range(1, 21))
    outbox.close()
    files = b"".join(path.read_bytes() for path in Path(outbox.name).parent.glob(f"{Path(outbox.name).name}*"))
    shown = f"{done.progress}{caplog.text}{out}{err}{kept}"
    assert "very-secret-value" not in shown
    assert b"very-secret-value" not in files
    assert b"Bearer {key}" in files


def test_calls_that_fail_together_make_one_pause(outbox: Outbox) -> None:
    sender = Sender(outbox, plan("", retry=PlannedRetry(2.0, 2.0, 300.0, 8)), SECRETS, is_service=True)
    for _ in range(64):
        sender._unanswered([], CallOutcome(None, {}, "no connection", arrived=False), "no connection")
    assert 0 < sender.limiter.paused() <= 2
    sender._pause(60)
    assert 59 < sender.limiter.paused() <= 60
    sender._pause(7200)
    assert 299 < sender.limiter.paused() <= 300
