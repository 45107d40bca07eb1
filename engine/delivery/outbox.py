"""The outbox: requests to deliver and the log of their attempts, in a database.

Rows are only added to the tables `input`, `request` and `attempt`. The state of a request follows from the last line of
its log; `queue` holds that of all requests that are neither accepted nor purged, updated in the same transaction. One
thread of a process writes; several processes may add, and one of them sends (`sending`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import zstandard

from ..values.once import Lock
from .clocks import Moment, boot
from .database import Connection
from .entries import (
    ENDS,
    STATES,
    Attempt,
    Counts,
    Ended,
    Entry,
    Kind,
    MappedInput,
    OutboxError,
    OutboxFullError,
    Queued,
    Recent,
    Shown,
    State,
)
from .places import database_at
from .writing import Writer

__all__ = ["Outbox", "change", "keep", "put"]

_ENTRY = "r.output, r.method, r.url, r.headers, r.body, r.lane, r.repeatable, r.joinable, r.items"
_ORDINARY_BYTES = 1 << 15
_MOST_RECENT = 200_000
"""The most attempts that are taken for recent ones; there are more only where a clock was set back."""


class Outbox:
    """An outbox. Methods that write return a Future, which is done when the data is on the disk."""

    def __init__(
        self,
        place: Path | str,
        *,
        max_bytes: int | None = None,
        create: bool = True,
        now: Callable[[], float] = time.time,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens or makes the outbox in a file, or at the URL of a database. Raises OutboxError."""
        self._database = database = database_at(place, create=create)
        self.name = database.name
        self.max_bytes = max_bytes
        self.now = now
        self._tick = tick
        self._reading = Lock()
        with ExitStack() as opened:
            try:
                self._connection = opened.enter_context(closing(database.connected()))
                database.prepare(self._connection)
                self._reader = database.connected()
            except database.errors as error:
                raise OutboxError(f"{self.name}: {error}") from None
            opened.pop_all()
        self._writer = Writer(database, self._connection)

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finishes all writes, and closes the database."""
        self._writer.close()
        with self._reading:
            self._reader.close()
        self._connection.close()

    def sending(self) -> AbstractContextManager[Any]:
        """Locks the outbox for the one process that sends. Raises OutboxError if another one does."""
        lease: AbstractContextManager[Any] | None = self._writer.alone(self._database.lease).result()
        if lease is None:
            raise OutboxError(f"{self.name}: another process sends from this outbox")
        return lease

    def claim(self, mapping: str, workspace: str | None = None, environment: str | None = None) -> None:
        """Marks a new outbox as that of a mapping, and of a workspace and an environment if these are named.

        Raises OutboxError if it is that of another one: its limits, inputs and secrets are not those of this one. An
        environment that is not named is none of its own.
        """
        saved = self.saved("mapping")
        named = [saved, workspace, None] if isinstance(saved, str) else saved  # earlier versions kept the mapping alone
        own = [mapping, workspace, environment]
        owner, its_workspace, its_environment = named or own
        if owner != mapping:
            reason = f"of the mapping {owner}, whose limits are not those of {mapping}"
        elif its_workspace != workspace:
            name = f"mapping {mapping} itself" if its_workspace is None else f"workspace {its_workspace}"
            reason = f"of the {name}; name another one with --outbox"
        elif None not in (environment, its_environment) and environment != its_environment:
            reason = f"of the environment {its_environment}; name another one with --outbox"
        else:
            own[2] = environment or its_environment
            if own != saved:
                self.save("mapping", own).result()
            return
        raise OutboxError(f"{self.name}: this is the outbox {reason}")

    def moment(self) -> Moment:
        """The present, by both clocks."""
        return Moment(self.now(), self._tick())

    def dated(self, seconds: float) -> dict[str, Any]:
        """The moment after some seconds, as JSON to be saved."""
        return {"at": self.now(), "tick": self._tick(), "boot": boot(), "after": seconds}

    def since(self, dated: Mapping[str, Any]) -> float:
        """The seconds since a saved moment; fewer if the machine may have been started again, and the clock set."""
        moment = Moment(float(dated["at"]), float(dated["tick"]))
        is_own = dated["boot"] is not None and dated["boot"] == boot()
        return self.moment().age_of(moment, is_own=is_own) - float(dated.get("after", 0))

    def submit(self, work: Callable[[Connection], Any]) -> Future[Any]:
        """Calls `work` in a transaction of the writer."""
        return self._writer.submit(work)

    def read(self, query: str, *values: Any) -> list[Any]:
        """The rows of a query, which sees only committed data. Raises OutboxError."""
        try:
            with self._reading:
                return self._reader.execute(query, values).fetchall()
        except self._database.errors as error:
            raise OutboxError(f"the outbox cannot be read: {error}") from None

    def vacuum(self) -> None:
        """Returns free space to the file system. No other work may be in progress."""
        self._writer.alone(self._database.vacuum).result()

    # Adding

    def add(self, given: Sequence[MappedInput]) -> Future[list[bool]]:
        """Adds new inputs with their requests; the result says for each input whether it is new.

        The Future raises OutboxFullError if the outbox would be larger than `max_bytes`; then it takes none of them.
        """

        def work(connection: Connection) -> list[bool]:
            if self.max_bytes is None:
                return [_add(connection, one, self.now()) for one in given]
            new = [one for one in given if not _is_known(connection, one)]
            before = self._database.size(connection)
            self._check_room(before, before + self._database.needed(new) if new else 0)
            added = [_add(connection, one, self.now()) for one in given]
            self._check_room(before, self._database.size(connection) if new else 0)
            return added

        return self._writer.submit(work)

    def _check_room(self, size: int, wanted: int) -> None:
        """Raises OutboxFullError if the wanted size is too large."""
        if self.max_bytes is not None and wanted > self.max_bytes:
            raise OutboxFullError(f"{self.name}: the outbox is full ({size} of {self.max_bytes} bytes)")

    def fullness(self) -> str | None:
        """The reason why nothing more is taken; None if there is room for a batch of ordinary size."""
        with self._reading:
            size = self._database.size(self._reader)
        try:
            self._check_room(size, size + self._database.needed(()) + _ORDINARY_BYTES)
        except OutboxFullError as error:
            return str(error)
        return None

    # Sending

    def ready(self, limit: int, horizon: float) -> list[Queued]:
        """The oldest requests that can be sent now, the first of each lane.

        A due time more than `horizon` seconds away is ignored: the clock has been set back since it was written.
        """
        now = self.now()
        query = (
            f"SELECT q.request, q.tries, {_ENTRY} FROM {self._database.queue} "  # noqa: S608
            "WHERE q.head = 1 AND q.state = 'waiting' AND"
        )
        order = "ORDER BY q.due, q.request LIMIT ?"
        rows = self.read(f"{query} q.due = 0 {order}", limit)
        rows += self.read(f"{query} q.due > 0 AND q.due <= ? {order}", now, limit)
        rows += self.read(f"{query} q.due > ? {order}", now + horizon, limit)
        rows.sort()
        return [Queued(row[0], _entry(row[2:]), row[1]) for row in rows[:limit]]

    def start(self, requests: Sequence[int]) -> Future[frozenset[int]]:
        """Logs the start of an attempt for requests that are sent together; the result are those that may be sent.

        The others were held, purged or overtaken since they were read.
        """

        def work(connection: Connection) -> frozenset[int]:
            taken = [
                request
                for request in requests
                if connection.execute(
                    "UPDATE queue SET state = 'sending' WHERE request = ? AND state = 'waiting' AND head = 1",
                    (request,),
                ).rowcount
            ]
            call, (at, tick) = None, self.moment()
            for request in taken:
                row = connection.execute(
                    "INSERT INTO attempt (request, at, tick, kind, call) VALUES (?, ?, ?, 'started', ?) RETURNING id",
                    (request, at, tick, call),
                ).fetchone()
                call = row[0] if call is None else call
            return frozenset(taken)

        return self._writer.submit(work)

    def end(self, ends: Sequence[Ended]) -> Future[None]:
        """Logs the ends of attempts."""

        def work(connection: Connection) -> None:
            for ended in ends:
                change(connection, ended, self.moment())

        return self._writer.submit(work)

    def recover(self, *, repeats: bool) -> Future[int]:
        """Ends the attempts that a process left unfinished, each of which may have arrived; returns their number.

        With `repeats`, all are sent again, else only those for which that is harmless.
        """

        def work(connection: Connection) -> int:
            rows = connection.execute(
                "SELECT q.request, r.repeatable FROM queue q JOIN request r ON r.id = q.request "
                "WHERE q.state = 'sending'"
            ).fetchall()
            for request, repeatable in rows:
                due = self.now() if repeats or repeatable else None
                ended = Ended(request, "uncertain", None, "the sender ended before there was an answer", due)
                change(connection, ended, self.moment())
            return len(rows)

        return self._writer.submit(work)

    def foreign_until(self) -> float:
        """The number of the last attempt whose ticks may not be those of this start of this machine.

        It is infinite where starts of the machine cannot be told apart. Only the process that sends may ask, before it
        writes.
        """
        saved, own = self.saved("clock"), boot()
        if saved is None or own is None or saved["boot"] != own:
            last = self.read("SELECT coalesce(max(id), 0) FROM attempt")[0][0]
            saved = {"boot": own, "last": last}
            self.save("clock", saved).result()
        return math.inf if own is None else saved["last"]

    def recent(self, seconds: float, foreign: float = math.inf) -> list[Recent]:
        """The attempts that began within the last seconds, the latest first; those up to `foreign` by another clock."""
        present = self.moment()
        found: list[Recent] = []
        ended: dict[int, float] = {}
        last, step = self.read("SELECT coalesce(max(id), 0) FROM attempt")[0][0], 1000
        while last > 0 and len(found) < _MOST_RECENT:
            rows = self.read(
                "SELECT a.id, a.at, a.tick, a.kind, a.call, r.id, r.output, r.lane, r.items FROM attempt a "
                "JOIN request r ON r.id = a.request WHERE a.id > ? AND a.id <= ? ORDER BY a.id DESC",
                *(last - step, last),
            )
            age = 0.0
            for id_, at, tick, kind, call, request, output, lane, items in rows:
                age = present.age_of(Moment(at, tick), is_own=id_ > foreign)
                if tick is not None and tick > (present.tick or 0.0):  # an earlier start: senders wait for these
                    age = max(0.0, present.at - at)
                if kind != "started":
                    ended[request] = age
                elif age <= seconds:
                    end = ended.pop(request, None)
                    found.append(Recent(age, end, call or id_, output, lane, orjson.loads(items)))
            if age > seconds:
                break
            last -= step
        return found

    def save(self, name: str, value: Any) -> Future[None]:
        """Keeps a JSON value under a name."""
        return self._writer.submit(partial(keep, name=name, value=value))

    def saved(self, name: str) -> Any:
        """The JSON value under a name; None if there is none."""
        rows = self.read("SELECT value FROM saved WHERE name = ?", name)
        return orjson.loads(rows[0][0]) if rows else None

    # Looking

    def counts(self) -> Counts:
        """The numbers of requests and inputs."""
        states: dict[State, int] = dict.fromkeys(STATES, 0)
        with self._reading:
            self._reader.execute(self._database.snapshot)  # all numbers are those of one moment
            try:
                states |= dict(self._reader.execute("SELECT state, count(*) FROM queue GROUP BY state").fetchall())
                one = "SELECT count(*) FROM {}".format
                inputs = self._reader.execute(one("input")).fetchone()[0]
                total = self._reader.execute(one("request")).fetchone()[0]
                purged = self._reader.execute(one("attempt WHERE kind = 'purged'")).fetchone()[0]
                repeated = self._reader.execute(
                    "SELECT count(*) FROM attempt WHERE kind = 'uncertain' AND due IS NOT NULL"
                ).fetchone()[0]
                oldest = self._reader.execute(
                    "SELECT i.at FROM queue q JOIN request r ON r.id = q.request JOIN input i ON i.id = r.input "
                    "WHERE q.state = 'waiting' ORDER BY q.request LIMIT 1"
                ).fetchone()
                compacted = self._reader.execute("SELECT value FROM saved WHERE name = 'compacted'").fetchone()
                size = self._database.size(self._reader)
            finally:
                self._reader.execute("COMMIT")
        gone = orjson.loads(compacted[0]) if compacted else {"accepted": 0, "purged": 0, "repeated": 0}
        states["accepted"] = total - sum(states.values()) - purged + gone["accepted"]
        states["purged"] = purged + gone["purged"]
        return Counts(inputs, states, repeated + gone["repeated"], oldest and oldest[0], size)

    def left(self) -> int:
        """The number of requests that wait or are being sent."""
        return int(self.read("SELECT count(*) FROM queue WHERE state IN ('waiting', 'sending')")[0][0])

    def ids(self, states: Iterable[State], *, lane: str | None = None, limit: int | None = None) -> list[int]:
        """The requests in some of the states of the queue, in order."""
        wanted = list(states)
        marks = ", ".join("?" * len(wanted))
        where = "" if lane is None else "AND lane = ?"
        most = "" if limit is None else "LIMIT ?"
        query = f"SELECT request FROM queue WHERE state IN ({marks}) {where} ORDER BY request {most}"  # noqa: S608
        return [row[0] for row in self.read(query, *wanted, *(one for one in (lane, limit) if one is not None))]

    def shown(self, request: int) -> Shown | None:
        """A request with its log; None if there is none with this id."""
        rows = self.read(
            f"SELECT i.id, r.number, i.source, i.mapping, q.state, q.tries, q.due, {_ENTRY} FROM request r "  # noqa: S608
            "JOIN input i ON i.id = r.input LEFT JOIN queue q ON q.request = r.id WHERE r.id = ?",
            request,
        )
        if not rows:
            return None
        input_, number, source, mapping, state, tries, due, *entry = rows[0]
        log = self.read("SELECT at, kind, status, answer, due FROM attempt WHERE request = ? ORDER BY id", request)
        lines = tuple(Attempt(*line) for line in log)
        noted = self.read(
            "SELECT origin FROM attempt WHERE request = ? AND origin IS NOT NULL ORDER BY id DESC LIMIT 1", request
        )
        if state is None:
            state = state_after(lines[-1].kind, None)
        own = source, mapping, tries or 0, due or None, noted[0][0] if noted else None
        return Shown(request, input_, number, state, _entry(entry), *own, lines)

    def bodies(self) -> Iterator[tuple[str, bytes]]:
        """The output and the body of each request."""
        last = 0
        while rows := self.read("SELECT id, output, body FROM request WHERE id > ? ORDER BY id LIMIT 1000", last):
            yield from (row[1:] for row in rows)
            last = rows[-1][0]

    def texts(self, requests: Sequence[int]) -> Iterator[tuple[int, str, bytes]]:
        """The inputs of some requests, in order: number, source and text of each."""
        seen: set[int] = set()
        for request in requests:
            rows = self.read(
                "SELECT i.id, i.source, i.text FROM request r JOIN input i ON i.id = r.input WHERE r.id = ?", request
            )
            for number, source, text in rows:
                if number not in seen and text is not None:
                    seen.add(number)
                    yield number, source, zstandard.decompress(text)


def keep(connection: Connection, name: str, value: Any) -> None:
    """Keeps a JSON value under a name."""
    connection.execute(
        "INSERT INTO saved VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, orjson.dumps(value).decode()),
    )


def _is_known(connection: Connection, given: MappedInput) -> bool:
    return connection.execute("SELECT 1 FROM input WHERE key = ?", (given.key,)).fetchone() is not None


def _add(connection: Connection, given: MappedInput, now: float) -> bool:
    row = connection.execute(
        "INSERT INTO input (key, source, mapping, at, text) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING "
        "RETURNING id",
        (given.key, given.source, given.mapping, now, zstandard.compress(given.text)),
    ).fetchone()
    if row is None:
        return False
    put(connection, row[0], given.entries)
    return True


def put(connection: Connection, number: int, entries: Iterable[Entry], first: int = 0) -> None:
    """Adds requests of an input to the queue."""
    for index, entry in enumerate(entries, first):
        headers, items = orjson.dumps(dict(entry.headers)).decode(), orjson.dumps(dict(entry.items)).decode()
        values = (number, index, entry.output, entry.method, entry.url, headers, entry.body, entry.lane)
        more = (int(entry.is_repeatable), int(entry.is_joinable), items)
        request = connection.execute(
            "INSERT INTO request (input, number, output, method, url, headers, body, lane, repeatable, joinable, "
            "items) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            values + more,
        ).fetchone()[0]
        head = int(entry.lane is None or _first_of(connection, entry.lane) is None)
        connection.execute("INSERT INTO queue VALUES (?, 'waiting', ?, ?, 0, 0)", (request, entry.lane, head))


def _entry(row: Sequence[Any]) -> Entry:
    output, method, url, headers, body, lane, repeatable, joinable, items = row
    texts = orjson.loads(headers), body, lane
    return Entry(output, method, url, *texts, bool(repeatable), bool(joinable), orjson.loads(items))


def _first_of(connection: Connection, lane: str) -> int | None:
    row = connection.execute(
        "SELECT request FROM queue WHERE lane = ? AND state IN ('waiting', 'sending') ORDER BY request LIMIT 1", (lane,)
    ).fetchone()
    return None if row is None else int(row[0])


def state_after(kind: Kind, due: float | None) -> State:
    """The state that a line of the log leads to."""
    return "waiting" if kind == "uncertain" and due is not None else ENDS[kind]


def change(connection: Connection, ended: Ended, moment: Moment) -> None:
    """Adds a line to the log of a request, and moves it in the queue accordingly."""
    request, kind, due = ended.request, ended.kind, ended.due
    connection.execute(
        "INSERT INTO attempt (request, at, tick, kind, status, answer, due, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (request, *moment, kind, ended.status, ended.answer, due, ended.origin),
    )
    state = state_after(kind, due)
    if state in ("accepted", "purged"):
        left = connection.execute("DELETE FROM queue WHERE request = ? RETURNING lane, head", (request,)).fetchall()
    else:
        counted = 1 if kind in ("retry", "uncertain", "dead") else 0
        tries = "0" if kind == "released" else f"tries + {counted}"
        left = connection.execute(
            f"UPDATE queue SET state = ?, due = ?, tries = {tries} WHERE request = ? RETURNING lane, head",  # noqa: S608
            (state, due or 0, request),
        ).fetchall()
    if left and left[0][0] is not None:
        _appoint(connection, left[0][0], request, was_head=bool(left[0][1]))


def _appoint(connection: Connection, lane: str, request: int, *, was_head: bool) -> None:
    """Makes the first request of a lane its head, after one of them was moved; one that is being sent stays the head.

    No more than the first two are read, however long the lane is.
    """
    first, *others = connection.execute(
        "SELECT request, state, head FROM queue WHERE lane = ? AND state IN ('waiting', 'sending') "
        "ORDER BY request LIMIT 2",
        (lane,),
    ).fetchall() or [(None, None, 0)]
    if not was_head and (first[0] != request or any(not head or state == "sending" for _, state, head in others)):
        return  # the request does not wait, or not as the first, or another one is being sent
    heads = {request: 0, **{other: 0 for other, _, _ in others}, first[0]: 1}
    for one, head in heads.items():
        connection.execute("UPDATE queue SET head = ? WHERE request = ? AND head <> ?", (head, one, head))
