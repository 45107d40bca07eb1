"""A server of PostgreSQL of its own for these tests, on a socket in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from moemap.tests.engine.delivery.conftest import clock, outbox, place, timed

__all__ = ["clock", "outbox", "place", "timed"]

SETTINGS = "-c listen_addresses='' -c max_connections=100 -c shared_buffers=64MB"


def programs() -> Path:
    """The folder of the server's programs: Debian has one for each version."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.exit("there is no server of PostgreSQL to test with", returncode=1)
    return folders[-1]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a database that nothing else uses."""
    folder = mkdtemp(prefix="moemap-postgres-")
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    before = ["runuser", "-u", user, "--"] if os.geteuid() == 0 else []  # the server refuses to run as root
    if before:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [*before, str(programs() / program), "-D", f"{folder}/data", *arguments]
        subprocess.run(command, check=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    run("initdb", "-A", "trust", "-U", "moemap", "-E", "UTF8")
    run("pg_ctl", "start", "-w", "-l", f"{folder}/log", "-o", f"{SETTINGS} -k {folder}")
    try:
        yield f"postgresql://moemap@/postgres?host={folder}"
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_place(server: str) -> Callable[[], str]:
    """Gives empty schemas."""
    numbers = count()

    def make() -> str:
        name = f"outbox_{next(numbers)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"{server}&options=-csearch_path%3D{name}"

    return make
