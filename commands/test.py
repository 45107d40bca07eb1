"""`moemap test`: runs the golden tests of mappings."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.coverage import CoverageOptions, coverage_options
from .shared.opening import print_problems
from .shared.project import configuration, searched
from .shared.verbosity import detail, is_quiet, note

__all__ = ["command"]


@click.command(
    "test",
    cls=Command,
    failure="a test failed, a test file cannot be used, or the coverage is less than --fail-under",
    epilog="""
    moemap test
    moemap test mappings/mparticle-moengage/v1/tests -k purchase
    moemap test -k "refund and not wishlist"
    moemap test --update mappings
    moemap test --format junit > tests.xml
    moemap test --coverage --coverage-output coverage.html
    moemap test --suggest suggested.yaml
    """,
)
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option(
    "-k",
    "expression",
    metavar="EXPR",
    help="Only tests whose name, file or covered rows contain these words (and, or, not).",
)
@click.option("--update", is_flag=True, help="Rewrite the expectations that failed, and show the changes.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "github", "json", "junit"]),
    default="text",
    show_default=True,
    help="Output for people, programs, or a CI service.",
)
@coverage_options
def command(
    paths: tuple[str, ...],
    expression: str | None,
    update: bool,
    format_: str,
    coverage: bool,
    coverage_output: tuple[str, ...],
    fail_under: float | None,
    suggest: str | None,
) -> None:
    """Run the golden tests of mappings.

    A PATH is a test file or a folder that is searched. Without one, the tests of the project are run, or else those
    below this folder, or else, where there are no rule files, those of the installed mappings.
    """
    from ..engine import golden
    from ..engine.diagnostics.terminal import printable, printable_lines, takes_color
    from ..engine.golden import files as goldenfile
    from ..engine.golden.reports import FORMATS, GoldenRun
    from ..engine.golden.selection import SelectionError, selection
    from ..engine.jobs.files import written_whole
    from ..engine.source.homes import display_name

    try:
        wanted = selection(expression) if expression is not None else None
    except SelectionError as error:
        raise click.UsageError(f"-k {expression!r}: {error}") from None
    for missing in (path for path in paths if not Path(path).exists()):
        raise click.UsageError(f"{missing}: no such file or folder")
    if update and format_ != "text":
        raise click.UsageError("--update cannot be combined with --format")
    covering = CoverageOptions(coverage, coverage_output, fail_under, suggest)
    configuration()
    places = searched(paths)
    runner = golden.GoldenRunner(interpreter=covering.interpreter)
    run = GoldenRun()
    for path in goldenfile.discover([Path(place) for place in places]):
        name = path.as_posix() if places else display_name(path)
        file, problems, sources = goldenfile.load(path, name, runner.opening)
        run.sources |= sources
        if file is None:
            if format_ == "text":
                print_problems(problems, sources)
            run.unusable[name] = problems
            continue
        chosen = [one for one in file.tests if wanted is None or wanted((one.name, path.name, *one.covers))]
        outcomes = run.outcomes[name] = [runner.run(file, one) for one in chosen]
        for outcome in outcomes:
            detail(printable(f"{'passed' if outcome.passed else 'failed'}: {outcome.test.name} ({outcome.test.place})"))
        failures = [outcome for outcome in outcomes if not outcome.passed]
        if update and failures:
            change = golden.update(file, failures)
            click.echo(printable_lines(change.diff), nl=False)
            with written_whole(path) as rewritten:
                rewritten.write(change.text.encode())
            run.updated |= {id(one) for one in failures if not (one.problems or one.test in change.refused)}
    if not (run.unusable or any(run.outcomes.values())):
        if paths and expression is None:  # a repository may have none
            note("no tests found")
        else:
            raise click.UsageError("no tests found" + (f" for -k {expression!r}" if expression is not None else ""))
    click.echo(FORMATS[format_](run, color=takes_color(sys.stdout)), nl=False)
    if format_ == "text" and not is_quiet():
        click.echo(run.counts())
    batches = [batch for outcomes in run.outcomes.values() for outcome in outcomes for batch in outcome.test.batches]
    is_enough = covering.report(runner.interpreters, batches, err=format_ != "text")
    sys.exit(PROBLEMS if run.count("failed") or not is_enough else FINE)
