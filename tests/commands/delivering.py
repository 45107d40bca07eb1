"""A project whose mapping sends to a fake receiver that runs as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEY = "very-secret-value"
MAPPING = """
language: 1
name: shop
version: 1.0.0
input: {{as: batch, schema: ./batch.schema.json, id: id}}
server: {{url: "{url}", headers: {{Authorization: "Basic {{credentials}}"}}}}
outputs:
  event:
    schema: ./event.schema.json
    request: {{path: /event}}
    fields: {{user: batch.user}}
delivery:
  order: user
  windows:
    second: {{limit: {limit}, seconds: 1}}
    three: {{limit: {three}, seconds: 3}}
  hints: {{limit: x-ratelimit-limit, remaining: x-ratelimit-remaining, reset: x-ratelimit-reset}}
  retry: {{base: 0.05, cap: 0.5, attempts: 20}}
  ping: {{path: /ping, body: {{}}}}
routes: {{events: {{each: batch.events, as: event}}}}
rules:
  - {{rule: none, route: events, when: event.bad, reject: the event is bad}}
  - {{rule: event, route: events, output: event, fields: {{number: event.number}}}}
"""
SECRETS = '[environments.live]\nsecrets = {credentials = "basic:env:APP,env:APP_KEY"}\n'


@contextmanager
def receiver(**settings: Any) -> Iterator[str]:
    """The URL of a fake receiver."""
    command = [sys.executable, "-m", "moemap.tests.fake_destination", json.dumps(settings)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def ledger(url: str) -> Any:
    """The ledger of a receiver: the requests that it got, and their effects."""
    with urllib.request.urlopen(f"{url}/ledger") as answer:
        return json.load(answer)


def change(url: str, **settings: Any) -> None:
    """Changes the faults of a receiver."""
    urllib.request.urlopen(f"{url}/settings", json.dumps(settings).encode()).close()


def project(folder: Path, url: str, limit: int = 500, three: int = 1500) -> None:
    """Writes a project with the mapping `shop`."""
    (folder / "shop").mkdir(exist_ok=True)
    (folder / "shop" / "mapping.yaml").write_text(MAPPING.format(url=url, limit=limit, three=three))
    (folder / "shop" / "batch.schema.json").write_text("{}")
    (folder / "shop" / "event.schema.json").write_text("{}")
    (folder / "moemap.toml").write_text(f'mappings = ["."]\ndefault = "shop"\n{SECRETS}')


def batches(folder: Path, users: int, each: int, events: int = 1, **more: Any) -> Path:
    """Writes batches of some users, in turn, whose events are numbered; returns their file."""
    path = folder / "batches.ndjson"
    lines = [
        {
            "id": f"{user}-{number}",
            "user": f"u{user}",
            "events": [{"number": number * events + part, **more} for part in range(events)],
        }
        for number in range(each)
        for user in range(users)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "moemap", *words]


def environment(key: str = KEY) -> dict[str, str]:
    return {**os.environ, "APP": "app", "APP_KEY": key}


def moemap(folder: Path, *words: str, key: str = KEY, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs a command in a project."""
    return subprocess.run(
        command(*words), cwd=folder, env=environment(key), capture_output=True, text=True, timeout=timeout
    )
