"""Outboxes and plans for tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import orjson
import pytest

from moemap.engine.delivery.entries import Entry, MappedInput, key_of
from moemap.engine.delivery.outbox import Outbox
from moemap.engine.delivery.plan import Plan, PlannedHints, PlannedRetry, PlannedWindow
from moemap.engine.delivery.secrets import Secrets
from moemap.engine.delivery.sender import Progress, Sender
from moemap.engine.delivery.sending import Http, run
from moemap.engine.jobs.dispatch import BulkEnvelope, Dispatch
from moemap.tests.fake_destination import Destination, Settings

SECRETS = Secrets({}, {"key": "very-secret-value", "app": "app-1"})
ANSWERS = {
    **dict.fromkeys(("2xx",), "accept"),
    **dict.fromkeys(("408", "5xx"), "retry"),
    **dict.fromkeys(("429",), "wait"),
    **dict.fromkeys(("401", "403", "404"), "stop"),
}
HINTS = PlannedHints("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def plan(url: str, *windows: PlannedWindow, bulk_from: int | None = None, **more: Any) -> Plan:
    """A plan for a fake destination, with quick retries."""
    bulk = BulkEnvelope("POST", "/bulk/{app}", {}, {}, {"type": "bulk"}, "elements", 100_000)
    dispatch = Dispatch(url, {"Authorization": "Bearer {key}"}, bulk)
    values: dict[str, Any] = {
        "answers": ANSWERS,
        "hints": HINTS,
        "retry": PlannedRetry(0.01, 2.0, 0.2, 8),
        "repeats": True,
        "keep_alive": 4.0,
        "ping": None,
        "id": None,
        "outputs": {},
        **more,
    }
    return Plan(dispatch, tuple(windows), bulk_from=bulk_from, **values)


def entry(url: str, user: str, number: int, *, is_repeatable: bool = False, **more: Any) -> Entry:
    """A request of a user whose body tells its number."""
    body = orjson.dumps({"user": user, "number": number, **more})
    headers = {"Authorization": "Bearer {key}"}
    return Entry("event", "POST", f"{url}/event/{{app}}", headers, body, user, is_repeatable, is_joinable=True)


def given_of(one: Entry) -> MappedInput:
    """An input with one request."""
    return MappedInput(key_of("m@1", None, one.body), "in", "m@1", one.body, [one])


def fill(outbox: Outbox, url: str, users: int, each: int, **more: Any) -> int:
    """Adds requests of some users, in turn; returns how many."""
    given = []
    for number in range(each):
        for user in range(users):
            one = entry(url, f"u{user}", number, **more)
            key = key_of("m@1", f"{user}-{number}", b"")
            given.append(MappedInput(key, f"in:{number}", "m@1", b"{}", [one]))
    outbox.add(given).result()
    return users * each


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Delivered:
    """The outcome of an outbox: what a sender and the receiver made of it."""

    def __init__(self, progress: Progress, destination: Destination, outbox: Outbox) -> None:
        self.progress = progress
        self.destination = destination
        self.outbox = outbox
        self.states = {name: count for name, count in outbox.counts().states.items() if count}

    def of_user(self, user: str) -> list[int]:
        """The numbers of the effects of a user, in order."""
        return [one.element["number"] for one in self.destination.effects if one.element.get("user") == user]


@pytest.fixture(scope="session")
def new_place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Gives places where an outbox can be made."""
    folder, numbers = tmp_path_factory.mktemp("outboxes"), count()
    return lambda: str(folder / f"{next(numbers)}.db")


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    return new_place()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(place: str) -> Iterator[Outbox]:
    with Outbox(place) as made:
        yield made


@pytest.fixture
def timed(place: str, clock: Clock) -> Iterator[Outbox]:
    """An outbox with a clock that the test sets."""
    with Outbox(place, now=clock, tick=clock) as made:
        yield made


def deliver(outbox: Outbox, settings: Settings, filled: Any, *windows: PlannedWindow, **more: Any) -> Delivered:
    """Fills the outbox by a function of the URL, and sends all of it to a destination."""

    async def main() -> Delivered:
        async with Destination(settings) as destination:
            filled(destination.url)
            sender = Sender(
                outbox,
                plan(destination.url, *windows, **more),
                SECRETS,
                chance=random.Random(1),
                http=lambda secrets, most, idle: Http(secrets, most, idle, timeout=20.0),
            )
            progress = await sender.run()
            return Delivered(progress, destination, outbox)

    return run(main())
