"""Runs the test files that a command is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .opening import print_problems
from .verbosity import detail

if TYPE_CHECKING:
    from ...engine.golden.reports import GoldenRun
    from ...engine.golden.runner import GoldenRunner

__all__ = ["Wanted", "run_tests"]

Wanted = Callable[[Iterable[str]], bool] | None
"""Tells whether a test is to run by its name, its file and the rows that it covers; None for all."""


def run_tests(
    places: Iterable[str], runner: GoldenRunner, wanted: Wanted, *, is_named: bool, update: bool, prints: bool
) -> GoldenRun:
    """Runs the tests of files and folders.

    `is_named`: messages call files as they are found, not as they are installed. `update` rewrites the expectations
    that failed; `prints` says what is wrong with a file that cannot be used.
    """
    from ...engine import golden
    from ...engine.diagnostics.terminal import printable, printable_lines
    from ...engine.golden.files import discover, load
    from ...engine.golden.reports import GoldenRun
    from ...engine.jobs.files import written_whole
    from ...engine.source.homes import display_name

    run = GoldenRun()
    for path in discover([Path(place) for place in places]):
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
