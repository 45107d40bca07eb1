"""Measures delivery: the sender beside bare clients, the outbox beside bare SQLite, a long queue, intake, a limit."""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

import aiohttp
import httpx

from moemap.benchmarks.generate import lines
from moemap.benchmarks.table import Table, times
from moemap.engine.delivery.entries import Ended, Entry, MappedInput, key_of
from moemap.engine.delivery.outbox import Outbox
from moemap.engine.delivery.plan import Plan
from moemap.engine.delivery.secrets import Secrets
from moemap.engine.delivery.sender import Sender
from moemap.engine.delivery.sending import run
from moemap.engine.jobs.dispatch import Dispatch

__all__ = ["AIOHTTP", "BARE", "HTTPX", "OUTBOX", "SENDER", "Delivery", "Work", "measure"]

AIOHTTP, HTTPX, SENDER = "bare aiohttp", "bare httpx", "moemap's sender"
BARE, OUTBOX = "bare SQLite", "moemap's outbox"
AT_ONCE = 100
"""The number of inputs, or of answers, in a transaction."""
CONNECTIONS = 64
RATE = 500
"""The batches a second that mParticle sends at most, and the requests a second that MoEngage takes from it."""


@dataclass(frozen=True, slots=True)
class Work:
    """The amounts of work to measure."""

    requests: int
    rows: int
    queued: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """The figures of one run."""

    sent: Mapping[str, tuple[float, float]]
    """For each way to send: requests a second, and seconds of processor time for one."""
    stored: Mapping[str, tuple[float, float]]
    """Inserts and acknowledgements a second."""
    queued: int
    queue_growth: float
    """The memory at the end of adding the long queue, divided by that after a tenth of it."""
    start_seconds: float
    start_megabytes: float
    """The memory that a sender takes more when it opens the long queue."""
    intake: tuple[float, float]
    """The seconds to an answer: the median, and that which 99 % reach."""
    share: float
    """The share of a limit that was used."""
    most: int
    """The most requests that arrived within the window of the limit."""

    def sent_table(self) -> Table:
        rows = [(name, f"{rate:,.0f}", f"{each * 1e6:,.0f}") for name, (rate, each) in self.sent.items()]
        return Table(("", "requests/s", "µs of processor each"), rows)

    def stored_table(self) -> Table:
        rows = [(name, f"{put:,.0f}", f"{ended:,.0f}") for name, (put, ended) in self.stored.items()]
        return Table(("", "inserts/s", "acknowledgements/s"), rows)

    def queue_table(self) -> Table:
        rows = [
            ("requests in the queue", f"{self.queued:,}"),
            ("memory at its end / after a tenth of it", times(self.queue_growth)),
            ("seconds from opening it to the first answer", f"{self.start_seconds:.2f}"),
            ("MB more in the process that sends", f"{self.start_megabytes:,.0f}"),
            (f"ms to an answer at {RATE} batches/s, median", f"{self.intake[0] * 1e3:.1f}"),
            (f"ms to an answer at {RATE} batches/s, 99 %", f"{self.intake[1] * 1e3:.1f}"),
            (f"share used of a limit of {RATE} requests/s", f"{self.share:.1%}"),
            ("the most that arrived in any second", f"{self.most:,}"),
        ]
        return Table(("", ""), rows)


BODY = json.dumps(
    {"type": "event", "customer_id": "u-1", "actions": [{"action": "x", "attributes": {"a": "y" * 1800}}]}
)
DELIVERY: dict[str, Any] = {
    "windows": [],
    "answers": {"2xx": "accept", "429": "wait"},
    "hints": {},
    "retry": {},
    "uncertain": "repeat",
    "bulk_from": None,
    "keep_alive": 4.0,
    "ping": None,
    "id": None,
    "outputs": {},
}


def entry(url: str, number: int, body: bytes = BODY.encode()) -> Entry:
    """A request of a user, of about 2 kB unless another body is given."""
    return Entry("event", "POST", f"{url}/event", {"Content-Type": "application/json"}, body, f"u{number}")


def inputs(url: str, first: int, count: int, body: bytes = BODY.encode()) -> list[MappedInput]:
    """Inputs of one request each, of as many users."""
    numbers = range(first, first + count)
    return [MappedInput(key_of("m@1", str(n), b""), "in", "m@1", b"{}", [entry(url, n, body)]) for n in numbers]


