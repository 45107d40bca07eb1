"""Runs the test files that a command is given."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .opening import print_problems
from .verbosity import detail, is_quiet, note

if TYPE_CHECKING:
    from ...engine.golden.reports import GoldenRun
    from ...engine.golden.runner import GoldenRunner
    from ...engine.language.discovery import SkippedFile

__all__ = ["Wanted", "run_tests", "watch_tests"]

POLL_SECONDS = 0.3

Wanted = Callable[[Iterable[str]], bool] | None
"""Returns whether a test is to run, by its name, its file and the rows that it covers; None: all tests are."""


def run_tests(
    places: Iterable[str], runner: GoldenRunner, wanted: Wanted, *, is_named: bool, update: bool, prints: bool
) -> GoldenRun:
    """Runs the tests of files and folders.

    `is_named`: files were given, so messages name them as they are found. `update` rewrites the expectations that
    failed; `prints` prints the problems of files that cannot be used.
    """
    from ...engine import golden
    from ...engine.diagnostics.terminal import printable, printable_lines
    from ...engine.golden.files import discover, load
    from ...engine.golden.reports import GoldenRun
    from ...engine.jobs.files import written_whole
    from ...engine.source.homes import display_name

    run = GoldenRun()
    for path in discover([Path(place) for place in places], _say_skipped):
        name = path.as_posix() if is_named else display_name(path)
        file, problems, sources = load(path, name, runner.opening)
        run.sources |= sources
        if file is None:
            if prints:
                print_problems(problems, sources)
            run.unusable[name] = problems
            continue
        chosen = [one for one in file.tests if wanted is None or wanted((one.name, path.name, *one.covers))]
        outcomes = run.outcomes[name] = [runner.run(file, one) for one in chosen]
        run.files[name] = file
        for outcome in outcomes:
            detail(printable(f"{'passed' if outcome.passed else 'failed'}: {outcome.test.name} ({outcome.test.place})"))
        failures = [outcome for outcome in outcomes if not outcome.passed]
        if update and failures:
            change = golden.update(file, failures)
            click.echo(printable_lines(change.diff), nl=False)
            with written_whole(path) as rewritten:
                rewritten.write(change.text.encode())
            run.updated |= {id(one) for one in failures if not (one.problems or one.test in change.refused)}
    return run


def _say_skipped(one: SkippedFile) -> None:
    from ...engine.diagnostics.terminal import printable

    note(printable(f"skipped: {one.path.as_posix()} {one.reason}"))


def watch_tests(places: Iterable[str], wanted: Wanted) -> bool:
    """Runs tests, and again those that a changed file affects, until Ctrl-C; returns whether all passed at last."""
    from ...engine.diagnostics.terminal import takes_color
    from ...engine.golden.reports import FORMATS
    from ...engine.golden.runner import GoldenRunner
    from ...engine.golden.watching import Watch, files_of

    watch = Watch([Path(place) for place in places])
    failed: dict[str, int] = {}
    try:
        while True:
            changed, touched = watch.touched()
            if touched:
                for path in changed:
                    note(f"changed: {path}")
                runner = GoldenRunner()
                run = run_tests(map(str, touched), runner, wanted, is_named=True, update=False, prints=True)
                for path in touched:
                    file = run.files.get(path.as_posix())
                    watch.ran(path, None if file is None else files_of(file, runner.opening))
                    outcomes = run.outcomes.get(path.as_posix())
                    failed[path.as_posix()] = 1 if outcomes is None else sum(not one.passed for one in outcomes)
                click.echo(FORMATS["text"](run, color=takes_color(sys.stdout)), nl=False)
                click.echo(run.counts() + ("" if is_quiet() else "; waiting for changes, Ctrl-C ends"))
                sys.stdout.flush()
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        click.echo(err=True)
    return not any(count for name, count in failed.items() if Path(name).exists())
