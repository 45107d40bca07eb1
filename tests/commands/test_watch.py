"""`moemap test --watch`: runs the tests again that a change affects, and ends with the last result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from moemap.cli import main
from moemap.tests.docs.examples import write

GOOD = """\
tests:
  - test: an event
    input: {events: [{name: a}]}
    match: partial
    expect: {requests: [{body: {name: a}}]}
"""
BAD = GOOD.replace("body: {name: a}", "body: {name: b}")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal")


@pytest.fixture
def watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    monkeypatch.chdir(tmp_path)
    write([], Path())
    Path("tests.yaml").write_text(GOOD, "utf-8")
    command = [sys.executable, "-m", "moemap", "test", "--watch", "tests.yaml"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored where tests run unattended
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        yield process
        process.kill()


def counts(process: subprocess.Popen[str]) -> str:
    """The next line with counts."""
    assert process.stdout is not None
    return next(line for line in process.stdout if "passed" in line)


def interrupted(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(timeout=60)


@pytest.mark.slow
def test_the_last_results_give_the_exit_code(watching: subprocess.Popen[str]) -> None:
    assert counts(watching) == "1 passed, 0 failed; waiting for changes, Ctrl-C ends\n"
    Path("tests.yaml").write_text(BAD, "utf-8")
    assert counts(watching).startswith("0 passed, 1 failed")
    assert interrupted(watching) == 1


@pytest.mark.slow
def test_a_change_of_the_rules(watching: subprocess.Popen[str]) -> None:
    counts(watching)
    rules = Path("mapping.yaml").read_text("utf-8")
    Path("mapping.yaml").write_text(rules.replace("event.name", "event.title"), "utf-8")
    assert counts(watching).startswith("0 passed, 1 failed")
    Path("mapping.yaml").write_text(rules, "utf-8")
    assert counts(watching).startswith("1 passed, 0 failed")
    assert interrupted(watching) == 0
    assert watching.stderr is not None
    assert "changed: mapping.yaml\n" in watching.stderr.read()


@pytest.mark.parametrize("other", ["--update", "--coverage", "--mutate", "--format=json"])
def test_nothing_else_is_watched(other: str) -> None:
    result = CliRunner().invoke(main, ["test", "--watch", other])
    assert result.exit_code == 2
    assert "--watch can be combined with -k only" in result.stderr
