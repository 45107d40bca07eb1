"""An outbox in a file of SQLite, on a local disk."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import Any

from ..jobs.files import BusyError, locked
from .database import TABLES, UPGRADES, VERSION, Connection
from .entries import MappedInput, OutboxError, bytes_in
from .filesystems import network_filesystem

__all__ = ["SQLite"]

BUSY_SECONDS = 30
_PAUSE_SECONDS = 0.01
_APPLICATION = 0x6D6F656F
_TYPES = {
    "number": "INTEGER PRIMARY KEY",
    "counter": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "integer": "INTEGER",
    "real": "REAL",
    "bytes": "BLOB",
}


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turns on the write-ahead log. SQLite does not wait there for another process that does the same."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


class SQLite:
    """The file of an outbox."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)
    snapshot = "BEGIN"
    queue = "queue q INDEXED BY queue_ready CROSS JOIN request r ON r.id = q.request"

    def __init__(self, path: Path, *, create: bool) -> None:
        """Raises OutboxError if the file does not exist, unless `create` is set, and on network file systems."""
        self.path = path
        self.name = str(path)
        self._mode = "rwc" if create else "rw"
        kind = network_filesystem(path.parent)
        if kind is not None:
            raise OutboxError(f"{path}: an outbox cannot lie on a network file system ({kind}); choose a local disk")
        if not create and not path.is_file():
            raise OutboxError(f"{path}: there is no outbox")

    def connected(self) -> sqlite3.Connection:
        """Opens the file so that committed data is on the disk."""
        uri = f"{self.path.absolute().as_uri()}?mode={self._mode}"
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        with ExitStack() as opened:
            opened.enter_context(closing(connection))
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            opened.pop_all()
        return connection

    def prepare(self, connection: Connection) -> None:
        """Makes the tables of a new file, or checks the version of existing ones."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                for statement in TABLES.format_map(_TYPES).split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
            elif application != _APPLICATION:
                raise OutboxError(f"{self.path}: this is not an outbox")
            elif str(version) in UPGRADES:
                for statement in UPGRADES[str(version)].format_map(_TYPES).split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            elif version != VERSION:
                raise OutboxError(f"{self.path}: the outbox is of version {version}; this moemap has version {VERSION}")
        finally:
            connection.execute("COMMIT")

    def begin(self, connection: Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")

    def size(self, connection: Connection) -> int:
        names = ("page_count", "freelist_count", "page_size")
        pages, free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
        return int((pages - free) * size)

    def needed(self, given: Sequence[MappedInput]) -> int:
        return bytes_in(given)

    def vacuum(self, connection: Connection) -> None:
        connection.execute("VACUUM")

    def lease(self, connection: Connection) -> AbstractContextManager[Any] | None:
        try:
            return locked(self.path.with_name(self.path.name + ".sender"))
        except BusyError:
            return None