@contextmanager
def receiver(**settings: Any) -> Iterator[str]:
    """The URL of a fake receiver in another process."""
    command = [sys.executable, "-m", "moemap.tests.fake_destination", json.dumps(settings)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603  the fake of the tests
        assert process.stdout is not None  # noqa: S101  it is a pipe
        yield process.stdout.readline().strip()
        process.kill()


def measure(work: Work) -> Delivery:
    """Measures all of it; the fake receiver and the service are processes of their own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        sent, stored = sends(folder, work.requests), stores(folder, work.rows)
        growth, seconds, megabytes = queues(folder, work.queued)
        share, most = limit(folder, work.seconds)
        return Delivery(sent, stored, work.queued, growth, seconds, megabytes, takes(folder, work.seconds), share, most)


def sends(folder: Path, count: int) -> dict[str, tuple[float, float]]:
    """Requests a second and processor time of the sender, and of loops without guarantees."""
    with receiver() as url, Outbox(folder / "sends.db") as outbox:
        for first in range(0, count, AT_ONCE):
            outbox.add(inputs(url, first, AT_ONCE)).result()
        plan = Plan.of(Dispatch(url, {}, None, DELIVERY))

        async def bare_aiohttp(count: int) -> None:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

                async def post(one: Entry) -> None:
                    async with session.post(one.url, data=one.body, headers=one.headers) as answer:
                        await answer.read()

                await _at_once(post, url, count)

        async def bare_httpx(count: int) -> None:
            async with httpx.AsyncClient(limits=httpx.Limits(max_connections=CONNECTIONS)) as session:

                async def post(one: Entry) -> None:
                    await session.post(one.url, content=one.body, headers=dict(one.headers))

                await _at_once(post, url, count)

        ways: dict[str, tuple[Callable[[], Any], int]] = {
            AIOHTTP: (lambda: run(bare_aiohttp(count)), count),
            HTTPX: (lambda: run(bare_httpx(count // 10)), count // 10),
            SENDER: (lambda: run(Sender(outbox, plan, Secrets({})).run()), count),
        }
        found = {}
        for name, (what, number) in ways.items():
            clock, processor = _timed(what)
            found[name] = number / clock, processor / number
        return found


async def _at_once(post: Callable[[Entry], Any], url: str, count: int) -> None:
    left = iter(range(count))

    async def some() -> None:
        for number in left:
            await post(entry(url, number))

    await asyncio.gather(*(some() for _ in range(CONNECTIONS)))


def _timed(what: Callable[[], Any]) -> tuple[float, float]:
    """The seconds that a call takes: elapsed, and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    what()
    return time.perf_counter() - clock, time.process_time() - processor


def stores(folder: Path, count: int) -> dict[str, tuple[float, float]]:
    """Inserts and acknowledgements a second, in transactions of 100, also of a bare table with its key alone."""
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE request (id INTEGER PRIMARY KEY, key BLOB UNIQUE, body BLOB, state TEXT)")
    firsts = range(0, count, AT_ONCE)

    def insert() -> None:
        for first in firsts:
            rows = [(key_of("m@1", str(n), b""), BODY.encode()) for n in range(first, first + AT_ONCE)]
            bare.execute("BEGIN IMMEDIATE")
            bare.executemany("INSERT INTO request (key, body, state) VALUES (?, ?, 'waiting')", rows)
            bare.execute("COMMIT")

    def acknowledge() -> None:
        for state in ("started", "accepted"):  # as the outbox, which notes both on the disk
            for first in firsts:
                bare.execute("BEGIN IMMEDIATE")
                ids = [(state, n + 1) for n in range(first, first + AT_ONCE)]
                bare.executemany("UPDATE request SET state = ? WHERE id = ?", ids)
                bare.execute("COMMIT")

    with Outbox(folder / "stores.db") as outbox:
        given = [inputs("", first, AT_ONCE) for first in firsts]

        def add() -> None:
            for some in given:
                outbox.add(some).result()

        def end() -> None:
            for first in firsts:
                numbers = range(first + 1, first + 1 + AT_ONCE)
                outbox.start(numbers).result()
                outbox.end([Ended(number, "accepted", 200) for number in numbers]).result()

        found = {
            name: (count / _timed(put)[0], count / _timed(ended)[0])
            for name, put, ended in ((BARE, insert, acknowledge), (OUTBOX, add, end))
        }
    bare.close()
    return found


def queues(folder: Path, count: int) -> tuple[float, float, float]:
    """The growth of memory while a long queue is filled; the seconds to start with it, and the megabytes that takes."""
    path = str(folder / "queue.db")
    with receiver(status=401) as url:
        early, late = _child("queue", path, url, str(count))
        seconds, megabytes = _child("start", path, url)
    return late / early, seconds, megabytes


def _child(*words: str) -> tuple[float, float]:
    """Runs a part of this file in a process of its own; returns the two numbers that it prints."""
    command = [sys.executable, __file__, *words]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  this file
    first, second = map(float, said.split())
    return first, second


def _peak() -> float:
    """The most memory that this process has taken so far, in megabytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # what getrusage says on Linux includes the process that started this one
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def queue(path: Path, url: str, count: int) -> tuple[float, float]:
    """Fills a queue; returns the memory after a tenth of it, and at its end."""
    early, each = 0.0, min(5000, count // 10)
    with Outbox(path) as outbox:
        for first in range(0, count, each):
            outbox.add(inputs(url, first, each, b"{}" * 100)).result()
            early = _peak() if first < count // 10 else early
    return early, _peak()


def start(path: Path, url: str) -> tuple[float, float]:
    """Opens a queue, and sends until the receiver stops it, which it does at once: seconds, and megabytes more."""
    before, clock = _peak(), time.perf_counter()
    with Outbox(path) as outbox:
        run(Sender(outbox, Plan.of(Dispatch(url, {}, None, DELIVERY)), Secrets({})).run())
        return time.perf_counter() - clock, _peak() - before


def takes(folder: Path, seconds: int) -> tuple[float, float]:
    """The seconds that a service takes to answer, at the rate of mParticle: the median, and what 99 % reach."""
    log = folder / "takes.log"
    command = [sys.executable, "-m", "moemap", "serve", "--no-delivery", "--port", "0", "--outbox", "takes.db"]
    with log.open("w") as errors, subprocess.Popen(command, cwd=folder, stderr=errors) as process:  # noqa: S603  moemap
        while "Listening at " not in log.read_text("utf-8"):
            if process.poll() is not None:
                raise SystemExit(log.read_text("utf-8"))
            time.sleep(0.05)
        url = log.read_text("utf-8").partition("Listening at ")[2].split()[0]
        answers = sorted(run(_answers(f"{url}/v1/batches", list(lines(RATE * seconds)))))
        process.terminate()
    return answers[len(answers) // 2], answers[len(answers) * 99 // 100]


async def _answers(url: str, texts: list[bytes]) -> list[float]:
    """The seconds from when each batch was to be sent, at the rate, to its answer."""
    begun = time.perf_counter() + 0.5
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def one(number: int, text: bytes) -> float:
            due = begun + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            async with session.post(url, data=text, headers={"Content-Type": "application/json"}) as answer:
                await answer.read()
                answer.raise_for_status()
            return time.perf_counter() - due

        return await asyncio.gather(*(one(number, text) for number, text in enumerate(texts)))


def limit(folder: Path, seconds: int) -> tuple[float, int]:
    """The share of a limit that the sender uses, and the most requests that arrived in any second."""
    with receiver(windows=[(RATE, 1.0)], latency=0.003) as url, Outbox(folder / "limit.db") as outbox:
        for number in range(seconds):
            outbox.add(inputs(url, number * RATE, RATE)).result()
        window = {"name": "second", "limit": RATE, "seconds": 1, "outputs": ()}
        plan = Plan.of(Dispatch(url, {}, None, {**DELIVERY, "windows": [window]}))
        run(Sender(outbox, plan, Secrets({})).run())
        with urlopen(f"{url}/ledger") as answer:  # noqa: S310  the fake's own address
            got = json.load(answer)
    arrivals = got["arrivals"]
    first, whole = RATE // 2, seconds - 2
    return whole / (arrivals[first + whole * RATE] - arrivals[first]), int(got["most"]["1"])


if __name__ == "__main__":
    what, path_, url_, *more = sys.argv[1:]
    print(*(queue(Path(path_), url_, int(more[0])) if what == "queue" else start(Path(path_), url_)))
