"""An outbox in a schema of PostgreSQL: processes on several machines fill it, and one at a time sends from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.pq import TransactionStatus

from .database import TABLES, UPGRADES, VERSION, Connection
from .entries import MappedInput, OutboxError, bytes_in

__all__ = ["PostgreSQL"]

_COUNTER = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
_TYPES = {"number": _COUNTER, "counter": _COUNTER, "integer": "BIGINT", "real": "DOUBLE PRECISION", "bytes": "BYTEA"}
_SPARE_BYTES, _ROW_BYTES = 1 << 17, 1000
"""A page for each table and index, and the most that a row takes in all of them beside its body."""
_NAMES = ("input", "request", "attempt", "queue", "saved")
_WRITING, _SENDING = 0x6D6F6501, 0x6D6F6502
"""The first keys of the advisory locks; the second key is the number of the outbox's own table `queue`."""
_LOCK = "SELECT pg_{}({}, 'queue'::regclass::oid::int4)".format
_TRY_SENDING = _LOCK("try_advisory_lock", _SENDING)


class _Session:
    """A connection. If it is lost, the next statement outside of a transaction opens it again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = self._opened()
        self.is_leased = False

    def _opened(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._url, autocommit=True, application_name="moemap", connect_timeout=10)

    @property
    def in_transaction(self) -> bool:
        status = self._connection.info.transaction_status
        return status in (TransactionStatus.INTRANS, TransactionStatus.INERROR, TransactionStatus.ACTIVE)

    def execute(self, query: str, values: Any = ()) -> psycopg.Cursor[Any]:
        # Strings of PostgreSQL have no NUL; where one could come from an input, they only order or describe.
        taken = [value.replace("\0", "\ufffd") if type(value) is str else value for value in values]
        marked = _marked(query)
        in_transaction = self.in_transaction
        if not self._connection.closed:
            try:
                return self._connection.execute(marked, taken)
            except psycopg.OperationalError:
                if in_transaction or not self._connection.closed:
                    raise
        self._connection = self._opened()
        if self.is_leased and not self._locked():
            self.is_leased = False
            self._connection.close()
            raise OutboxError("the connection was lost, and another process sends from this outbox now")
        return self._connection.execute(marked, taken)

    def leased(self) -> bool:
        """Takes the lock of the one process that sends, which lasts as long as this connection."""
        if self.is_leased:  # the server would count it
            return False
        self.is_leased = self.execute(_TRY_SENDING).fetchone() == (True,)
        return self.is_leased

    def _locked(self) -> bool:
        return self._connection.execute(_TRY_SENDING).fetchone() == (True,)

    def released(self) -> None:
        """Lets another process send."""
        self.is_leased = False
        with suppress(psycopg.OperationalError):  # a session that is lost has no locks
            self._connection.execute(_LOCK("advisory_unlock", _SENDING))

    def close(self) -> None:
        self._connection.close()


def _marked(query: str) -> str:
    """The query with the parameter marks of PostgreSQL."""
    return query.replace("%", "%%").replace("?", "%s")


class PostgreSQL:
    """The schema of an outbox: the first of the search path of a URL, such as `?options=-csearch_path%3Dshop`."""

    errors: tuple[type[Exception], ...] = (psycopg.Error,)
    snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ"
    queue = "queue q JOIN request r ON r.id = q.request"

    def __init__(self, url: str, *, create: bool) -> None:
        """Raises OutboxError for a URL with a password, which lists of processes would show."""
        try:
            has_password = urlsplit(url).password is not None
        except ValueError as error:
            raise OutboxError(f"this is no URL of a database: {error}") from None
        if has_password or re.search("[?&]password=", url):
            raise OutboxError(
                "the URL of the outbox has a password in it, which others can see; "
                "name it in PGPASSWORD, a password file or a service"
            )
        self.name = url
        self._create = create

    def connected(self) -> Connection:
        """Opens a session. The server's `synchronous_commit` decides when committed data is on its disk."""
        return _Session(self.name)

    def prepare(self, connection: Connection) -> None:
        """Makes the tables in an empty schema, or checks the version of existing ones."""
        connection.execute("BEGIN")
        try:
            connection.execute(f"SELECT pg_advisory_xact_lock({_WRITING}, 0)")
            schema = connection.execute("SELECT current_schema()").fetchone()[0]
            if schema is None:
                raise OutboxError(f"{self.name}: the schema does not exist; create it first")
            query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            tables = {row[0] for row in connection.execute(query).fetchall()}
            if not tables & {*_NAMES}:
                if not self._create:
                    raise OutboxError(f"{self.name}: there is no outbox")
                for statement in TABLES.format_map(_TYPES).split(";"):
                    connection.execute(statement)
                connection.execute("INSERT INTO saved VALUES ('version', ?)", (str(VERSION),))
            elif not tables >= {*_NAMES}:
                raise OutboxError(f"{self.name}: this is not an outbox")
            row = connection.execute("SELECT value FROM saved WHERE name = 'version'").fetchone()
            if row is None:
                raise OutboxError(f"{self.name}: this is not an outbox")
            if row[0] in UPGRADES:
                for statement in UPGRADES[row[0]].format_map(_TYPES).split(";"):
                    connection.execute(statement)
                connection.execute("UPDATE saved SET value = ? WHERE name = 'version'", (str(VERSION),))
            elif row[0] != str(VERSION):
                raise OutboxError(f"{self.name}: the outbox is of version {row[0]}; this moemap has version {VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def begin(self, connection: Connection) -> None:
        # The order of numbers is that of commits, and the first request of a lane is one, as only one process writes.
        connection.execute("BEGIN")
        connection.execute(_LOCK("advisory_xact_lock", _WRITING))

    def size(self, connection: Connection) -> int:
        sizes = " + ".join(f"pg_total_relation_size('{name}')" for name in _NAMES)
        return int(connection.execute(f"SELECT {sizes}").fetchone()[0])

    def needed(self, given: Sequence[MappedInput]) -> int:
        # What is tried and undone takes space until the next vacuum, so this is more than is written, never less.
        rows = sum(1 + len(one.entries) for one in given)
        return _SPARE_BYTES + rows * _ROW_BYTES + (sum(len(one.text) for one in given) + bytes_in(given)) * 11 // 10

    def vacuum(self, connection: Connection) -> None:
        for name in _NAMES:
            connection.execute(f"VACUUM (FULL, ANALYZE) {name}")

    def lease(self, connection: Connection) -> AbstractContextManager[Any] | None:
        assert isinstance(connection, _Session)  # noqa: S101  it was made here
        return _lease(connection) if connection.leased() else None


@contextmanager
def _lease(session: _Session) -> Iterator[None]:
    try:
        yield
    finally:
        session.released()
