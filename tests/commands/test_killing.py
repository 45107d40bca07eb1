"""The sender is killed at any moment, again and again, while the receiver does all that goes wrong."""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from moemap.engine.delivery.outbox import Outbox
from moemap.tests.commands.delivering import batches, change, command, environment, ledger, moemap, project, receiver

FAULTS = {"storm": 0.02, "error": 0.04, "reset_before": 0.03, "reset_after": 0.03, "half": 0.02, "slow": 0.02}
USERS, EACH, EVENTS = 30, 10, 2


def held(place: str, got: Any, windows: list[tuple[int, float]]) -> None:
    """Holds what was promised to what the receiver got."""
    effects = [(one["element"]["user"], one["element"]["number"]) for one in got["effects"]]
    with Outbox(place) as outbox:
        rows = outbox.read("SELECT id, body FROM request")
        uncertain = Counter(
            row[0] for row in outbox.read("SELECT request FROM attempt WHERE kind = 'uncertain' AND due IS NOT NULL")
        )
        left = set(outbox.ids(["dead", "uncertain"]))
        assert outbox.left() == 0
    assert len(rows) == USERS * EACH * EVENTS
    numbers = {(body["user"], body["number"]): id_ for id_, text in rows for body in [orjson.loads(text)]}
    assert len(numbers) == len(rows)
    times = Counter(effects)
    for what, request in numbers.items():
        assert times[what] >= 1 or request in left, what
        assert times[what] <= 1 + uncertain[request] + (request in left), what
    for user in range(USERS):
        order = [number for one, number in effects if one == f"u{user}"]
        assert order == sorted(order), user
    assert got["refused"] == 0
    for limit, seconds in windows:
        assert got["most"][f"{seconds:g}"] <= limit


def rounds(folder: Path, place: str, url: str, number: int, chance: random.Random) -> None:
    """Starts one sender, or two, and kills them, so many times: soon after sending has begun, or before."""
    for round_ in range(number):
        inputs = [] if round_ % 5 == 4 else ["batches.ndjson"]
        before = len(ledger(url)["arrivals"])
        senders = [
            subprocess.Popen(
                command("send", "-q", "--env", "live", "--outbox", place, *inputs),
                cwd=folder,
                env=environment(),
                stderr=subprocess.PIPE,
            )
            for _ in range(2 if round_ % 3 == 2 else 1)  # the second one waits for nothing, or takes over
        ]
        end = time.monotonic() + (chance.uniform(0.3, 1.0) if round_ % 4 == 3 else 20)
        while len(ledger(url)["arrivals"]) == before and time.monotonic() < end:
            if all(sender.poll() is not None for sender in senders):
                break
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.3) if chance.random() < 0.7 else chance.uniform(0, 2))
        for sender in senders:
            sender.kill()
            sender.communicate()
        if round_ % 7 == 3:
            change(url, status=503)
        elif round_ % 7 == 4:
            change(url, status=None)
    change(url, status=None)


def kill(folder: Path, number: int, seed: int, place: str = "outbox.db") -> None:
    place = str(folder / place) if "://" not in place else place
    windows = [(60, 1.0), (80, 3.0)]
    with receiver(latency=0.03, windows=windows, faults=FAULTS, seed=seed) as url:
        project(folder, url, limit=60, three=80)
        batches(folder, USERS, EACH, EVENTS)
        rounds(folder, place, url, number, random.Random(seed))
        last = moemap(folder, "send", "--env", "live", "--outbox", place, "batches.ndjson")
        assert last.returncode in (0, 1), last.stderr
        held(place, ledger(url), windows)


@pytest.mark.slow
def test_killed_at_any_moment(tmp_path: Path) -> None:
    kill(tmp_path, 14, seed=1)


@pytest.mark.fuzz
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_killed_for_long(tmp_path: Path, seed: int, request: pytest.FixtureRequest) -> None:
    if "fuzz" not in request.config.getoption("-m"):
        pytest.skip("make fuzz kills for long")
    kill(tmp_path, 40, seed)
