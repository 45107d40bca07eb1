"""`moemap send`, `outbox` and `ping` against a receiver."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from moemap.tests.commands.delivering import (
    KEY,
    batches,
    change,
    command,
    environment,
    ledger,
    moemap,
    project,
    receiver,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def url() -> Iterator[str]:
    with receiver(latency=0.002, authorization=f"app:{KEY}") as address:
        yield address


@pytest.fixture
def shop(tmp_path: Path, url: str) -> Path:
    project(tmp_path, url)
    return tmp_path


def test_all_is_sent_once(shop: Path, url: str) -> None:
    batches(shop, users=5, each=4, events=2)
    done = moemap(shop, "send", "--env", "live", "batches.ndjson")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-2:] == ["40 requests taken", "outbox outbox.db: 40 accepted"]
    again = moemap(shop, "send", "--env", "live", "batches.ndjson")
    assert again.stderr.splitlines()[-2:] == [
        "0 requests taken; 20 inputs known before",
        "outbox outbox.db: 40 accepted",
    ]
    effects = ledger(url)["effects"]
    assert sorted((one["element"]["user"], one["element"]["number"]) for one in effects) == sorted(
        (f"u{user}", number) for user in range(5) for number in range(8)
    )


def test_results_are_sent_as_they_stand(shop: Path, url: str) -> None:
    batches(shop, users=2, each=2)
    mapped = moemap(shop, "transform", "--env", "live", "-o", "results.ndjson", "batches.ndjson")
    assert mapped.returncode == 0, mapped.stderr
    done = moemap(shop, "send", "--env", "live", "--results", "results.ndjson")
    assert done.stderr.splitlines()[-2:] == ["4 requests taken", "outbox outbox.db: 4 accepted"]
    assert len(ledger(url)["effects"]) == 4
    (shop / "odd.ndjson").write_text('{"requests": [{"output": "none"}]}\n{"events": []}\n')
    odd = moemap(shop, "send", "--env", "live", "--results", "--rejects", "rejects.ndjson", "odd.ndjson")
    assert odd.returncode == 1
    assert "the 1. request is invalid: the mapping has no output 'none'" in odd.stderr
    assert len((shop / "rejects.ndjson").read_text().splitlines()) == 2


def test_a_dry_run_needs_no_network_and_no_secret(tmp_path: Path) -> None:
    project(tmp_path, "http://127.0.0.1:1", limit=10, three=15)
    batches(tmp_path, users=5, each=10)
    done = moemap(tmp_path, "send", "--dry-run", "batches.ndjson")
    assert (done.returncode, done.stdout) == (
        0,
        "POST http://127.0.0.1:1/event         50 requests          1,200 bytes\nat the limits: at least 9 s\n",
    )
    assert not (tmp_path / "outbox.db").exists()


def test_a_dry_run_says_which_limited_names_are_new(shop: Path) -> None:
    (shop / "shop" / "event.schema.json").write_text('{"x-distinct": 4, "properties": {"user": {"x-distinct": 2}}}')
    rules = shop / "shop" / "mapping.yaml"
    rules.write_text(rules.read_text().replace("{number: event", "{more: event.more, number: event"))
    batches(shop, users=1, each=1)
    moemap(shop, "send", "--env", "live", "batches.ndjson")
    batches(shop, users=3, each=2, more="x")
    done = moemap(shop, "send", "--dry-run", "batches.ndjson")
    assert (done.returncode, done.stdout.splitlines()[2:]) == (
        0,
        [
            "event /: 1 below the limit of 4; 1 new: more",
            "event /user: 1 above the limit of 2; 2 new: u1, u2",
        ],
    )


def test_wrong_credentials_stop_at_once_and_lose_nothing(shop: Path, url: str) -> None:
    batches(shop, users=5, each=4)
    done = moemap(shop, "send", "--env", "live", "batches.ndjson", key="wrong-key-value")
    assert done.returncode == 1
    assert "Stopped: the receiver answers 401: " in done.stderr
    assert done.stderr.splitlines()[-1] == "outbox outbox.db: 20 waiting"
    assert "wrong-key-value" not in done.stderr
    right = moemap(shop, "send", "--env", "live")
    assert (right.returncode, right.stderr.splitlines()[-1]) == (0, "outbox outbox.db: 20 accepted")
    assert len(ledger(url)["effects"]) == 20


def test_what_a_receiver_says_moves_no_cursor(shop: Path, url: str) -> None:
    batches(shop, users=1, each=1)
    change(url, status=403, message="\x1b[2J\u202eno\x9b")
    for words in (["send", "--env", "live", "batches.ndjson"], ["ping", "--env", "live"]):
        done = moemap(shop, *words)
        assert done.returncode == 1
        assert "\\u001b[2J\\u202eno\\u009b" in done.stderr
        assert done.stderr.replace("\n", "").isprintable()


def test_a_secret_that_is_not_there(shop: Path) -> None:
    batches(shop, users=1, each=1)
    done = moemap(shop, "send", "batches.ndjson")
    assert done.returncode == 1
    assert "Stopped: the placeholder {credentials} has no value: the variable CREDENTIALS is not set" in done.stderr


def test_dead_requests_are_shown_with_rule_and_input_and_replayed_by_other_rules(shop: Path, url: str) -> None:
    batches(shop, users=2, each=3)
    change(url, bad=['"number":1'])
    done = moemap(shop, "send", "--env", "live", "batches.ndjson")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == ["outbox outbox.db: 4 accepted, 2 dead", "moemap outbox dead says why"]
    shown = moemap(shop, "outbox", "dead")
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("3 dead: POST http://127.0.0.1:")
    assert lines[1:3] == ["  input batches.ndjson:3, shop@1.0.0", "  rule event (shop/mapping.yaml:23:12) at /events/0"]
    assert "dead 400: " in lines[4]
    assert "customer_id is not found in the payload" in lines[4]
    rules = shop / "shop" / "mapping.yaml"
    rules.write_text(rules.read_text().replace("{number: event.number}", "{number: event.number, fixed: {const: 1}}"))
    rules.write_text(rules.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    change(url, bad=[])
    replayed = moemap(shop, "outbox", "replay")
    assert replayed.stdout == "2 requests take the place of 2 that were dead\n"
    assert moemap(shop, "send", "--env", "live").returncode == 0
    effects = [one["element"] for one in ledger(url)["effects"]]
    assert sorted((one for one in effects if "fixed" in one), key=lambda one: one["user"]) == [
        {"user": "u0", "number": 1, "fixed": 1},
        {"user": "u1", "number": 1, "fixed": 1},
    ]
    assert len(effects) == 6


def test_a_replay_loses_nothing_that_the_rules_cannot_map(shop: Path, url: str) -> None:
    batches(shop, users=1, each=2)
    change(url, bad=['"number":1'])
    moemap(shop, "send", "--env", "live", "batches.ndjson")
    rules = shop / "shop" / "mapping.yaml"
    before = rules.read_text()
    rules.write_text(before.replace("event.bad", "event.number"))
    replayed = moemap(shop, "outbox", "replay")
    assert replayed.stdout == "0 requests take the place of 0 that were dead\n"
    assert replayed.stderr == "1 request left as before: their inputs give errors\n"
    rules.write_text(before)
    accepted = next(
        number for number in (1, 2) if f"{number} accepted" in moemap(shop, "outbox", "show", "1", "2").stdout
    )
    assert moemap(shop, "outbox", "replay", str(accepted)).stdout.startswith("0 requests take")
    status = json.loads(moemap(shop, "outbox", "status", "--format", "json").stdout)
    assert (status["accepted"], status["dead"], status["purged"]) == (1, 1, 0)
    rules.write_text(before.replace("name: shop", "name: other"))
    other = moemap(shop, "outbox", "replay", "--mapping", "shop/mapping.yaml")
    assert (other.returncode, "this is the outbox of the mapping shop" in other.stderr) == (2, True)
    gone = moemap(shop, "outbox", "show", "99", "--mapping", "shop/mapping.yaml")
    assert (gone.returncode, gone.stdout, gone.stderr) == (1, "", "99: there is no such request\n")


def test_what_a_person_does_with_an_outbox(shop: Path, url: str) -> None:
    batches(shop, users=3, each=1)
    change(url, status=403)
    moemap(shop, "send", "--env", "live", "batches.ndjson")
    steps = [
        ("hold 1 2", "hold: 2 requests"),
        ("release 2", "release: 1 request"),
        ("purge 3", "purge: 1 request"),
        ("retry 1", "retry: 0 requests"),
    ]
    for words, said in steps:
        assert moemap(shop, "outbox", *words.split()).stdout.strip() == said
    status = moemap(shop, "outbox", "status", "--format", "json")
    counts = json.loads(status.stdout)
    assert (status.returncode, counts["held"], counts["waiting"], counts["purged"]) == (1, 1, 1, 1)
    change(url, status=None)
    moemap(shop, "send", "--env", "live")
    moemap(shop, "outbox", "release", "--all")
    assert moemap(shop, "send", "--env", "live").returncode == 0
    assert moemap(shop, "outbox", "compact", "--older-than", "0").stdout == "3 requests deleted\n"
    status = moemap(shop, "outbox", "status")
    assert status.stdout.splitlines()[2].split() == ["accepted", "2"]
    exported = moemap(shop, "outbox", "export")
    assert (exported.returncode, exported.stdout) == (1, "")


def test_an_outbox_is_not_shared_by_environments_or_workspaces(shop: Path) -> None:
    project = shop / "moemap.toml"
    project.write_text(f"{project.read_text()}[environments.test]\n")
    (shop / "own.yaml").write_text("language: 1\nworkspace: own\nextends: ./shop/mapping.yaml\n")
    batches(shop, users=1, each=1)
    assert moemap(shop, "send", "--env", "live", "batches.ndjson").returncode == 0
    for words, owner in (
        (("send", "--env", "test"), "environment live"),
        (("send", "--env", "live", "--mapping", "own.yaml"), "mapping shop itself"),
    ):
        other = moemap(shop, *words, "batches.ndjson")
        assert other.returncode == 2
        said = f"Error: outbox.db: this is the outbox of the {owner}; name another one with --outbox"
        assert other.stderr.splitlines()[-1] == said


def test_a_ping_says_what_is_wrong(shop: Path, url: str) -> None:
    done = moemap(shop, "ping", "--env", "live")
    assert (done.returncode, done.stdout) == (0, f"{url} accepts: host and credentials are right\n")
    wrong = moemap(shop, "ping", "--env", "live", key="wrong-key-value")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith(f"{url}: the credentials are wrong (401: ")
    project(shop, "http://127.0.0.1:1")
    nowhere = moemap(shop, "ping", "--env", "live")
    assert nowhere.returncode == 1
    assert nowhere.stderr.startswith("http://127.0.0.1:1 cannot be reached: ClientConnectorError: ")


def test_a_host_that_was_never_there_stops_the_sending(shop: Path) -> None:
    batches(shop, users=1, each=1)
    project(shop, "http://127.0.0.1:1")
    done = moemap(shop, "send", "--env", "live", "batches.ndjson")
    assert done.returncode == 1
    assert "Stopped: no connection: ClientConnectorError: " in done.stderr
    assert done.stderr.splitlines()[-1] == "outbox outbox.db: 1 waiting"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("outbox", "status"), "outbox.db: there is no outbox"),
        (("send", "--dry-run"), "--dry-run needs an INPUT: it says what would be sent of it"),
        (
            ("outbox", "show", str(2**63)),
            f"Invalid value for '[REQUEST]...': {2**63} is not in the range 1<=x<={2**63 - 1}.",
        ),
        (("outbox", "retry", "--outbox", "moemap.toml"), "moemap.toml: file is not a database"),
    ],
)
def test_wrong_use(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    project(tmp_path, "http://127.0.0.1:1")
    done = moemap(tmp_path, *words)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"Error: {said}")


def test_rejects_are_kept_and_replayed(shop: Path, url: str) -> None:
    batches(shop, users=2, each=1, bad=True)
    done = moemap(shop, "send", "--env", "live", "--rejects", "rejects.ndjson", "batches.ndjson")
    assert done.returncode == 1
    rules = shop / "shop" / "mapping.yaml"
    rules.write_text(rules.read_text().replace("when: event.bad,", "when: event.worse,"))
    again = moemap(shop, "send", "--env", "live", "--replay-rejects", "rejects.ndjson")
    assert again.stderr.splitlines()[-1] == "outbox outbox.db: 2 accepted"
    assert len(ledger(url)["effects"]) == 2


def test_no_secret_in_any_file_or_output(shop: Path, url: str) -> None:
    batches(shop, users=2, each=3)
    change(url, faults={"error": 0.3, "reset_before": 0.2}, bad=['"number":1'])
    said = [moemap(shop, *words) for words in (("send", "--env", "live", "batches.ndjson"), ("outbox", "export"))]
    shown = "".join(one.stdout + one.stderr for one in said)
    written = b"".join(path.read_bytes() for path in shop.rglob("*") if path.is_file())
    credentials = "YXBwOnZlcnktc2VjcmV0LXZhbHVl"  # app:very-secret-value
    for secret in (KEY, credentials):
        assert secret not in shown
        assert secret.encode() not in written


def test_a_second_sender_takes_nothing(shop: Path, url: str) -> None:
    change(url, latency=0.3)
    batches(shop, users=3, each=6)
    words = ["send", "--env", "live", "batches.ndjson"]
    with subprocess.Popen(command(*words), cwd=shop, env=environment(), stderr=subprocess.PIPE, text=True) as first:
        while not (shop / "outbox.db.sender").exists():
            time.sleep(0.02)
        (shop / "others.ndjson").write_text('{"id": "other", "user": "u9", "events": [{"number": 1}]}\n')
        second = moemap(shop, "send", "--env", "live", "others.ndjson")
        assert second.returncode == 2
        assert "another process sends from this outbox" in second.stderr
        assert first.wait(timeout=60) == 0
    assert {one["element"]["user"] for one in ledger(url)["effects"]} == {"u0", "u1", "u2"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_while_its_input_is_open(shop: Path, url: str, number: signal.Signals) -> None:
    words = command("send", "--env", "live", "-")
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=shop, env=environment(), stdin=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b'{"id": "1", "user": "u1", "events": [{"number": 1}]}\n')
        process.stdin.flush()
        while not ledger(url)["effects"]:
            time.sleep(0.02)
        process.send_signal(number)
        assert process.wait(timeout=5) == 1
        said = process.stderr.read().decode().splitlines()
    assert (said[0], said[-2:]) == ("Stopped: interrupted", ["1 request taken", "outbox outbox.db: 1 accepted"])


def test_the_second_signal_ends_it_whatever_is_on_the_way(shop: Path, url: str) -> None:
    change(url, latency=20)
    batches(shop, users=1, each=1)
    words = command("send", "--env", "live", "batches.ndjson")
    with subprocess.Popen(words, cwd=shop, env=environment(), stderr=subprocess.PIPE) as process:
        while not ledger(url)["arrivals"]:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == -signal.SIGINT
    change(url, latency=0)
    last = moemap(shop, "send", "--env", "live")
    assert last.stderr.splitlines()[-2:] == [
        "outbox outbox.db: 1 accepted",
        "1 time a request was sent again that may have arrived",
    ]


def mended(shop: Path) -> None:
    """Gives all events another field, by a new version of the rules."""
    rules = shop / "shop" / "mapping.yaml"
    text = rules.read_text().replace("{number: event.number}", "{number: event.number, fixed: {const: 1}}")
    rules.write_text(text.replace("version: 1.0.0", "version: 1.0.1"))


def test_a_replay_sends_nothing_again_although_the_rules_change_all(shop: Path, url: str) -> None:
    batches(shop, users=2, each=2, events=3)
    change(url, bad=['"number":1}', '"number":5}'])
    moemap(shop, "send", "--env", "live", "batches.ndjson")
    mended(shop)
    change(url, bad=[])
    exported = [json.loads(line) for line in moemap(shop, "outbox", "export", "--state", "dead").stdout.splitlines()]
    assert [one["origin"] for one in exported[:2]] == [
        [
            {
                "rule": "event",
                "place": "shop/mapping.yaml:23:12",
                "pointer": f"/events/{number}",
                "part": {"route": "events", "element": f"/events/{number}"},
            }
        ]
        for number in (1, 1)
    ]
    assert "  rule event (shop/mapping.yaml:23:12) at /events/1" in moemap(shop, "outbox", "dead").stdout
    assert moemap(shop, "outbox", "replay", "--all").stdout == "4 requests take the place of 4 that were dead\n"
    again = moemap(shop, "outbox", "replay", "--all")
    assert (again.returncode, again.stdout) == (1, "0 requests take the place of 0 that were dead\n")
    moemap(shop, "send", "--env", "live")
    effects = [one["element"] for one in ledger(url)["effects"]]
    assert sorted((one["user"], one["number"], "fixed" in one) for one in effects) == [
        (f"u{user}", number, number in (1, 5)) for user in range(2) for number in range(6)
    ]


def test_a_replay_leaves_what_it_cannot_tell_from_what_arrived(shop: Path, url: str) -> None:
    batches(shop, users=1, each=1, events=2)
    change(url, status=401)
    assert moemap(shop, "send", "--env", "live", "batches.ndjson").returncode == 1
    rules = shop / "shop" / "mapping.yaml"
    before = rules.read_text()
    mended(shop)
    change(url, status=None, bad=['"number":1}'])
    assert "1 accepted, 1 dead" in moemap(shop, "send", "--env", "live").stderr
    replayed = moemap(shop, "outbox", "replay", "--all")
    assert replayed.stdout == "0 requests take the place of 0 that were dead\n"
    assert replayed.stderr == (
        "1 request left as before: the rules make other requests of all that their inputs hold, also of what arrived\n"
    )
    rules.write_text(before)
    assert moemap(shop, "outbox", "replay", "--all").stdout == "1 request takes the place of 1 that were dead\n"


def test_a_replay_of_what_was_converted_sends_only_what_was_not_accepted(shop: Path, url: str) -> None:
    rules = shop / "shop" / "mapping.yaml"
    head, _, tail = rules.read_text().partition("rules:\n")
    rules.write_text(f"{head}rules:\n  - {{rule: pile, when: batch.pile, convert: ./pile}}\n{tail}")
    (shop / "shop" / "pile").mkdir()
    (shop / "shop" / "pile" / "pile.schema.json").write_text("{}")
    (shop / "shop" / "pile" / "mapping.yaml").write_text("""
