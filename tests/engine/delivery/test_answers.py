"""The meaning of answers, and of their headers in any form."""

from __future__ import annotations

import random

import pytest

from moemap.engine.delivery.answers import read_answer
from moemap.engine.delivery.plan import PlannedRetry
from moemap.engine.delivery.schedule import delay
from moemap.tests.engine.delivery.conftest import plan

NOW = 1_790_000_000.0
PLAN = plan("", answers={"2xx": "accept", "501": "reject", "5xx": "retry", "429": "wait", "401": "stop"})


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, "accept"), (204, "accept"), (503, "retry"), (501, "reject"), (429, "wait"), (401, "stop"), (302, "reject")],
)
def test_a_status_counts_before_its_class(status: int, verdict: str) -> None:
    assert read_answer(status, {}, PLAN, NOW).verdict == verdict


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("1.5", 1.5),
        (" 7 ", 7),
        ("Mon, 21 Sep 2026 14:14:20 GMT", 60),
        ("Mon, 21 Sep 2026 14:12:20 GMT", 0),
        ("Thu, 99 Foo 2026 25:61:00", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("9" * 40, None),
        ("nan", None),
    ],
)
def test_how_long_to_wait(text: str, seconds: float | None) -> None:
    assert read_answer(503, {"retry-after": text}, PLAN, NOW).wait == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("42", 42), (str(int(NOW) + 30), 30), (str(int(NOW + 30) * 1000), 30), (str(int(NOW) - 30), 0), ("x", None)],
)
def test_when_a_span_ends(text: str, seconds: float | None) -> None:
    assert read_answer(200, {"X-RateLimit-Reset": text}, PLAN, NOW).reset == seconds


@pytest.mark.parametrize(
    ("limit", "remaining", "left"), [("100", "7", 7), ("100", "0", 0), ("100", "200", None), ("", "7", 7)]
)
def test_what_is_left(limit: str, remaining: str, left: int | None) -> None:
    headers = {"x-ratelimit-limit": limit, "x-ratelimit-remaining": remaining}
    assert read_answer(200, headers, PLAN, NOW).remaining == left


@pytest.mark.parametrize(
    ("tries", "wanted", "least", "most"),
    [(1, None, 0, 2), (3, None, 0, 8), (50, None, 0, 60), (1, 10, 10, 10), (1, 1000, 60, 60), (9, 1, 1, 60)],
)
def test_waits_grow_by_chance_up_to_the_cap(tries: int, wanted: float | None, least: float, most: float) -> None:
    waits = [delay(PlannedRetry(2, 2, 60, 9), tries, random.Random(seed), wanted) for seed in range(500)]
    assert least <= min(waits)
    assert max(waits) <= most
    assert max(waits) > most * 0.9
    assert min(waits) < max(least + 1, most * 0.1)
