"""The entries of an outbox: what is put into it, and what is taken out."""

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
    "key_of",
]

State = Literal["waiting", "sending", "accepted", "dead", "uncertain", "held", "purged"]
"""The state of a request: what the last line of its log says."""
STATES: tuple[State, ...] = ("waiting", "sending", "accepted", "dead", "uncertain", "held", "purged")
Kind = Literal["started", "accepted", "retry", "put back", "dead", "uncertain", "held", "released", "purged"]
"""A line of the log of a request.

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
    """The outbox has reached its size, and takes nothing until something is delivered and compacted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A request to deliver. `url` and `headers` keep their {placeholders}: no file ever holds them filled.

    Requests with the same `lane` are sent in order, one at a time; without a lane, a request waits for no other one.
    `is_repeatable` says that a second effect of it is harmless. `items` are the elements that windows count, by name.
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
    """An input with all the requests that it was mapped to; an outbox takes both or neither.

    `key` identifies it: an outbox takes an input once. `source` names where it came from, and `text` is the input
    itself, which is kept to map it again as long as one of its requests is not delivered.
    """

    key: bytes
    source: str
    mapping: str
    text: bytes
    entries: Sequence[Entry]


def key_of(mapping: str, identity: str | None, text: bytes) -> bytes:
    """The key of an input: its own identity, or else its content, together with the name and version of the mapping."""
    kind, own = ("text", text) if identity is None else ("id", identity.encode())
    return hashlib.sha256(b"\0".join((mapping.encode(), kind.encode(), own))).digest()


class Queued(NamedTuple):
    """A request that is ready to be sent; `tries` is the number of attempts that counted."""

    id: int
    entry: Entry
    tries: int


class Ended(NamedTuple):
    """How an attempt ended. `due` is the time at which the next one may begin, by the wall clock."""

    request: int
    kind: Kind
    status: int | None = None
    answer: str = ""
    due: float | None = None


class Recent(NamedTuple):
    """An attempt of the recent past, as the limits count it; `call` joins those that were sent in one body."""

    at: float
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
    """All that is known of a request; it is the one of this `number`, from 0, that the input `input` gave."""

    id: int
    input: int
    number: int
    state: State
    entry: Entry
    source: str
    mapping: str
    tries: int
    due: float | None
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
