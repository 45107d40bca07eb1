"""`moemap test`: runs the golden tests of mappings."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.coverage import CoverageOptions, coverage_options
from .shared.golden import run_tests, watch_tests
from .shared.mutation import MutationOptions, mutation_options
from .shared.project import configuration, searched
from .shared.targets import check_outputs, files_of
from .shared.verbosity import is_quiet, note

__all__ = ["command"]


@click.command(
    "test",
    cls=Command,
    failure="a test failed, a test file cannot be used, the coverage is less than --fail-under, or a mutant survived",
    epilog="""
    moemap test
    moemap test mappings/mparticle-moengage/v1/tests -k purchase
    moemap test -k "refund and not wishlist"
    moemap test --update mappings
    moemap test --watch mappings
    moemap test --format junit > tests.xml
    moemap test --coverage --coverage-output coverage.html
    moemap test --suggest suggested.yaml
    moemap test --mutate --against origin/main
    moemap test --mutate --budget 60s --mutate-output mutants.json mappings
    """,
)
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option(
    "-k",
    "expression",
    metavar="EXPR",
    help="Only tests whose name, file or covered rows contain these words (and, or, not).",
)
@click.option("--watch", is_flag=True, help="Run tests again when a file changes, until Ctrl-C.")
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
@mutation_options
def command(
    paths: tuple[str, ...],
    expression: str | None,
    watch: bool,
    update: bool,
    format_: str,
    coverage: bool,
    coverage_output: tuple[str, ...],
    fail_under: float | None,
    suggest: str | None,
    mutate: bool,
    mutate_output: str | None,
    budget: str | None,
    seed: int | None,
    against: str | None,
    jobs: int | None,
) -> None:
    """Run the golden tests of mappings.

    A PATH is a test file or a folder that is searched. Without one, the tests of the project are run, or else those
    below this folder, or else, where there are no rule files, those of the installed mappings.
    """
    from ..engine.diagnostics.terminal import takes_color
    from ..engine.golden.files import mappings_in
    from ..engine.golden.reports import FORMATS
    from ..engine.golden.selection import SelectionError, selection

    try:
        wanted = selection(expression) if expression is not None else None
    except SelectionError as error:
        raise click.UsageError(f"-k {expression!r}: {error}") from None
    for missing in (path for path in paths if not Path(path).exists()):
        raise click.UsageError(f"{missing}: no such file or folder")
    if update and format_ != "text":
        raise click.UsageError("--update cannot be combined with --format")
    mutating = MutationOptions(mutate, mutate_output, budget, seed, against, jobs, suggest if mutate else None)
    covering = CoverageOptions(coverage, coverage_output, fail_under, None if mutate else suggest, against)
    if against is not None and not (mutate or covering.is_wanted):
        raise click.UsageError("--against needs --mutate or --coverage")
    configuration()
    places = searched(paths)
    if watch:
        if update or mutate or covering.is_wanted or format_ != "text":
            raise click.UsageError("--watch can be combined with -k only")
        sys.exit(FINE if watch_tests(places, wanted) else PROBLEMS)
    runner = covering.runner()
    prints = format_ == "text"
    run = run_tests(places, runner, wanted, is_named=bool(places), update=update, prints=prints)
    if not (run.unusable or any(run.outcomes.values())):
        if expression is None and covering.is_wanted and places:
            note("no tests found")
            for mapping in mappings_in(map(Path, places)):
                runner.include(mapping)
        elif paths and expression is None:  # a repository may have none
            note("no tests found")
        else:
            raise click.UsageError("no tests found" + (f" for -k {expression!r}" if expression is not None else ""))
    click.echo(FORMATS[format_](run, color=takes_color(sys.stdout)), nl=False)
    if prints and not is_quiet():
        click.echo(run.counts())
    written = (*coverage_output, suggest, mutate_output)
    if any(written):
        from ..engine.golden.watching import files_of as files_of_tests

        rulebooks = [one.rulebook for one in runner.interpreters]
        read = [path for file in run.files.values() for path in files_of_tests(file, runner.opening)]
        check_outputs(written, [*read, *(path for rulebook in rulebooks for path in files_of(rulebook))])
    is_enough = covering.report(runner, [batch for _, test in run.tests for batch in test.batches], err=not prints)
    if run.count("failed"):
        if mutate:
            note("mutants are run once all tests pass")
        sys.exit(PROBLEMS)
    mutation = mutating.report(run.tests, runner, err=not prints)
    sys.exit(FINE if is_enough and (mutation is None or mutation.ok) else PROBLEMS)
