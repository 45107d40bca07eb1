"""The databases that can hold an outbox: SQLite, and PostgreSQL for several machines.

Both get the same SQL, with `?` for values; `Database` has the operations that differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .entries import MappedInput

__all__ = ["TABLES", "UPGRADES", "VERSION", "Connection", "Database", "DatabaseCursor"]

VERSION = 2
"""The version of the tables."""
TABLES = """
CREATE TABLE input (id {number}, key {bytes} NOT NULL UNIQUE, source TEXT NOT NULL, mapping TEXT NOT NULL,
    at {real} NOT NULL, text {bytes});
CREATE TABLE request (id {counter}, input {integer} NOT NULL REFERENCES input, number INTEGER NOT NULL,
    output TEXT NOT NULL, method TEXT NOT NULL, url TEXT NOT NULL, headers TEXT NOT NULL, body {bytes} NOT NULL,
    lane TEXT, repeatable INTEGER NOT NULL, joinable INTEGER NOT NULL, items TEXT NOT NULL,
    UNIQUE (input, number));
CREATE TABLE attempt (id {counter}, request {integer} NOT NULL REFERENCES request, at {real} NOT NULL,
    kind TEXT NOT NULL, status INTEGER, answer TEXT NOT NULL DEFAULT '', due {real}, call {integer}, tick {real},
    origin TEXT);
CREATE INDEX attempt_request ON attempt (request);
CREATE INDEX attempt_repeated ON attempt (request) WHERE kind = 'uncertain' AND due IS NOT NULL;
CREATE INDEX attempt_purged ON attempt (request) WHERE kind = 'purged';
CREATE TABLE queue (request {integer} PRIMARY KEY REFERENCES request, state TEXT NOT NULL, lane TEXT,
    head INTEGER NOT NULL, due {real} NOT NULL, tries INTEGER NOT NULL);
CREATE INDEX queue_ready ON queue (due, request) WHERE head = 1 AND state = 'waiting';
CREATE INDEX queue_lane ON queue (lane, request) WHERE lane IS NOT NULL AND state IN ('waiting', 'sending');
CREATE INDEX queue_state ON queue (state, request);
CREATE TABLE saved (name TEXT PRIMARY KEY, value TEXT NOT NULL)
"""
"""The statements that make the tables; `{number}` and others are the types of a database."""
UPGRADES = {
    "1": "ALTER TABLE attempt ADD COLUMN tick {real}; ALTER TABLE attempt ADD COLUMN origin TEXT",
}
"""The statements that upgrade the tables, by the version that they upgrade."""


class DatabaseCursor(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """A connection whose transactions begin and end explicitly."""

    @property
    def in_transaction(self) -> bool: ...

    def execute(self, query: str, values: Any = (), /) -> DatabaseCursor: ...

    def close(self) -> None: ...


class Database(Protocol):
    """The place of an outbox. `name` is its name in messages, `errors` are the exceptions of its library.

    `snapshot` is the statement that begins a transaction with a snapshot, and `queue` the one that reads the queue.
    """

    name: str
    errors: tuple[type[Exception], ...]
    snapshot: str
    queue: str

    def connected(self) -> Connection:
        """Opens a connection."""

    def prepare(self, connection: Connection) -> None:
        """Makes the tables of a new outbox, or checks existing ones. Raises OutboxError."""

    def begin(self, connection: Connection) -> None:
        """Begins a transaction that writes; no other process writes until it ends."""

    def size(self, connection: Connection) -> int:
        """The number of bytes that the outbox takes, with what the transaction of the connection has written."""

    def needed(self, given: Sequence[MappedInput]) -> int:
        """The bytes that must be left for it to be worth a try to add some inputs."""

    def vacuum(self, connection: Connection) -> None:
        """Gives free space back to the file system."""

    def lease(self, connection: Connection) -> AbstractContextManager[Any] | None:
        """Makes this process the one that sends; None if another process does."""
