"""`moemap lost`: lists the members of inputs that no rule reads, or that rules read but do not send."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.completion import mappings
from .shared.opening import load_mapping
from .shared.project import chosen, mapping_options
from .shared.verbosity import note

__all__ = ["command"]


@click.command(
    "lost",
    cls=Command,
    failure="a batch cannot be read; with --fail-on: there is such a member; with --baseline: something differs",
    epilog="""
    moemap lost examples
    moemap lost --limits examples
    moemap lost --format markdown --all examples > lost.md
    moemap lost --write-baseline baseline.json examples
    moemap lost --baseline baseline.json examples
    """,
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--mapping", shell_complete=mappings, metavar="NAME|PATH", help="A mapping or workspace.")
@mapping_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Output for people, a document, or programs.",
)
@click.option("--all", "all_", is_flag=True, help="Also list the members that are sent.")
@click.option("--show-values", is_flag=True, help="Also show the first value of each member.")
@click.option(
    "--limits",
    is_flag=True,
    help="Also map the batches, and count distinct names in requests against the limits of the outputs.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["unread", "unsent", "limits"]),
    help="Members, or passed limits of names, for exit code 1.",
)
@click.option("--baseline", metavar="FILE", help="Report only differences from this file.")
@click.option("--write-baseline", metavar="FILE", help="Write the members and their fates, without values.")
def command(
    inputs: tuple[str, ...],
    mapping: str | None,
    settings: tuple[str, ...],
    environment: str | None,
    format_: str,
    all_: bool,
    show_values: bool,
    limits: bool,
    fail_on: Literal["unread", "unsent", "limits"] | None,
    baseline: str | None,
    write_baseline: str | None,
) -> None:
    """List the members of inputs that are lost.

    Each member of the batches is sent by a rule, left out by a spread or a policy because of its name, only read by
    rules (by a condition, for instance), or not read at all.
    This is found from the rules: a member counts as sent where some rule can send it. Of conditions, only those count
    that compare a member with a constant string.

    Each INPUT is a file, a folder, a pattern, or - for standard input, as for transform.
    """
    from ..engine.diagnostics.terminal import printable, takes_color
    from ..engine.insight.loss import loss_over
    from ..engine.insight.loss_report import MAX_BASELINE_BYTES, baseline_of, drift, read_baseline, render, summary
    from ..engine.jobs.files import written_whole
    from ..engine.source.contents import whole
    from .shared.progress import status_line
    from .shared.targets import check_outputs, expanded, files_of

    try:
        known = None if baseline is None else read_baseline(whole(Path(baseline), MAX_BASELINE_BYTES))
    except ValueError as error:
        raise click.UsageError(f"{baseline}: {error}") from None
    rulebook = load_mapping(chosen(mapping, settings, environment)).rulebook
    names = expanded(inputs, None)
    check_outputs([write_baseline], files_of(rulebook), names)
    with status_line() as show:
        loss = loss_over(rulebook, names, show, limits=limits or fail_on == "limits")
    failed = bool(loss.unreadable.count)
    if known is not None:
        for line in (changes := drift(known, loss)):
            click.echo(printable(line))
        failed = failed or bool(changes)
    elif text := render(
        format_,
        loss,
        ("unread", "dropped", "read", "sent") if all_ else ("unread", "dropped", "read"),
        show_values=show_values,
        color=takes_color(sys.stdout),
    ):
        click.echo(text)
    if write_baseline is not None:
        with written_whole(Path(write_baseline)) as file:
            file.write(baseline_of(loss).encode())
    note(summary(loss))
    if loss.unreadable.count:
        note(loss.unreadable.text())
    if fail_on == "limits":
        failed = failed or any(one.is_too_many for one in loss.distinct)
    elif fail_on is not None:
        failed = failed or bool(loss.sorted(*(("unread",) if fail_on == "unread" else ("unread", "dropped", "read"))))
    sys.exit(PROBLEMS if failed else FINE)
