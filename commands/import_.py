"""`moemap import`: writes a mapping from the files of another tool."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .shared.command import PROBLEMS, Command
from .shared.folders import name_for, new_folder
from .shared.verbosity import note

__all__ = ["command"]


@click.command(
    "import",
    cls=Command,
    failure="something could not be converted",
    epilog="""
    moemap import rudderstack MOENGAGETrackConfig.json GenericFieldMapping.json -o mappings/shop
    moemap import segment subscriptions.json -o mappings/shop
    moemap import data-plan plan.json -o mappings/planned
    """,
)
@click.argument("tool", type=click.Choice(["rudderstack", "segment", "data-plan"]), metavar="TOOL")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("-o", "--output", required=True, metavar="DIR", type=click.Path(path_type=Path), help="A new folder.")
def command(tool: str, files: tuple[Path, ...], output: Path) -> None:
    """Write a mapping from the files of another tool.

    TOOL is rudderstack (the JSON mapping files of its transformer), segment (mappings or subscriptions of destination
    actions), or data-plan (a data plan of mParticle). From the first two, the new folder has the rules, golden tests
    with made-up inputs, and schemas that accept anything, to be replaced. A data plan becomes a mapping that extends
    the shipped one and accepts the planned events only, so that `moemap check` compares the rules with the plan.
    Whatever cannot be converted, or means something else here, is reported with its place.
    """
    from ..engine.diagnostics.reporters import Report, render
    from ..engine.diagnostics.reporters.text import summary
    from ..engine.diagnostics.terminal import takes_color
    from ..importers import IMPORTERS, write

    made = IMPORTERS[tool](name_for(output), files)
    if made.problems:
        click.echo(render("text", Report(made.problems, made.sources, (), takes_color(sys.stdout))))
    if made.files:
        with new_folder(output) as fresh:
            write(made, fresh)
    unit = "data point" if tool == "data-plan" else "field"
    count = f"{made.converted} {unit}{'' if made.converted == 1 else 's'} converted"
    note(f"{count}, {summary(made.problems)}; {f'written to {output}' if made.files else 'nothing written'}")
    if made.problems:
        raise click.exceptions.Exit(PROBLEMS)
