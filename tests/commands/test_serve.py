"""`moemap serve` as a process: batches answered with 202 arrive once, however the service ends."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from moemap.tests.commands.delivering import KEY, command, environment, ledger, moemap, project, receiver

pytestmark = pytest.mark.slow


@contextmanager
def service(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service on a free port, and its URL."""
    with subprocess.Popen(
        command("serve", "--env", "live", "--port", "0", *words),
        cwd=folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("Listening at "), line
        try:
            yield process, line.split()[-1]
        finally:
            process.kill()


def post(url: str, batch: Any) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{url}/v1/batches", json.dumps(batch).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def batch(number: int) -> Any:
    return {"id": str(number), "user": f"u{number % 3}", "events": [{"number": number}]}


def arrived(url: str) -> list[int]:
    return [effect["element"]["number"] for effect in ledger(url)["effects"]]


def wait_for(url: str, count: int) -> None:
    until = time.monotonic() + 30
    while len(set(arrived(url))) < count and time.monotonic() < until:
        time.sleep(0.05)


def test_what_was_answered_arrives_once_although_the_service_is_killed(tmp_path: Path) -> None:
    with receiver(latency=0.01, authorization=f"app:{KEY}") as url:
        project(tmp_path, url)
        taken = 0
        for round_ in range(3):
            with service(tmp_path) as (process, address):
                for number in range(round_ * 20, round_ * 20 + 20):
                    status, answer = post(address, batch(number))
                    assert status == 202
                    taken += answer["requests"]
                process.send_signal(signal.SIGKILL)
                process.wait()
        with service(tmp_path) as (process, address):
            assert [post(address, batch(number))[1]["known"] for number in range(60)] == [1] * 60
            wait_for(url, 60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        found = arrived(url)
        assert (taken, sorted(set(found))) == (60, list(range(60)))
        repeated = json.loads(moemap(tmp_path, "outbox", "status", "--format", "json").stdout)["repeated"]
        assert len(found) - 60 <= repeated
        for user in range(3):
            own = list(dict.fromkeys(number for number in found if number % 3 == user))
            assert own == sorted(own)


def test_it_ends_with_1_and_takes_nothing_once_sending_was_stopped(tmp_path: Path) -> None:
    with receiver(authorization="app:another-key") as url:
        project(tmp_path, url)
        with service(tmp_path, "--log", "json") as (process, address):
            assert post(address, batch(1))[0] == 202
            until = time.monotonic() + 20
            while post(address, batch(1))[0] != 503 and time.monotonic() < until:
                time.sleep(0.05)
            status, answer = post(address, batch(2))
            assert status == 503
            assert answer["error"].startswith("sending was stopped: the receiver answers 401")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 1
            assert process.stderr is not None
            logged = [json.loads(line) for line in process.stderr if line.startswith("{")]
            assert {entry["event"] for entry in logged} == {"answered", "stopped"}
            assert KEY not in json.dumps(logged)


def test_it_only_receives_where_another_process_sends(tmp_path: Path) -> None:
    with receiver(authorization=f"app:{KEY}") as url:
        project(tmp_path, url)
        with service(tmp_path, "--no-delivery") as (process, address):
            assert post(address, batch(1))[0] == 202
            done = moemap(tmp_path, "send", "--env", "live")
            assert (done.returncode, arrived(url)) == (0, [1])
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0


def test_it_does_not_listen_where_another_process_sends(tmp_path: Path) -> None:
    project(tmp_path, "http://127.0.0.1:1")
    with service(tmp_path):
        done = moemap(tmp_path, "serve", "--env", "live", "--port", "0", "--rejects", "others.ndjson")
        assert done.returncode == 2
        assert "another process sends from this outbox" in done.stderr
        assert "Listening" not in done.stderr


def test_wrong_use(tmp_path: Path) -> None:
    project(tmp_path, "http://127.0.0.1:1")
    done = moemap(tmp_path, "serve", "--port", "0", "--authorization", "Token {nowhere}")
    assert done.returncode == 2
    assert "the placeholder {nowhere} has no value: the variable NOWHERE is not set" in done.stderr
    done = moemap(tmp_path, "serve", "--host", "256.0.0.1")
    assert done.returncode == 2
