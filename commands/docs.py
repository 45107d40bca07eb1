"""`moemap docs`: writes the documentation of a mapping, or the generated pages of moemap's own."""

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
    moemap docs mparticle-moengage@1 -o site
    moemap docs examples/workspaces/portfolio.yaml -o portfolio.html
    moemap docs --check examples/workspaces/portfolio.yaml -o portfolio.html
    moemap docs --reference docs
    """,
)
@click.argument("name", required=False, shell_complete=mappings, metavar="[NAME|PATH]")
@mapping_options
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE|DIR",
    help="Write to a file that ends in .md or .html, or both to a folder (README.md and index.html); by default, the "
    "Markdown goes to standard output (-).",
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
    """Write the documentation of a mapping: a page of Markdown, and one for a browser.

    They list outputs, settings with their values, and what is left out and why. For each rule they say which field of
    the input becomes which attribute, with its type and description and the line of the rule, and show an example from
    the golden tests. What a workspace changes is marked.
    """
    from ..cli import main
    from ..engine.diagnostics.terminal import printable
    from ..engine.documents.markdown import markdown
    from ..engine.documents.whole import as_html, documentation
    from ..engine.own_schemas import generated_schemas
    from ..engine.pages import pages, stale
    from ..engine.source.homes import SCHEMAS, display_name
    from .shared.reference import reference
    from .shared.writing import write

    if folder is not None and (name is not None or output is not None):
        raise click.UsageError("--reference cannot be combined with a mapping or --output")
    if folder is not None:
        own = {**pages(), "commands.md": reference(main)}
        texts = {Path(folder) / page: text for page, text in own.items()}
        texts |= {SCHEMAS / page: text for page, text in generated_schemas().items()}
    elif output is None or output == "-":
        if only_check:
            raise click.UsageError("--check requires --output with a file or folder, or --reference")
        write(markdown(documentation(load_mapping(chosen(name, settings, environment)).rulebook)), None)
        return
    else:
        made, path = documentation(load_mapping(chosen(name, settings, environment)).rulebook), Path(output)
        formats = {".md": markdown, ".html": as_html}
        paths = [path] if path.suffix in formats else [path / "README.md", path / "index.html"]
        texts = {path: formats[path.suffix](made) for path in paths}
    found = stale(texts)
    for path, text in found.items():
        if not only_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(text, str(path))
        click.echo(
            printable(f"{display_name(path)} {'is stale; write it without --check' if only_check else 'written'}")
        )
    sys.exit(PROBLEMS if only_check and found else FINE)
