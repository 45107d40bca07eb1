"""Files of SQLite that several processes make and open at the same moment."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from moemap.engine.delivery import sqlite

OPEN = """\
import multiprocessing, sys
from moemap.engine.delivery.outbox import Outbox

def open_one(path, barrier):
    barrier.wait()
    with Outbox(path):
        pass

processes = multiprocessing.get_context("fork")
for number in range(20):
    barrier = processes.Barrier(6)
    path = f"{sys.argv[1]}/{number}.db"
    started = [processes.Process(target=open_one, args=(path, barrier)) for _ in range(6)]
    for one in started:
        one.start()
    for one in started:
        one.join()
    if any(one.exitcode for one in started):
        sys.exit(1)
"""


@pytest.mark.slow
def test_processes_that_make_an_outbox_together_wait_for_each_other(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", OPEN, str(tmp_path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


class Connection:
    """Fails with some codes first."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)

    def execute(self, _statement: str) -> None:
        if self.codes:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.codes.pop(0)
            raise error


def test_only_a_busy_file_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Connection(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY)
    sqlite._write_ahead(busy)  # type: ignore[arg-type]
    assert busy.codes == []
    with pytest.raises(sqlite3.OperationalError):
        sqlite._write_ahead(Connection(sqlite3.SQLITE_READONLY))  # type: ignore[arg-type]
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", -1)
    with pytest.raises(sqlite3.OperationalError):
        sqlite._write_ahead(Connection(sqlite3.SQLITE_BUSY))  # type: ignore[arg-type]
