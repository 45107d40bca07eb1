"""`moemap docs`: writes the page of a mapping, or the generated pages of moemap's own documentation."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.completion import mappings
from .shared.opening import load_mapping
from .shared.project import chosen, mapping_options

__all__ = ["command"]


@click.command(
    "docs",
    cls=Command,
    failure="with --check, a page is missing or stale",
    epilog="""
    moemap docs
    moemap docs examples/workspaces/portfolio.yaml -o portfolio.md
    moemap docs --check examples/workspaces/portfolio.yaml -o portfolio.md
    moemap docs --reference docs
    """,
)
@click.argument("name", required=False, shell_complete=mappings, metavar="[NAME|PATH]")
@mapping_options
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write to a file instead of standard output (-)."
)
@click.option(
    "--reference",
    "folder",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Instead, write the generated pages of moemap's own documentation into a folder, and the schemas of rules.",
)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if a page is missing or stale.")
def command(
    name: str | None,
    settings: tuple[str, ...],
    environment: str | None,
    output: str | None,
    folder: str | None,
    only_check: bool,
) -> None:
    """Write the page of a mapping, in Markdown.

    It lists outputs, settings with their values, rules with their fields, tables and functions, as moemap show does.
    """
    from ..cli import main
    from ..engine.diagnostics.terminal import printable
    from ..engine.language.editor_schemas import editor_schemas
    from ..engine.pages import pages, stale
    from ..engine.show import markdown
    from ..engine.source.homes import SCHEMAS, display_name
    from .shared.reference import reference
    from .shared.writing import write

    if folder is not None and (name is not None or output is not None):
        raise click.UsageError("--reference cannot be combined with a mapping or --output")
    if folder is not None:
        made = {**pages(), "commands.md": reference(main)}
        texts = {Path(folder) / page: text for page, text in made.items()}
        texts |= {SCHEMAS / page: text for page, text in editor_schemas().items()}
    elif output is None or output == "-":
        if only_check:
            raise click.UsageError("--check requires --output with a file, or --reference")
        write(markdown(load_mapping(chosen(name, settings, environment)).rulebook), None)
        return
    else:
        texts = {Path(output): markdown(load_mapping(chosen(name, settings, environment)).rulebook)}
    found = stale(texts)
    for path, text in found.items():
        if not only_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(text, str(path))
        click.echo(
            printable(f"{display_name(path)} {'is stale; write it without --check' if only_check else 'written'}")
        )
    sys.exit(PROBLEMS if only_check and found else FINE)
