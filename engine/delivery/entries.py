"""The entries of an outbox, and the records of their state and log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = [
    "ENDS",
    "STATES",
    "Attempt",
    "Counts",
    "Ended",
    "Entry",
    "Kind",
    "MappedInput",
    "OutboxError",
    "OutboxFullError",
    "Queued",
    "Recent",
    "Shown",
    "State",
    "bytes_in",
    "key_of",
]

State = Literal["waiting", "sending", "accepted", "dead", "uncertain", "held", "purged"]
"""The state of a request, which follows from the last line of its log."""
STATES: tuple[State, ...] = ("waiting", "sending", "accepted", "dead", "uncertain", "held", "purged")
Kind = Literal["started", "accepted", "retry", "put back", "dead", "uncertain", "held", "released", "purged"]
"""The kind of a line in the log of a request.

`put back` ends an attempt that does not count: the destination refused everybody, not this request. `uncertain` says
that a request may or may not have arrived: with `due` it is repeated, without it waits for a person.
"""
ENDS: Mapping[Kind, State] = {
    "started": "sending",
    "accepted": "accepted",
    "retry": "waiting",
    "put back": "waiting",
    "dead": "dead",
    "uncertain": "uncertain",
    "held": "held",
    "released": "waiting",
    "purged": "purged",
}
"""The state that each line of the log leads to; `uncertain` with a due time leads to `waiting`."""


class OutboxError(RuntimeError):
    """The outbox cannot be used; the text says why."""


class OutboxFullError(OutboxError):
    """The outbox has reached its maximum size, and accepts nothing until requests are delivered and compacted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A request to deliver. `url` and `headers` keep their {placeholders}: their values are never stored.

    Requests with the same `lane` are sent in order, one at a time; a request without a lane waits for no other one.
    `is_repeatable`: sending it twice is harmless. `items` are the numbers of elements that windows count, by window.
    """

    output: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    lane: str | None = None
    is_repeatable: bool = False
    is_joinable: bool = False
    items: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappedInput:
    """An input with all requests that it was mapped to; an outbox takes both or neither.

    `key` identifies it: an outbox takes an input once. `source` names its file and line. `text` is the input itself,
    which is kept to be mapped again until all of its requests are delivered.
    """

    key: bytes
    source: str
    mapping: str
    text: bytes
    entries: Sequence[Entry]


def key_of(mapping: str, identity: str | None, text: bytes) -> bytes:
    """The key of an input: a digest of its identity, or else its text, and of the name and version of the mapping."""
    kind, own = ("text", text) if identity is None else ("id", identity.encode())
    return hashlib.sha256(b"\0".join((mapping.encode(), kind.encode(), own))).digest()


def bytes_in(given: Sequence[MappedInput]) -> int:
    """The size of the bodies of all requests."""
    return sum(len(entry.body) for one in given for entry in one.entries)


class Queued(NamedTuple):
    """A request that is ready to be sent; `tries` is the number of attempts that counted."""

    id: int
    entry: Entry
    tries: int


class Ended(NamedTuple):
    """The end of an attempt. `due` is the time at which the next one may begin, by the wall clock.

    `origin` notes what the request was made of, as JSON.
    """

    request: int
    kind: Kind
    status: int | None = None
    answer: str = ""
    due: float | None = None
    origin: str | None = None


class Recent(NamedTuple):
    """A recent attempt, as the limits count it: how many seconds ago it began and ended (None: not yet).


    Attempts that were sent in one body have the same `call`.
    """

    began: float
    ended: float | None
    call: int
    output: str
    lane: str | None
    items: Mapping[str, int]


class Attempt(NamedTuple):
    """A line of the log of a request."""

    at: float
    kind: Kind
    status: int | None
    answer: str
    due: float | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A request with its log; it is the request `number`, counted from 0, of the input `input`."""

    id: int
    input: int
    number: int
    state: State
    entry: Entry
    source: str
    mapping: str
    tries: int
    due: float | None
    origin: str | None
    log: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of requests by state, and of the inputs.

    `repeated` counts how often one was sent again although it may have arrived; `oldest` is the time at which
    the oldest of the waiting ones came; `size` is that of the file in bytes.
    """

    inputs: int
    states: Mapping[State, int]
    repeated: int
    oldest: float | None
    size: int
