"""The progress bar: when it is shown, and its text."""

from __future__ import annotations

import asyncio
import io
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from moemap.commands import send
from moemap.commands.shared import progress
from moemap.engine.delivery import sender as delivery
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
    """A function that makes standard error a terminal; called in the test, since pytest replaces it before."""
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


@pytest.mark.slow
def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Sender:
        progress = delivery.Progress(Counter(accepted=1200), waiting="for a limit")
        outbox = SimpleNamespace(left=lambda: 34)

    async def watch() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(send._show(cast("Any", Sender)), 0.5)

    monkeypatch.setattr(send, "is_quiet", lambda: False)
    monkeypatch.setattr(send, "REFRESH_SECONDS", 0.001)
    monkeypatch.setattr(send, "LINE_SECONDS", 0.05)
    asyncio.run(watch())
    lines = capsys.readouterr().err.splitlines()
    assert 1 < len(lines) < 15
    assert all(re.fullmatch(r"1,200 accepted, \d+/s, 34 left(, about .*)?, waits for a limit", line) for line in lines)
    monkeypatch.setattr(send, "LINE_SECONDS", 60.0)
    asyncio.run(watch())
    assert capsys.readouterr().err == ""
