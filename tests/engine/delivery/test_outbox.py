"""The outbox: nothing twice, nothing lost, in order, and always in the state that its log gives."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from moemap.engine.delivery import upkeep
from moemap.engine.delivery.clocks import Moment
from moemap.engine.delivery.database import Connection
from moemap.engine.delivery.entries import Ended, Entry, MappedInput, OutboxError, OutboxFullError, key_of
from moemap.engine.delivery.outbox import Outbox, change, state_after
from moemap.tests.engine.delivery.conftest import Clock

HORIZON = 3600.0


def entry(body: str = "{}", lane: str | None = None, **more: Any) -> Entry:
    return Entry("event", "POST", "/v1/{app}", {"X": "{key}"}, body.encode(), lane, **more)


def given(text: str, *entries: Entry) -> MappedInput:
    return MappedInput(key_of("shop@1.0.0", None, text.encode()), "a.json:1", "shop@1.0.0", text.encode(), entries)


def ready(outbox: Outbox) -> list[int]:
    return [one.id for one in outbox.ready(100, HORIZON)]


def start(outbox: Outbox, *requests: int) -> set[int]:
    return set(outbox.start(requests).result())


def end(outbox: Outbox, request: int, kind: Any, **more: Any) -> None:
    outbox.end([Ended(request, kind, **more)]).result()


def test_an_input_is_taken_once(outbox: Outbox) -> None:
    one, other = given("1", entry("a"), entry("b")), given("2", entry("c"))
    assert outbox.add([one, other, one]).result() == [True, True, False]
    assert outbox.add([one]).result() == [False]
    assert [(queued.entry.body, queued.tries) for queued in outbox.ready(9, HORIZON)] == [
        (b"a", 0),
        (b"b", 0),
        (b"c", 0),
    ]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (("m@1.0.0", None, b"x"), ("m@1.0.0", None, b"x"), True),
        (("m@1.0.0", None, b"x"), ("m@1.0.0", None, b"y"), False),
        (("m@1.0.0", None, b"x"), ("m@1.1.0", None, b"x"), False),
        (("m@1.0.0", "id", b"x"), ("m@1.0.0", "id", b"y"), True),
        (("m@1.0.0", "x", b"x"), ("m@1.0.0", None, b"x"), False),
    ],
)
def test_what_the_key_of_an_input_is_made_of(one: Any, other: Any, is_same: bool) -> None:
    assert (key_of(*one) == key_of(*other)) == is_same


def test_a_lane_waits_for_its_first_request_and_others_go_on(timed: Outbox, clock: Clock) -> None:
    timed.add([given("1", entry("1", "a"), entry("2", "a"), entry("3", "b"), entry("4"), entry("5"))]).result()
    assert ready(timed) == [1, 3, 4, 5]
    assert start(timed, 1, 2) == {1}
    assert ready(timed) == [3, 4, 5]
    end(timed, 1, "retry", status=503, due=clock.now + 10)
    assert ready(timed) == [3, 4, 5]
    clock.now += 10
    assert ready(timed) == [1, 3, 4, 5]
    start(timed, 1)
    end(timed, 1, "accepted", status=200)
    assert ready(timed) == [2, 3, 4, 5]


def test_a_retry_is_not_starved_by_what_came_later(timed: Outbox, clock: Clock) -> None:
    timed.add([given(str(number), entry()) for number in range(50)]).result()
    start(timed, 1)
    end(timed, 1, "retry", due=clock.now + 1)
    clock.now += 2
    assert [one.id for one in timed.ready(3, HORIZON)] == [1, 2, 3]


def test_a_clock_that_is_set_back_holds_no_retry(timed: Outbox, clock: Clock) -> None:
    timed.add([given("1", entry())]).result()
    start(timed, 1)
    end(timed, 1, "retry", due=clock.now + 10)
    assert ready(timed) == []
    clock.now -= 90_000
    assert ready(timed) == [1]


def test_what_leaves_the_lane_lets_the_next_one_go_and_comes_back_to_its_place(outbox: Outbox) -> None:
    outbox.add([given("1", *(entry(str(number), "a") for number in range(3)))]).result()
    start(outbox, 1)
    end(outbox, 1, "dead", status=400, answer="no such user")
    assert ready(outbox) == [2]
    assert upkeep.move(outbox, "retry", [1, 2]) == 1
    assert ready(outbox) == [1]
    assert start(outbox, 2) == set()
    assert upkeep.move(outbox, "hold", [1]) == 1
    assert ready(outbox) == [2]
    start(outbox, 2)
    upkeep.move(outbox, "release", [1])
    assert ready(outbox) == []
    end(outbox, 2, "accepted")
    assert ready(outbox) == [1]
    upkeep.move(outbox, "purge", [1])
    assert ready(outbox) == [3]
    counts = outbox.counts()
    assert (counts.states["accepted"], counts.states["purged"], counts.states["waiting"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("repeats", "repeatable", "state"),
    [(True, False, "waiting"), (False, True, "waiting"), (False, False, "uncertain"), (True, True, "waiting")],
)
def test_an_attempt_without_an_end_is_uncertain(outbox: Outbox, repeats: bool, repeatable: bool, state: Any) -> None:
    outbox.add([given("1", entry(is_repeatable=repeatable))]).result()
    start(outbox, 1)
    assert outbox.recover(repeats=repeats).result() == 1
    shown = outbox.shown(1)
    assert shown is not None
    assert shown.state == state
    assert [line.kind for line in shown.log] == ["started", "uncertain"]
    assert outbox.counts().repeated == (state == "waiting")


def test_recent_attempts_and_those_sent_together(timed: Outbox, clock: Clock) -> None:
    timed.add([given("1", *(entry(lane=str(number), items={"n": number}) for number in range(4)))]).result()
    start(timed, 1)
    end(timed, 1, "accepted")
    clock.now += 50
    start(timed, 2, 3)
    clock.now += 1
    end(timed, 2, "accepted")
    assert [(one.began, one.ended, one.lane, one.items["n"]) for one in timed.recent(60)] == [
        (1, None, "2", 2),
        (1, 0, "1", 1),
        (51, 51, "0", 0),
    ]
    assert len({one.call for one in timed.recent(60)}) == 2
    assert len(timed.recent(10)) == 2


def some_inputs(number: int, bytes_: int, count: int = 1) -> list[MappedInput]:
    dice = random.Random(number)
    return [given(f"{number}-{part}", entry(dice.randbytes(bytes_ // 2).hex())) for part in range(count)]


@pytest.mark.parametrize(("bytes_", "count"), [(20_000, 1), (200, 40), (150_000, 2)], ids=["large", "many", "few"])
def test_the_size_is_never_passed(place: str, bytes_: int, count: int) -> None:
    most = 900_000
    with Outbox(place, max_bytes=most) as outbox:
        assert outbox.fullness() is None
        with pytest.raises(OutboxFullError) as raised:
            for added in range(10_000):
                outbox.add(some_inputs(added, bytes_, count)).result()
                assert outbox.counts().size <= most
        size = outbox.counts().size
        assert str(raised.value) == f"{outbox.name}: the outbox is full ({size} of {most} bytes)"
        assert size + 2 * bytes_ * count + 250_000 > most
        for _ in range(5):
            with pytest.raises(OutboxFullError):
                outbox.add([*some_inputs(added, bytes_, count), given("1", entry())]).result()
        assert outbox.counts().size == size  # what was refused has left nothing
        assert outbox.counts().inputs == added * count
        assert outbox.add(some_inputs(0, bytes_, count)).result() == [False] * count  # they need no room
        while outbox.fullness() is None:
            added += 1
            outbox.add(some_inputs(added, 10_000)).result()
        upkeep.move(outbox, "purge", outbox.ids(["waiting"]))
        upkeep.compact(outbox, -1)
        assert outbox.fullness() is None
        assert outbox.add([given("more", entry())]).result() == [True]
        assert outbox.add(some_inputs(0, bytes_, count)).result() == [False] * count


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b"no database" * 100), "file is not a database"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE a (b)").connection.close(), "this is not an outbox"),
        (lambda path: path.mkdir(), "unable to open database file"),
    ],
)
def test_what_is_no_outbox_is_refused(tmp_path: Path, make: Any, reason: str) -> None:
    path = tmp_path / "outbox.db"
    make(path)
    with pytest.raises(OutboxError) as raised:
        Outbox(path)
    assert str(raised.value) == f"{path}: {reason}"


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    Outbox(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(OutboxError, match="the outbox is of version 9; this moemap has version 2"):
        Outbox(path)


def test_an_outbox_of_the_version_before_goes_on(place: str) -> None:
    with Outbox(place) as outbox:
        outbox.add([given("1", entry())]).result()
    with sqlite3.connect(place) as connection:
        for name in ("tick", "origin"):
            connection.execute(f"ALTER TABLE attempt DROP COLUMN {name}")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with Outbox(place) as outbox:
        start(outbox, 1)
        assert [one.ended for one in outbox.recent(60)] == [None]


def test_a_disk_that_is_full_loses_nothing_that_was_promised(outbox: Outbox) -> None:
    outbox.add([given("1", entry())]).result()
    pages = outbox.read("PRAGMA page_count")[0][0]
    outbox.submit(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()).result()
    with pytest.raises(OutboxError, match="the outbox cannot be written: database or disk is full"):
        outbox.add([given("2", entry("x" * 100_000))]).result()
    assert ready(outbox) == [1]
    assert start(outbox, 1) == {1}
    outbox.submit(lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchall()).result()
    assert outbox.add([given("2", entry("x" * 100_000))]).result() == [True]


def test_only_one_process_sends(outbox: Outbox) -> None:
    with outbox.sending(), pytest.raises(OutboxError, match="another process sends from this outbox"):
        outbox.sending()
    with outbox.sending():
        pass


def steps_of(outbox: Outbox, work: Callable[[Connection], object]) -> int:
    """The number of steps of SQLite's machine that some work takes."""

    def counted(connection: Any) -> int:
        steps: list[None] = []
        connection.set_progress_handler(lambda: steps.append(None), 1)
        work(connection)
        connection.set_progress_handler(None, 1)
        return len(steps)

    return int(outbox.submit(counted).result())


