"""`moemap test`: runs the golden tests of mappings."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.opening import print_problems

__all__ = ["command"]


@click.command(
    "test",
    cls=Command,
    failure="a test failed, or a test file cannot be used",
    epilog="""
    moemap test
    moemap test mappings/mparticle-moengage/v1/tests -k purchase
    moemap test -k "refund and not wishlist"
    moemap test --update mappings
    """,
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "-k",
    "expression",
    metavar="EXPR",
    help="Only tests whose name, file or covered rows contain these words (and, or, not).",
)
@click.option("--update", is_flag=True, help="Rewrite the expectations that failed, and show the changes.")
def command(paths: tuple[str, ...], expression: str | None, update: bool) -> None:
    """Run the golden tests of mappings.

    A PATH is a test file or a folder that is searched; without one, the tests of all installed mappings are run.
    """
    from ..engine import golden
    from ..engine.diagnostics.terminal import printable_lines, takes_color
    from ..engine.golden import files as goldenfile
    from ..engine.golden.selection import SelectionError, selection
    from ..engine.jobs.files import written_whole
    from ..engine.source.homes import display_name

    try:
        wanted = selection(expression) if expression is not None else None
    except SelectionError as error:
        raise click.UsageError(f"-k {expression!r}: {error}") from None
    for missing in (path for path in paths if not Path(path).exists()):
        raise click.UsageError(f"{missing}: no such file or folder")
    runner = golden.GoldenRunner()
    passed = failed = updated = 0
    color = takes_color(sys.stdout)
    for path in goldenfile.discover([Path(path) for path in paths]):
        name = path.as_posix() if paths else display_name(path)
        file, problems, sources = goldenfile.load(path, name, runner.opening)
        if file is None:
            print_problems(problems, sources)
            failed += 1
            continue
        chosen = [one for one in file.tests if wanted is None or wanted((one.name, path.name, *one.covers))]
        outcomes = [runner.run(file, one) for one in chosen]
        passed_here = sum(outcome.passed for outcome in outcomes)
        passed += passed_here
        failures = [outcome for outcome in outcomes if not outcome.passed]
        if update and failures:
            change = golden.update(file, failures)
            click.echo(printable_lines(change.diff), nl=False)
            with written_whole(path) as rewritten:
                rewritten.write(change.text.encode())
            failures = [outcome for outcome in failures if outcome.problems or outcome.test in change.refused]
            updated += len(outcomes) - passed_here - len(failures)
        for outcome in failures:
            click.echo(golden.text(outcome, color=color) + "\n")
        failed += len(failures)
    if passed + failed + updated == 0:
        raise click.UsageError("no tests found" + (f" for -k {expression!r}" if expression is not None else ""))
    click.echo(f"{passed} passed, {failed} failed" + (f", {updated} updated" if updated else ""))
    sys.exit(PROBLEMS if failed else FINE)
