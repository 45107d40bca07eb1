"""Batches of other shapes than those of `generate`: small, full or odd ones, as they arrive in practice.

Each is mapped by moemap and by the code written by hand, both validated, in turns.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import orjson

from moemap.benchmarks import generate, handwritten
from moemap.benchmarks.engines import HAND_VALID, MOEMAP_VALID, SCHEMAS, Bodies, Measured, timed, transforms
from moemap.benchmarks.table import Table, times

__all__ = ["SHAPES", "lines", "measure", "table"]

Batch = dict[str, Any]


def _one_event(batch: Batch) -> None:
    batch["events"] = batch["events"][:1]


def _undeclared(batch: Batch) -> None:
    batch["batch_reference"] = {"id": 7, "source": "import"}


def _mixed(batch: Batch) -> None:
    moment = batch["events"][0]["data"]["timestamp_unixtime_ms"]
    session = {"timestamp_unixtime_ms": moment, "session_uuid": "5f0c9a52-41b5-4ec2-a9d0-2f3f4a3f0d11"}
    screen = {**session, "screen_name": "Home", "activity_type": "tab"}
    batch["events"] = [
        {"event_type": "session_start", "data": session},
        {"event_type": "screen_view", "data": screen},
        *batch["events"],
        {"event_type": "session_end", "data": {**session, "session_duration_ms": 61_000}},
    ]
    batch["user_attributes"]["newsletter"] = None
    _undeclared(batch)


SHAPES: Mapping[str, Callable[[Batch], None]] = {
    "as generated": lambda _batch: None,
    "one event a batch": _one_event,
    "an undeclared member of the batch": _undeclared,
    "screen views, sessions, a tag and undeclared members too": _mixed,
}


def lines(shape: str, count: int) -> list[bytes]:
    """The texts of `count` batches of a shape."""
    made = []
    for line in generate.lines(count):
        batch = orjson.loads(line)
        SHAPES[shape](batch)
        made.append(orjson.dumps(batch))
    return made


def measure(rounds: int, size: int) -> dict[str, Measured]:
    """Measures every shape in `rounds` rounds of `size` batches."""
    checked, transform = handwritten.Validation(SCHEMAS), transforms()[MOEMAP_VALID]

    def by_hand(line: bytes) -> Bodies:
        return handwritten.texts(checked.valid(handwritten.transform(orjson.loads(line))))

    def with_moemap(line: bytes) -> Bodies:
        return [request.text for request in transform(line).requests]

    ways = {HAND_VALID: by_hand, MOEMAP_VALID: with_moemap}
    measured = {}
    for shape in SHAPES:
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        batches = iter(lines(shape, rounds * size))
        for number in range(rounds):
            part = list(islice(batches, size))
            if number == 0:
                _compare(ways, part[:50])
            gc.collect()
            gc.freeze()
            for name in [*ways][:: 1 if number % 2 else -1]:
                seconds[name].append(timed(ways[name], part))
            gc.unfreeze()
        measured[shape] = Measured(seconds, rounds * size)
    return measured


def _compare(ways: Mapping[str, Callable[[bytes], Bodies]], part: list[bytes]) -> None:
    """Fails if a way gives other bodies; also warms everything up."""
    for line in part:
        if ways[HAND_VALID](line) != ways[MOEMAP_VALID](line):
            raise SystemExit(f"moemap gives other bodies than the code written by hand for {line.decode()}")


def table(measured: Mapping[str, Measured]) -> Table:
    """Each shape, with the time of both for a batch."""
    rows = []
    for shape, one in measured.items():
        low, high = one.spread(MOEMAP_VALID, HAND_VALID)
        by_hand, own = (f"{one.microseconds(name):,.1f}" for name in (HAND_VALID, MOEMAP_VALID))
        rows.append((shape, by_hand, own, times(one.ratio(MOEMAP_VALID, HAND_VALID)), f"{times(low)} to {times(high)}"))
    return Table(("", "by hand, µs a batch", "moemap, µs a batch", "/ by hand", "middle half of rounds"), rows)