@pytest.mark.parametrize("lane", ["u{}", "u"], ids=["many lanes", "one lane"])
@pytest.mark.parametrize("kind", ["accepted", "retry", "dead", "put back", "held"])
def test_the_end_of_an_attempt_costs_the_same_however_many_requests_wait(lane: str, kind: Any, tmp_path: Path) -> None:
    counted = []
    for count in (10, 1000):
        with Outbox(tmp_path / f"{count}.db") as outbox:
            outbox.add([given(str(number), entry(lane=lane.format(number))) for number in range(count)]).result()
            assert start(outbox, 1) == {1}
            ended = Ended(1, kind, due=0.0 if kind == "retry" else None)
            counted.append(steps_of(outbox, lambda one, ended=ended: change(one, ended, Moment(0, 0))))  # type: ignore[misc]
    few, many = counted
    assert 0 < many < 1.5 * few


@pytest.mark.parametrize("how", ["retry", "hold", "release", "purge"])
def test_a_move_costs_the_same_however_long_its_lane_is(how: str, tmp_path: Path) -> None:
    kind, (before, *_) = upkeep.MOVES[how]
    counted = []
    for count in (10, 1000):
        with Outbox(tmp_path / f"{count}.db") as outbox:
            outbox.add([given(str(number), entry(lane="u")) for number in range(count)]).result()
            if before != "waiting":
                start(outbox, 1)
                end(outbox, 1, before)
            counted.append(steps_of(outbox, lambda one: change(one, Ended(1, kind), Moment(0, 0))))
    few, many = counted
    assert 0 < many < 1.5 * few


