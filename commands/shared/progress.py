"""Progress of long runs, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.diagnostics.terminal import is_lively, printable

if TYPE_CHECKING:
    from ...engine.jobs.summary import Summary

__all__ = ["counting_bar", "progress_bar", "status_line"]

MIN_BYTES = 1_000_000
REFRESH_SECONDS = 0.1


@contextmanager
def progress_bar(inputs: Iterable[str]) -> Iterator[Callable[[Summary, int], None] | None]:
    """A progress bar on standard error: batches, rate, problems. None without a terminal or for a short run.

    The first call of its function gives the counts at the start: a resumed run has batches that were mapped before.
    """
    total = sum(Path(name).stat().st_size for name in inputs if name != "-" and Path(name).is_file())
    if not is_lively(sys.stderr) or ("-" not in inputs and total < MIN_BYTES):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    text = TextColumn("{task.fields[batches]} batches, {task.fields[rate]}/s, {task.fields[problems]} problems")
    columns = BarColumn(), text, TimeRemainingColumn()
    # Refreshed explicitly: with a thread for that, this process could not be forked for workers.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=total or None, batches=0, rate=0, problems=0)
        begun = shown = time.monotonic()
        before: int | None = None

        def show(summary: Summary, bytes_read: int) -> None:
            nonlocal shown, before
            if before is None:
                before = summary.batches
            now = time.monotonic()
            if now - shown < REFRESH_SECONDS:
                return
            shown = now
            rate = int((summary.batches - before) / (now - begun))
            problems = summary.problems.total()
            bar.update(task, completed=bytes_read, batches=summary.batches, rate=rate, problems=problems, refresh=True)

        yield show


@contextmanager
def counting_bar(what: str) -> Iterator[Callable[[int, int], object]]:
    """A progress bar on standard error for a known number of steps, which `what` calls; nothing without a terminal."""
    if not is_lively(sys.stderr):
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = BarColumn(), MofNCompleteColumn(), TextColumn(what), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("")
        shown = 0.0

        def show(done: int, all_: int) -> None:
            nonlocal shown
            if (now := time.monotonic()) - shown >= REFRESH_SECONDS:
                shown = now
                bar.update(task, completed=done, total=all_, refresh=True)

        yield show


@contextmanager
def status_line() -> Iterator[Callable[[str], None]]:
    """A line on standard error, overwritten by the next one and removed at the end; nothing without a terminal."""
    if not is_lively(sys.stderr):
        yield lambda _: None
        return
    shown = 0.0

    def show(line: str) -> None:
        nonlocal shown
        if (now := time.monotonic()) - shown >= REFRESH_SECONDS:
            shown = now
            sys.stderr.write(f"\r{printable(line)}{_CLEAR}")
            sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write(f"\r{_CLEAR}")
        sys.stderr.flush()


_CLEAR = "\x1b[K"
