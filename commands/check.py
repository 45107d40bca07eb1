"""`moemap check`: finds the problems of rule files without any data."""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Mapping as Values
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..engine.diagnostics.reporters import formats
from .shared.command import FINE, PROBLEMS, Command
from .shared.completion import mappings
from .shared.project import configuration, searched
from .shared.verbosity import detail, is_quiet

if TYPE_CHECKING:
    from ..engine.inspection import Inspection
    from ..engine.language.rulebook import Rulebook

__all__ = ["command"]


@click.command(
    "check",
    cls=Command,
    failure="there are problems of the --fail-level or above, or an output is refuted",
    epilog="""
    moemap check
    moemap check mappings examples/workspaces
    moemap check --format github --fail-level warning mappings
    moemap check --format sarif mappings > moemap.sarif
    moemap check --fix
    moemap check --prove
    """,
)
@click.argument("paths", nargs=-1, shell_complete=mappings, metavar="[PATH]...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(formats()),
    default="text",
    show_default=True,
    help="Output for people, programs, or a CI service.",
)
@click.option(
    "--fail-level",
    type=click.Choice(["error", "warning"]),
    help="Minimum severity for exit code 1.  [default: that of the project file, or error]",
)
@click.option(
    "--fix", is_flag=True, help="Apply hints that are exact edits and resolve their problems, and print the changes."
)
@click.option("--prove", is_flag=True, help="Also prove that outputs conform to their schemas, and print the verdicts.")
@click.option("--all-guards", is_flag=True, help="With --prove: list every place that needs validation at run time.")
@click.option("--list-skipped", is_flag=True, help="Also list the YAML files that are not checked, and why.")
def command(
    paths: tuple[str, ...],
    format_: str,
    fail_level: str | None,
    fix: bool,
    prove: bool,
    all_guards: bool,
    list_skipped: bool,
) -> None:
    """Check mappings, workspaces and test files.

    No data is needed. A PATH is a file or a folder, or the name of an installed mapping. Without one, the project is
    checked with its project file, or else the rule files below this folder, or else the installed mappings. In a
    folder, every YAML file that looks like a file of a mapping is checked, by its name, its keys or
    its modeline; hidden files and those of installed packages are ignored.
    """
    from ..engine.diagnostics.reporters import Report, render
    from ..engine.diagnostics.reporters.text import summary
    from ..engine.diagnostics.terminal import printable, takes_color
    from ..engine.inspection import inspect_paths, inspect_project
    from ..engine.source.paths import PathError

    if (prove or all_guards) and format_ != "text":
        raise click.UsageError("--prove cannot be combined with --format")
    made = configuration(broken=not paths)
    level = fail_level or (made.fail_level.value if made.fail_level is not None else "error")
    try:
        is_project = not paths and made.source is not None
        where = () if is_project else searched(paths)

        def inspect(texts: Values[Path, str]) -> Inspection:
            return inspect_project(made, texts) if is_project else inspect_paths(where, texts)

        inspection = _fixed(inspect) if fix else inspect({})
    except PathError as error:
        raise click.UsageError(str(error)) from None
    problems = inspection.problems
    for file in inspection.files:
        detail(f"checked: {file}")
    if list_skipped:
        for one in inspection.skipped:
            click.echo(printable(f"skipped: {one.path.as_posix()} {one.reason}"), err=True)
    refuted = _prove(inspection.rulebooks, all_guards=all_guards) if prove or all_guards else 0
    report = Report(problems, inspection.sources, inspection.files, takes_color(sys.stdout))
    if text := render(format_, report):
        click.echo(text)
    if format_ == "text" and not is_quiet():
        if problems:
            click.echo()
        count, skipped = len(inspection.files), len(inspection.skipped)
        counts = f"{count} {'file' if count == 1 else 'files'} checked{f', {skipped} skipped' if skipped else ''}"
        proofs = f", but {refuted} {'output is' if refuted == 1 else 'outputs are'} refuted" if refuted else ""
        click.echo(f"{counts}: {summary(problems)}{proofs}")
    failed = refuted > 0 or any(problem.severity in ("error", level) for problem in problems)
    sys.exit(PROBLEMS if failed else FINE)


def _fixed(inspect: Callable[[Values[Path, str]], Inspection]) -> Inspection:
    """Applies edits, says which, and returns the inspection afterwards."""
    from ..engine.diagnostics.terminal import printable
    from ..engine.fixing import ChangedError, fixed, write

    found = fixed(inspect)
    try:
        write(found)
    except ChangedError as error:
        raise click.UsageError(str(error)) from None
    for one in found.fixes:
        text = f"fixed: {one.edit.place}: {one.old} -> {one.edit.text} ({one.problem.code}: {one.problem.message})"
        click.echo(printable(text), err=True)
    return found.inspection


def _prove(rulebooks: Values[str, Rulebook], *, all_guards: bool) -> int:
    """Prints the verdicts on the outputs of each mapping; returns the number of refuted outputs."""
    from ..engine.proof import report as proof_report
    from ..engine.proof.prover import prove
    from .shared.progress import status_line

    refuted = 0
    for name, rulebook in rulebooks.items():
        with status_line() as show:
            proof = prove(rulebook, progress=partial(_show_progress, show, name))
        click.echo(proof_report.text(name, proof, all_guards=all_guards) + "\n")
        refuted += sum(output.verdict == "refuted" for output in proof.outputs)
    return refuted


def _show_progress(show: Callable[[str], None], name: str, output: str, share: float) -> None:
    show(f"proving {name}: {output}, {share:.0%} of the search done")