def test_work_that_fails_is_undone_alone(outbox: Outbox) -> None:
    def fail(connection: Connection) -> None:
        connection.execute("DELETE FROM queue")
        raise ValueError("no")

    added = outbox.add([given("1", entry())])
    failed = outbox.submit(fail)
    with pytest.raises(ValueError, match="no"):
        failed.result()
    assert added.result() == [True]
    assert ready(outbox) == [1]


def derived(outbox: Outbox) -> dict[int, tuple[str, float]]:
    """The queue, derived from the log alone."""
    states: dict[int, tuple[str, float]] = {row[0]: ("waiting", 0.0) for row in outbox.read("SELECT id FROM request")}
    for request, kind, due in outbox.read("SELECT request, kind, due FROM attempt ORDER BY id"):
        states[request] = (state_after(kind, due), due or 0.0)
    return {id_: (state, 0.0 if state == "sending" else due) for id_, (state, due) in states.items()}


@pytest.fixture(scope="module")
def machine(new_place: Callable[[], str]) -> type[RuleBasedStateMachine]:
    class Law(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.clock = Clock()
            self.outbox = Outbox(new_place(), now=self.clock)
            self.inputs = 0

        def teardown(self) -> None:
            self.outbox.close()

        @rule(lanes=st.lists(st.sampled_from(["a", "b", None]), max_size=4))
        def add(self, lanes: list[str | None]) -> None:
            self.inputs += 1
            self.outbox.add([given(str(self.inputs), *(entry(lane=lane) for lane in lanes))]).result()

        @rule(number=st.integers(0, 5))
        def begin(self, number: int) -> None:
            before = ready(self.outbox)
            wanted = before[: number + 1]
            assert start(self.outbox, *wanted) == set(wanted)

        @rule(
            which=st.integers(0, 5),
            kind=st.sampled_from(["accepted", "retry", "put back", "dead", "uncertain"]),
            due=st.sampled_from([None, 5.0]),
        )
        def finish(self, which: int, kind: Any, due: float | None) -> None:
            sending = self.outbox.ids(["sending"])
            if sending:
                due = self.clock.now + 5 if kind == "retry" or (kind == "uncertain" and due) else None
                end(self.outbox, sending[which % len(sending)], kind, due=due)

        @rule(how=st.sampled_from(list(upkeep.MOVES)), which=st.integers(1, 20))
        def move(self, how: str, which: int) -> None:
            upkeep.move(self.outbox, how, [which])

        @rule(repeats=st.booleans())
        def crash(self, repeats: bool) -> None:
            self.outbox.recover(repeats=repeats).result()

        @rule()
        def wait(self) -> None:
            self.clock.now += 3

        @invariant()
        def queue_is_what_the_log_says(self) -> None:
            wanted = {id_: pair for id_, pair in derived(self.outbox).items() if pair[0] not in ("accepted", "purged")}
            rows = self.outbox.read("SELECT request, state, due, lane, head FROM queue")
            assert {row[0]: (row[1], 0.0 if row[1] == "sending" else row[2]) for row in rows} == wanted
            for lane in ("a", "b"):
                active = sorted(row for row in rows if row[3] == lane and row[1] in ("waiting", "sending"))
                sending = [row for row in active if row[1] == "sending"]
                assert len(sending) <= 1
                heads = [row for row in active if row[4]]
                assert heads == (sending or active[:1])
            assert all(row[4] for row in rows if row[3] is None and row[1] == "waiting")

    return Law


@pytest.mark.slow
@pytest.mark.fuzz
def test_the_queue_is_what_the_log_says(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=25))


