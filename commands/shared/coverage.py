"""The options of `moemap test` for coverage, and their reports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .opening import print_problems
from .verbosity import note

if TYPE_CHECKING:
    from ...engine.diagnostics.problem import Place
    from ...engine.golden.runner import GoldenRunner
    from ...engine.insight.coverage import Coverage
    from ...engine.language.rulebook import Rulebook

__all__ = ["CoverageOptions", "coverage_options", "print_coverage"]

_TRIES = 5000


@dataclass(frozen=True)
class CoverageOptions:
    """The wanted reports: a list on standard output, files, a minimum share of branches in percent, suggestions."""

    is_listed: bool
    outputs: tuple[str, ...]
    least: float | None
    suggest: str | None = None
    against: str | None = None

    def __post_init__(self) -> None:
        _check_outputs(self.outputs)

    def runner(self) -> GoldenRunner:
        """Makes the runner of the tests, which counts branches if any report is wanted."""
        from ...engine.golden.runner import GoldenRunner
        from ...engine.insight.coverage import CountingRunner

        return CountingRunner() if self.is_wanted else GoldenRunner()

    @property
    def is_wanted(self) -> bool:
        return bool(self.is_listed or self.outputs or self.least is not None or self.suggest is not None)

    def report(self, runner: GoldenRunner, batches: Iterable[Any], *, err: bool) -> bool:
        """Prints and writes the wanted reports; returns whether the share is at least the minimum.

        `batches` are the inputs of the tests, with which the search for suggestions begins.
        """
        from ...engine.diagnostics.terminal import takes_color
        from ...engine.insight.coverage import CountingRunner
        from ...engine.insight.coverage_report import text
        from ...engine.insight.suggestions import suggestions
        from ...engine.insight.suggestions import text as text_of_suggestions
        from ...engine.jobs.files import written_whole
        from .progress import status_line

        if not isinstance(runner, CountingRunner):
            return True
        found = runner.coverage()
        if self.against is not None:
            found.keep(_changed(runner, self.against))
        if found.problems:
            print_problems(found.problems, found.sources)
        if self.is_listed:
            click.echo(text(found, color=takes_color(sys.stderr if err else sys.stdout)), err=err)
        _write(found, self.outputs)
        if self.suggest is not None and runner.interpreters:
            with status_line() as show, written_whole(Path(self.suggest)) as file:
                rulebook = runner.interpreters[0].rulebook
                made = suggestions(rulebook, runner.coverage(rulebook.main.path), batches, _TRIES, show)
                file.write(text_of_suggestions(made).encode())
            count = sum(len(one.branches) for one in made)
            note(f"{len(made)} suggested tests for {count} branches: {self.suggest}")
        if found.problems:
            return False
        if self.least is None or found.share >= self.least:
            return True
        click.echo(f"{found.share:.1f} % of the branches are taken, less than {self.least:g} %", err=True)
        return False


def _changed(runner: GoldenRunner, revision: str) -> Callable[[Place], bool]:
    """Returns whether a place is in a part of the rules that changed since a revision."""
    from ...engine.insight.changed_parts import changed_since
    from ...engine.insight.revisions import RevisionError

    mappings = {one.rulebook.main.path: one.rulebook for one in runner.interpreters}
    try:
        changed = [
            changed_since(path.parent, rulebook.sources, revision)
            for path, rulebook in mappings.items()
            if path is not None
        ]
    except RevisionError as error:
        raise click.UsageError(f"--against {revision}: {error}") from None
    return lambda place: any(is_changed(place) for is_changed in changed)


def _check_outputs(outputs: Iterable[str]) -> None:
    from ...engine.insight.coverage_report import FORMATS

    for output in outputs:
        if Path(output).suffix not in FORMATS:
            raise click.UsageError(f"--coverage-output {output}: the name must end in {', '.join(FORMATS)}")


def _write(coverage: Coverage, outputs: Iterable[str]) -> None:
    from ...engine.insight.coverage_report import FORMATS
    from ...engine.jobs.files import written_whole

    for output in outputs:
        with written_whole(Path(output)) as file:
            file.write(FORMATS[Path(output).suffix](coverage).encode())


_OF_RESULTS = ("output", "output_dir", "rejects", "resume", "restart", "replay_rejects", "check_input", "account")


def print_coverage(rulebook: Rulebook, inputs: Iterable[str], options: Mapping[str, Any]) -> bool:
    """Prints and writes how often batches take each branch; returns whether a record cannot be read."""
    from ...engine.diagnostics.terminal import takes_color
    from ...engine.insight.corpus_coverage import coverage_over
    from ...engine.insight.coverage_report import text
    from .progress import status_line
    from .targets import check_outputs, expanded, files_of

    for name in _OF_RESULTS:
        if options[name]:
            raise click.UsageError(
                f"--coverage cannot be combined with --{name.replace('_', '-')}: there are no results"
            )
    _check_outputs(options["coverage_output"])
    names = expanded(tuple(inputs), None) or ("-",)
    check_outputs(options["coverage_output"], files_of(rulebook), names)
    with status_line() as show:
        found = coverage_over(rulebook, names, options["jobs"], show)
    if options["coverage"]:
        click.echo(text(found.coverage, color=takes_color(sys.stdout), counts_all=True))
    _write(found.coverage, options["coverage_output"])
    unreadable = f", {found.unreadable.count} unreadable" if found.unreadable.count else ""
    note(f"{found.batches} batch{'' if found.batches == 1 else 'es'}{unreadable}")
    if found.unreadable.count:
        note(found.unreadable.text())
    return bool(found.unreadable.count)


def coverage_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of coverage to a command."""
    listed = click.option("--coverage", is_flag=True, help="Also list the branches of the rules that no test takes.")
    outputs = click.option(
        "--coverage-output",
        multiple=True,
        metavar="FILE",
        help="Write the coverage to a file: .html (annotated rules), .json, or .info (LCOV); may be repeated.",
    )
    least = click.option(
        "--fail-under",
        type=click.FloatRange(0, 100),
        metavar="PERCENT",
        help="Minimum share of branches taken, in percent.",
    )
    suggest = click.option(
        "--suggest",
        metavar="FILE",
        help="Write tests for branches that no test takes, or mutants that none finds; review what they expect.",
    )
    return listed(outputs(least(suggest(command))))
