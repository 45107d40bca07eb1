"""Measures delivery: python benchmarks/delivery.py [--quick]

It compares the sender with a bare loop of aiohttp and the outbox with bare SQLite, starts with a long queue, receives
500 batches a second, and sends under a limit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import aiohttp

from moemap.benchmarks.generate import lines
from moemap.engine.delivery.entries import Entry, MappedInput, key_of
from moemap.engine.delivery.outbox import Outbox
from moemap.engine.delivery.plan import Plan
from moemap.engine.delivery.secrets import Secrets
from moemap.engine.delivery.sender import Sender
from moemap.engine.delivery.sending import run
from moemap.engine.jobs.dispatch import Dispatch

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
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101  it is a pipe
        yield process.stdout.readline().strip()
        process.kill()


def timed(what: Any) -> tuple[float, float]:
    """The seconds that a call takes: elapsed, and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    what()
    return time.perf_counter() - clock, time.process_time() - processor


def sends(folder: Path, count: int) -> None:
    """Prints the requests per second and the processor time of each, and those of a bare loop without guarantees."""
    with receiver() as url, Outbox(folder / "sends.db") as outbox:
        outbox.add(inputs(url, 0, count)).result()
        plan = Plan.of(Dispatch(url, {}, None, DELIVERY))

        async def bare() -> None:

            connector = aiohttp.TCPConnector(limit=64)
            async with aiohttp.ClientSession(connector=connector) as session:
                left = iter(range(count))

                async def some() -> None:
                    for number in left:
                        one = entry(url, number)
                        async with session.post(one.url, data=one.body, headers=one.headers) as answer:
                            await answer.read()

                await asyncio.gather(*(some() for _ in range(64)))

        ways = {
            "bare aiohttp": lambda: run(bare()),
            "sender": lambda: run(Sender(outbox, plan, Secrets({})).run()),
        }
        for name, what in ways.items():
            clock, processor = timed(what)
            print(f"{name:<24} {count / clock:>9,.0f} requests/s {processor / count * 1e6:>9,.0f} us of processor each")


def adds(folder: Path, count: int) -> None:
    """Prints the inserts per second in transactions of 100 inputs, and those of a table with its key alone."""
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE request (id INTEGER PRIMARY KEY, key BLOB UNIQUE, body BLOB)")

    def insert() -> None:
        for first in range(0, count, 100):
            bare.execute("BEGIN IMMEDIATE")
            rows = [(key_of("m@1", str(n), b""), BODY.encode()) for n in range(first, first + 100)]
            bare.executemany("INSERT INTO request (key, body) VALUES (?, ?)", rows)
            bare.execute("COMMIT")

    with Outbox(folder / "adds.db") as outbox:
        futures = [(outbox.add, inputs("", first, 100)) for first in range(0, count, 100)]

        def add() -> None:
            for call, given in futures:
                call(given).result()

        for name, what in (("bare SQLite", insert), ("outbox", add)):
            print(f"{name:<24} {count / timed(what)[0]:>9,.0f} inserts/s")
    bare.close()


def starts(folder: Path, count: int) -> None:
    """Prints the time from opening a long queue to its first request, and the memory of that process."""
    path = folder / "starts.db"
    with receiver(status=401) as url:
        with Outbox(path) as outbox:
            for first in range(0, count, 5000):
                outbox.add(inputs(url, first, 5000, b"{}" * 100)).result()
        command = [sys.executable, __file__, "--start", str(path), url]
        print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")  # noqa: S603


def start(path: Path, url: str) -> None:
    """Opens a queue, and sends until the receiver stops it, which it does at once."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock = time.perf_counter()
    with Outbox(path) as outbox:
        run(Sender(outbox, Plan.of(Dispatch(url, {}, None, DELIVERY)), Secrets({})).run())
        seconds = time.perf_counter() - clock
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{'start with a queue':<24} {outbox.left():>9,} requests  {seconds:.2f} s  {grown:,.0f} MB more")


def takes(folder: Path, seconds: int) -> None:
    """Prints how long a service takes to answer, at 500 batches a second, as mParticle may send them."""
    log = folder / "takes.log"
    command = [sys.executable, "-m", "moemap", "serve", "--no-delivery", "--port", "0", "--outbox", "takes.db"]
    with log.open("w") as errors, subprocess.Popen(command, cwd=folder, stderr=errors) as process:  # noqa: S603
        while "Listening at " not in log.read_text("utf-8"):
            if process.poll() is not None:
                raise SystemExit(log.read_text("utf-8"))
            time.sleep(0.05)
        url = log.read_text("utf-8").partition("Listening at ")[2].split()[0]
        answers = sorted(run(_answers(f"{url}/v1/batches", list(lines(500 * seconds)))))
        process.terminate()
    middle, most = answers[len(answers) // 2], answers[len(answers) * 99 // 100]
    print(f"{'intake of 500/s':<24} {middle * 1000:>9.1f} ms p50, {most * 1000:.1f} ms p99")


async def _answers(url: str, texts: list[bytes]) -> list[float]:
    """The seconds from when each batch was to be sent, one every 2 ms, to its answer."""
    begun = time.perf_counter() + 0.5
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:

        async def one(number: int, text: bytes) -> float:
            due = begun + number * 0.002
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            async with session.post(url, data=text, headers={"Content-Type": "application/json"}) as answer:
                await answer.read()
                answer.raise_for_status()
            return time.perf_counter() - due

        return await asyncio.gather(*(one(number, text) for number, text in enumerate(texts)))


def limit(folder: Path, seconds: int) -> None:
    """Prints the share of a limit of 500 per second that is used, and whether it is exceeded."""
    with receiver(windows=[(500, 1.0)], latency=0.003) as url, Outbox(folder / "limit.db") as outbox:
        outbox.add(inputs(url, 0, 500 * seconds)).result()
        window = {"name": "second", "limit": 500, "seconds": 1, "outputs": ()}
        plan = Plan.of(Dispatch(url, {}, None, {**DELIVERY, "windows": [window]}))
        run(Sender(outbox, plan, Secrets({})).run())
        with urlopen(f"{url}/ledger") as answer:  # noqa: S310  the fake's own address
            got = json.load(answer)
        arrivals = got["arrivals"]
        first, whole = 250, seconds - 2
        share = whole / (arrivals[first + whole * 500] - arrivals[first])
        most = got["most"]["1"]
        print(f"{'limit of 500/s':<24} {share:>9.1%} used, at most {most} in a second, {got['refused']} refused")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--start", nargs=2)
    chosen = parser.parse_args()
    if chosen.start:
        start(Path(chosen.start[0]), chosen.start[1])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sends(folder, 2_000 if chosen.quick else 20_000)
        adds(folder, 5_000 if chosen.quick else 50_000)
        starts(folder, 50_000 if chosen.quick else 1_000_000)
        takes(folder, 4 if chosen.quick else 20)
        limit(folder, 4 if chosen.quick else 20)


if __name__ == "__main__":
    main()