language: 1
name: pile
version: 1.0.0
input: {as: all, schema: ./pile.schema.json}
outputs: {batch: {schema: ./../batch.schema.json, request: {path: /}}}
routes: {pile: {each: all.pile, as: one}}
rules: [{rule: one, route: pile, output: batch, fields: {user: one.who, events: one.what}}]
""")
    pile = [{"who": f"u{user}", "what": [{"number": number} for number in range(3)]} for user in range(3)]
    (shop / "pile.json").write_text(json.dumps({"id": "1", "pile": pile}))
    change(url, bad=['"u1","number":1}', '"u2","number":0}'])
    moemap(shop, "send", "--env", "live", "pile.json")
    assert "at /pile/1/what/1" in moemap(shop, "outbox", "dead").stdout
    mended(shop)
    change(url, bad=[])
    assert moemap(shop, "outbox", "replay", "--all").stdout == "2 requests take the place of 2 that were dead\n"
    moemap(shop, "send", "--env", "live")
    effects = [one["element"] for one in ledger(url)["effects"]]
    assert sorted((one["user"], one["number"], "fixed" in one) for one in effects) == [
        (f"u{user}", number, (user, number) in ((1, 1), (2, 0))) for user in range(3) for number in range(3)
    ]


def test_results_are_not_mapped_anew(shop: Path, url: str) -> None:
    batches(shop, users=1, each=1)
    moemap(shop, "transform", "--env", "live", "-o", "results.ndjson", "batches.ndjson")
    change(url, bad=["number"])
    moemap(shop, "send", "--env", "live", "--results", "results.ndjson")
    assert "  input results.ndjson:1, results of shop@1.0.0\n" in moemap(shop, "outbox", "dead").stdout
    replayed = moemap(shop, "outbox", "replay", "--all")
    assert replayed.stdout == "0 requests take the place of 0 that were dead\n"
    assert replayed.stderr == "1 request left as before: they were given as results\n"


@pytest.mark.parametrize("bulk_from", [None, 4])
def test_the_shipped_mapping_sends_in_bulk_where_a_workspace_wants_it(
    tmp_path: Path, url: str, bulk_from: int | None
) -> None:
    delivery = f"delivery: {{bulk_from: {bulk_from}}}\n" if bulk_from else ""
    (tmp_path / "own.yaml").write_text(
        "language: 1\nworkspace: own\nextends: mparticle-moengage@1\nsettings: {data_centre: '01'}\n"
        f"tables: {{data_centres: {{entries: {{'01': '{url}'}}}}}}\n{delivery}"
    )
    secrets = 'credentials = "basic:env:APP,env:APP_KEY", app_id = "env:APP"'
    (tmp_path / "moemap.toml").write_text(f'default = "own.yaml"\n[environments.live]\nsecrets = {{{secrets}}}\n')
    with (tmp_path / "batches.ndjson").open("w") as file:
        for number, user in ((number, user) for number in range(3) for user in range(12)):
            name = "wrong" if (number, user) == (1, 5) else "seen"
            data = {"event_name": name, "custom_attributes": {"number": number}}
            event = {"event_type": "custom_event", "data": data}
            identities = {"customer_id": f"cust-{user}"}
            file.write(json.dumps({"batch_id": f"{user}-{number}", "user_identities": identities, "events": [event]}))
            file.write("\n")
    change(url, bad=['"action":"wrong"'])
    done = moemap(tmp_path, "send", "--env", "live", "batches.ndjson")
    assert done.stderr.splitlines()[-2:] == ["outbox outbox.db: 35 accepted, 1 dead", "moemap outbox dead says why"]
    got = ledger(url)
    assert {one["path"] for one in got["effects"]} <= {"/v1/event/app", "/v1/transition/app"}
    assert ("/v1/transition/app" in {one["path"] for one in got["effects"]}) == (bulk_from is not None)
    assert (len(got["arrivals"]) < 36) == (bulk_from is not None)
    found: dict[str, list[int]] = {}
    for one in (one["element"] for one in got["effects"]):
        found.setdefault(one["customer_id"], []).extend(action["attributes"]["number"] for action in one["actions"])
    assert found == {f"cust-{user}": [0, 2] if user == 5 else [0, 1, 2] for user in range(12)}


def test_a_full_outbox_takes_the_rest_after_it_was_compacted(shop: Path, url: str) -> None:
    batches(shop, users=10, each=60, text="x" * 9000)
    sending = ("send", "--env", "live", "--max-bytes", "200000", "batches.ndjson")
    rounds, done = 0, moemap(shop, *sending)
    while done.returncode == 1:
        rounds += 1
        full, more, *_, state = done.stderr.splitlines()
        assert re.fullmatch(r"Not all was taken: outbox\.db: the outbox is full \(\d+ of 200000 bytes\)", full)
        assert more == "moemap outbox compact makes room; then, the same command goes on"
        assert re.fullmatch(r"outbox outbox\.db: [\d,]+ accepted", state)
        assert moemap(shop, "outbox", "compact", "--older-than", "0").returncode == 0
        done = moemap(shop, *sending)
    assert done.returncode == 0, done.stderr
    effects = ledger(url)["effects"]
    assert len(effects) == len({(one["element"]["user"], one["element"]["number"]) for one in effects}) == 600
    assert rounds > 0
