"""The progress bar: who sees it, and what it says."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from moemap.commands.shared import progress
from moemap.engine.jobs.summary import Summary


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def set_time(seconds: float) -> None:
        now[0] = seconds

    return set_time


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Makes standard error a terminal; in the test itself, as pytest sets it before."""
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_the_rate_after_a_resume_counts_new_batches_alone(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = on_terminal(monkeypatch)
    with progress.progress_bar(["-"]) as show:
        assert show is not None
        show(Summary(batches=1_000_000), 0)
        clock(110.0)
        show(Summary(batches=1_000_500), 0)
    assert "1000500 batches, 50/s, 0 problems" in terminal.getvalue()


def test_nobody_watches_a_dumb_terminal_or_a_short_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    terminal = on_terminal(monkeypatch)
    (tmp_path / "small.json").write_text("{}")
    with progress.progress_bar([str(tmp_path / "small.json")]) as show:
        assert show is None
    monkeypatch.setenv("TERM", "dumb")
    with progress.progress_bar(["-"]) as show:
        assert show is None
    assert terminal.getvalue() == ""


def test_a_status_line_is_written_over_and_taken_away(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = on_terminal(monkeypatch)
    with progress.status_line() as show:
        show("proving a\u202e")
        show("too soon")
        clock(110.0)
        show("proving b")
    assert terminal.getvalue() == "\rproving a\\u202e\x1b[K\rproving b\x1b[K\r\x1b[K"
    monkeypatch.setenv("TERM", "dumb")
    with progress.status_line() as show:
        show("proving c")
    assert "proving c" not in terminal.getvalue()
