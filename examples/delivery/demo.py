"""Deliver a few hundred batches to a fake MoEngage, kill the sender in between, and show the ledger: make demo-delivery

The fake limits as MoEngage does, answers 503 and 429 now and then, and cuts connections before and after it has taken a
request. Each batch is a purchase of one of 30 users, in order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.request import urlopen

BATCH = json.loads(Path(__file__).parents[1].joinpath("purchase.json").read_text("utf-8"))
USERS, EACH, LIMIT = 30, 12, 100
FAULTS = {"storm": 0.02, "error": 0.03, "reset_before": 0.01, "reset_after": 0.02, "half": 0.01}
WORKSPACE = """\
language: 1
workspace: demo
extends: mparticle-moengage@1
settings: {{data_centre: "01"}}
tables: {{data_centres: {{entries: {{"01": "{url}"}}}}}}
delivery: {{windows: {{second: {{limit: {limit}}}}}}}
"""
PROJECT = """\
default = "demo.yaml"
environment = "demo"
[environments.demo]
secrets = {credentials = "basic:env:MOENGAGE_APP_ID,env:MOENGAGE_KEY", app_id = "env:MOENGAGE_APP_ID"}
"""
KEYS = {"MOENGAGE_APP_ID": "APP1", "MOENGAGE_KEY": "not-a-real-key"}


def main() -> None:
    """Run the demonstration in a folder that is removed again."""
    settings = {"windows": [(LIMIT, 1.0)], "latency": 0.01, "faults": FAULTS, "authorization": "APP1:not-a-real-key"}
    fake = [sys.executable, "-m", "moemap.tests.fake_destination", json.dumps(settings)]
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(fake, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,  # noqa: S603
    ):
        assert process.stdout is not None  # noqa: S101  it is a pipe
        url = process.stdout.readline().strip()
        try:
            demonstrate(Path(name), url)
        finally:
            process.kill()


def demonstrate(folder: Path, url: str) -> None:
    """Send, kill, send again, and show what the fake has got."""
    (folder / "demo.yaml").write_text(WORKSPACE.format(url=url, limit=LIMIT))
    (folder / "moemap.toml").write_text(PROJECT)
    lines = [json.dumps(batch(user, number)) + "\n" for number in range(EACH) for user in range(USERS)]
    (folder / "batches.ndjson").write_text("".join(lines))
    print(f"$ moemap send batches.ndjson    # {len(lines)} batches, to {url}")
    words = moemap("send", "-q", "batches.ndjson")
    with subprocess.Popen(words, cwd=folder, env=environment()) as sender:  # noqa: S603
        while len(ledger(url)["arrivals"]) < USERS * EACH // 3:
            time.sleep(0.05)
        sender.kill()
    print(f"$ kill -9 {sender.pid}    # after {len(ledger(url)['arrivals'])} requests")
    for called in (("outbox", "status"), ("send", "-q", "batches.ndjson"), ("outbox", "status")):
        print(f"$ moemap {' '.join(called)}", flush=True)
        subprocess.run(moemap(*called), cwd=folder, env=environment(), check=False)  # noqa: S603
    show(ledger(url))


def batch(user: int, number: int) -> dict[str, Any]:
    """A purchase of a user, with a number of its own."""
    made: dict[str, Any] = json.loads(json.dumps(BATCH))
    made["batch_id"] = f"{user}-{number}"
    made["user_identities"] = {"customer_id": f"cust-{user}"}
    made.pop("user_attributes", None)
    made["events"] = made["events"][:1]
    made["events"][0]["data"]["product_action"]["transaction_id"] = f"{user}-{number}"
    return made


def show(got: dict[str, Any]) -> None:
    """Print what the ledger of the fake says of the promises."""
    numbers: dict[str, list[int]] = {}
    for effect in got["effects"]:
        for action in effect["element"].get("actions", ()):
            user, _, number = action["attributes"]["TransactionId"].partition("-")
            numbers.setdefault(user, []).append(int(number))
    times = Counter((user, number) for user, own in numbers.items() for number in own)
    answers = ", ".join(f"{count} times {status}" for status, count in sorted(got["answers"].items()))
    print(f"\nThe receiver's ledger: {len(got['arrivals'])} requests, answered {answers}")
    print(f"  complete           {len(times)} of {USERS * EACH} purchases")
    print(f"  twice              {sum(count > 1 for count in times.values())} (all of them among those sent again)")
    print(f"  in order           {sum(own == sorted(own) for own in numbers.values())} of {len(numbers)} users")
    print(f"  within the limits  {got['most']['1']} in any second at most; {LIMIT} are allowed")


def ledger(url: str) -> Any:
    """The ledger of the fake: all that it has got."""
    with urlopen(f"{url}/ledger") as answer:  # noqa: S310  the fake's own address
        return json.load(answer)


def moemap(*words: str) -> list[str]:
    """The command line of moemap."""
    return [sys.executable, "-m", "moemap", *words]


def environment() -> dict[str, str]:
    """The variables of the command, with credentials of the fake."""
    return {**os.environ, **KEYS}


if __name__ == "__main__":
    main()
