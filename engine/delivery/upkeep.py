"""The upkeep of an outbox by hand: try again, hold, release, purge, export, compact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from .database import Connection
from .entries import Ended, Entry, Kind, Shown, State
from .outbox import Outbox, change, keep, put

__all__ = ["MOVES", "as_json", "compact", "exported", "mapped_anew", "move"]

MOVES: Mapping[str, tuple[Kind, tuple[State, ...]]] = {
    "retry": ("released", ("dead", "uncertain")),
    "hold": ("held", ("waiting",)),
    "release": ("released", ("held",)),
    "purge": ("purged", ("waiting", "dead", "uncertain", "held")),
}
"""The ways to move requests, each with its line of the log, and the states from which it starts."""
_ANEW = "mapped anew by "
"""The beginning of the reason for which a request was purged whose place others took."""
_AT_ONCE = 1000


def move(outbox: Outbox, how: str, requests: Sequence[int], reason: str = "") -> int:
    """Moves those requests whose state allows it; returns their number."""
    kind, states = MOVES[how]
    marks = ", ".join("?" * len(states))

    def work(connection: Connection, some: Sequence[int]) -> int:
        number = 0
        for request in some:
            query = f"SELECT 1 FROM queue WHERE request = ? AND state IN ({marks})"  # noqa: S608
            if connection.execute(query, (request, *states)).fetchone():
                change(connection, Ended(request, kind, None, reason), outbox.moment())
                number += 1
        return number

    parts = (requests[start : start + _AT_ONCE] for start in range(0, len(requests), _AT_ONCE))
    return sum(outbox.submit(partial(work, some=part)).result() for part in parts)


def mapped_anew(
    outbox: Outbox, number: int, dead: Sequence[int], entries: Iterable[Entry], mapping: str, *, is_whole: bool = False
) -> int | None:
    """Replaces dead requests of an input by those of the present rules; returns the number of new ones.

    A request that equals one of the input that is not dead is not sent again. With `is_whole`, the whole input was
    mapped, since it is not known what the dead ones were made of. Then all others must be among the new ones; else
    nothing is done, and the result is None.
    """

    def work(connection: Connection) -> int | None:
        rows = connection.execute(
            "SELECT r.id, r.number, "
            "(SELECT min(a.answer) FROM attempt a WHERE a.request = r.id AND a.kind = 'purged'), "
            "r.output, r.method, r.url, r.headers, r.body FROM request r WHERE r.input = ?",
            (number,),
        ).fetchall()
        last = max(row[1] for row in rows)
        old = Counter[tuple[Any, ...]](tuple(row[3:]) for row in rows if row[0] in set(dead))
        sent, given_up = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
        for id_, _, purged, *what in rows:
            if id_ not in set(dead) and not (purged or "").startswith(_ANEW):
                (sent if purged is None else given_up)[tuple(what)] += 1
        fresh = []
        for entry in entries:
            headers = orjson.dumps(dict(entry.headers)).decode()
            what = entry.output, entry.method, entry.url, headers, entry.body
            known = next((kind for kind in (old, sent, given_up) if kind[what]), None)
            if known is not None:
                known[what] -= 1
            if known is None or known is old:
                fresh.append(entry)
        if is_whole and (sent.total() or last >= len(rows)):
            return None
        for request in dead:
            change(connection, Ended(request, "purged", None, f"{_ANEW}{mapping}"), outbox.moment())
        put(connection, number, fresh, 1 + last)
        return len(fresh)

    replaced: int | None = outbox.submit(work).result()
    return replaced


def exported(outbox: Outbox, requests: Iterable[int], *, bodies: bool) -> Iterator[dict[str, Any]]:
    """Requests with their logs as JSON, with their bodies if `bodies` is set."""
    for request in requests:
        shown = outbox.shown(request)
        if shown is not None:
            body = {"body": shown.entry.body.decode("utf-8", "replace")} if bodies else {}
            yield {**as_json(shown), **body}


def as_json(shown: Shown) -> dict[str, Any]:
    """A request with its log as JSON, without its body."""
    entry = shown.entry
    return {
        "request": shown.id,
        "state": shown.state,
        "output": entry.output,
        "method": entry.method,
        "url": entry.url,
        "order": entry.lane,
        "input": {"source": shown.source, "request": shown.number},
        "mapping": shown.mapping,
        "tries": shown.tries,
        "due": shown.due,
        "origin": None if shown.origin is None else orjson.loads(shown.origin),
        "log": [line._asdict() for line in shown.log],
    }


def compact(outbox: Outbox, older_than: float) -> int:
    """Deletes requests accepted or purged more than `older_than` seconds ago, and frees space; returns their number.

    The keys of inputs stay, so that none is taken twice, and so does all of an input of which something is left, to be
    compared with what it is mapped to anew. The limits heed what is forgotten. Raises OutboxError while another process
    sends.
    """
    before = outbox.now() - older_than

    def work(connection: Connection) -> int:
        rows = connection.execute(
            "SELECT a.request, a.kind FROM attempt a LEFT JOIN queue q ON q.request = a.request "
            "WHERE q.request IS NULL AND a.kind IN ('accepted', 'purged') AND a.at < ? AND NOT EXISTS "
            "(SELECT 1 FROM request r JOIN request o ON o.input = r.input JOIN queue w ON w.request = o.id "
            "WHERE r.id = a.request) LIMIT ?",
            (before, _AT_ONCE),
        ).fetchall()
        gone = {"accepted": 0, "purged": 0, "repeated": 0}
        saved = connection.execute("SELECT value FROM saved WHERE name = 'compacted'").fetchone()
        gone |= orjson.loads(saved[0]) if saved else {}
        for request, kind in rows:
            repeated = connection.execute(
                "SELECT count(*) FROM attempt WHERE request = ? AND kind = 'uncertain' AND due IS NOT NULL", (request,)
            ).fetchone()
            gone["repeated"] += repeated[0]
            gone[kind] += 1
            number = connection.execute("SELECT input FROM request WHERE id = ?", (request,)).fetchone()[0]
            connection.execute("DELETE FROM attempt WHERE request = ?", (request,))
            connection.execute("DELETE FROM request WHERE id = ?", (request,))
            connection.execute(
                "UPDATE input SET text = NULL WHERE id = ? AND NOT EXISTS (SELECT 1 FROM request WHERE input = ?)",
                (number, number),
            )
        keep(connection, "compacted", gone)
        keep(connection, "forgotten", outbox.dated(-older_than))
        return len(rows)

    total = 0
    with outbox.sending():
        while number := outbox.submit(work).result():
            total += number
        outbox.vacuum()
    return total