ADDING = """
import sys
from moemap.engine.delivery.entries import Entry, MappedInput, key_of
from moemap.engine.delivery.outbox import Outbox

outbox = Outbox(sys.argv[1])
for number in range(100_000):
    text = str(number).encode()
    entries = [Entry("event", "POST", "/", {}, text + b"-" + str(part).encode(), "a") for part in range(3)]
    outbox.add([MappedInput(key_of("m@1", None, text), "-", "m@1", text, entries)]).result()
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_kill_leaves_whole_inputs_and_all_that_were_promised(place: str) -> None:
    promised = -1
    for round_ in range(8):
        process = subprocess.Popen([sys.executable, "-c", ADDING, place], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(3 + promised + 11 * round_):
            promised = max(promised, int(process.stdout.readline()))
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        promised = max([promised, *map(int, rest)])
        with Outbox(place) as outbox:
            bodies = [row[0].decode() for row in outbox.read("SELECT body FROM request ORDER BY id")]
        assert bodies == [f"{number}-{part}" for number in range(len(bodies) // 3) for part in range(3)]
        assert len(bodies) // 3 > promised


def test_an_outbox_is_that_of_one_mapping_workspace_and_environment(outbox: Outbox) -> None:
    outbox.save("mapping", "shop").result()  # as earlier versions named it
    outbox.claim("shop", "own")
    outbox.claim("shop", "own", "live")
    outbox.claim("shop", "own")
    for given, reason in (
        (("other",), "this is the outbox of the mapping shop, whose limits are not those of other"),
        (("shop",), "this is the outbox of the workspace own; name another one with --outbox"),
        (("shop", "else"), "this is the outbox of the workspace own; name another one with --outbox"),
        (("shop", "own", "test"), "this is the outbox of the environment live; name another one with --outbox"),
    ):
        with pytest.raises(OutboxError) as raised:
            outbox.claim(*given)
        assert str(raised.value) == f"{outbox.name}: {reason}"


def test_a_workspace_does_not_take_the_outbox_of_its_mapping(outbox: Outbox) -> None:
    outbox.claim("shop")
    with pytest.raises(OutboxError, match="this is the outbox of the mapping shop itself; name another one"):
        outbox.claim("shop", "own", "live")
