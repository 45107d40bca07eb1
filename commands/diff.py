"""`moemap diff`: compares two versions of a mapping by meaning."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.completion import mappings
from .shared.opening import load_mapping, program_of
from .shared.project import chosen, mapping_options
from .shared.verbosity import note

if TYPE_CHECKING:
    from ..engine.configuration import Choice
    from ..engine.insight.ignoring import IgnoreLine
    from ..engine.jobs.transform import Transform

__all__ = ["command"]


@click.command(
    "diff",
    cls=Command,
    failure="with --corpus: a record is not a batch; with --check: the version of the new mapping is not enough, "
    "or a line of --ignore ignores no change",
    epilog="""
    moemap diff mparticle-moengage@1 examples/workspaces/portfolio.yaml
    moemap diff --against HEAD mappings/mparticle-moengage/v1
    moemap diff --against main --check --format github mappings/mparticle-moengage/v1
    moemap diff --format html mparticle-moengage@1 examples/workspaces/portfolio.yaml > diff.html
    moemap diff --check --ignore accepted.txt --against main mappings/mparticle-moengage/v1
    moemap diff --corpus examples mparticle-moengage@1 examples/workspaces/email_identity.yaml
    """,
)
@click.argument("names", nargs=-1, shell_complete=mappings, metavar="[OLD] NEW")
@click.option("--against", metavar="REVISION", help="Compare NEW with its files in a revision of its Git repository.")
@click.option("--check", is_flag=True, help="Fail if the version of NEW is lower than its changes require.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown", "html", "json", "github"]),
    default="text",
    show_default=True,
    help="Output for people, a pull request, a browser, programs, or GitHub Actions.",
)
@click.option(
    "--corpus",
    multiple=True,
    metavar="FILE",
    help="Also compare the results of both versions for these batches, - for standard input; may be repeated.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Worker processes for --corpus."
)
@click.option(
    "--ignore",
    "ignore_file",
    metavar="FILE",
    help="Lines `ID # REASON`: changes, by the id that is shown for them, that do not count.",
)
@click.option("--show-values", is_flag=True, help="With --corpus: show values of batches instead of their kinds.")
@mapping_options
def command(
    names: tuple[str, ...],
    against: str | None,
    check: bool,
    format_: str,
    corpus: tuple[str, ...],
    jobs: int,
    ignore_file: str | None,
    show_values: bool,
    settings: tuple[str, ...],
    environment: str | None,
) -> None:
    """Compare two versions of a mapping by meaning.

    OLD and NEW are files, folders, or names of installed mappings. Each change is breaking (a member of an output is
    removed or has another type), behaviour (other values, conditions or order), or an addition; changes of layout,
    comments and descriptions do not count.
    """
    from ..engine.diagnostics.terminal import printable, takes_color
    from ..engine.insight.change_report import Comparison, render
    from ..engine.insight.changes import changes_between
    from ..engine.insight.corpus import Comparing, compare_over
    from ..engine.insight.ignoring import without_ignored
    from ..engine.insight.revisions import RevisionError, checked_out
    from ..engine.jobs.program import RulesChangedError
    from ..engine.jobs.transform import WorkerError
    from .shared.progress import status_line
    from .shared.targets import expanded

    if len(names) > (1 if against is not None else 2):
        raise click.UsageError("too many names: with --against, one; otherwise OLD and NEW")
    if against is None and len(names) < 2:
        raise click.UsageError("name OLD and NEW, or give --against with NEW alone")
    with ExitStack() as stack:
        choice = chosen(names[-1] if names else None, settings, environment)
        new_name, new = choice.reference, load_mapping(choice)
        if against is None:
            old_name = old_path = names[0]
        else:
            try:
                file = new.rulebook.main.path or Path(new_name)
                old_path = str(stack.enter_context(checked_out(file, against)))
            except RevisionError as error:
                raise click.UsageError(f"--against {against}: {error}") from None
            old_name = f"{new_name} in {against}"
        old_choice = chosen(old_path, settings, environment)
        old = load_mapping(old_choice)
        differences = changes_between(old.rulebook, new.rulebook)
        if against is not None:
            root = next(folder for folder in Path(old_path).parents if folder.name.startswith("moemap-"))
            differences = tuple(change.was_in(f"{root}/", f"{against}:") for change in differences)
        changes, accepted, stale = without_ignored(differences, _ignores(ignore_file))
        comparison = Comparison(
            old_name,
            new_name,
            old.rulebook.version,
            new.rulebook.version,
            changes,
            is_versioned=old.rulebook.workspace is None is new.rulebook.workspace,
            accepted=accepted,
            stale=stale,
        )
        found = None
        if corpus:
            with status_line() as show:
                comparing = Comparing(_transform(old_choice), _transform(choice))
                try:
                    found = compare_over(comparing, expanded(corpus, None), show, jobs)
                except (RulesChangedError, WorkerError) as error:
                    raise click.UsageError(str(error)) from None
    text = render(format_, comparison, found, show_values=show_values, color=takes_color(sys.stdout))
    if text:
        click.echo(text)
    note(comparison.summary)
    for line in comparison.stale:
        click.echo(printable(f"{ignore_file}:{line.line}: no change has the id {line.id}: remove the line"), err=True)
    is_refused = check and (comparison.stale or not comparison.is_enough)
    sys.exit(PROBLEMS if is_refused or (found is not None and found.unreadable.count) else FINE)


def _ignores(name: str | None) -> tuple[IgnoreLine, ...]:
    """The lines of the file of --ignore."""
    from ..engine.insight.ignoring import read_ignores
    from ..engine.source.contents import whole
    from ..engine.source.text import MAX_FILE_BYTES

    if name is None:
        return ()
    try:
        return read_ignores(whole(Path(name), MAX_FILE_BYTES).decode())
    except ValueError as error:
        raise click.UsageError(f"--ignore {name}: {error}") from None


def _transform(choice: Choice) -> Transform:
    """Opens one of the two mappings for many batches."""
    from ..engine.jobs.transform import Recipe, Transform

    return Transform(Recipe(choice.reference, choice.settings, "result", pretty=False), program_of(choice, bulk=False))
