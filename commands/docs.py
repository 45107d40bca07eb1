"""`moemap docs`: writes the generated pages of the documentation."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .shared.command import FINE, PROBLEMS, Command

__all__ = ["command"]


@click.command(
    "docs",
    cls=Command,
    failure="with --check, a page is missing or stale",
    epilog="""
    moemap docs docs
    moemap docs --check docs
    """,
)
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if a page is missing or stale.")
def command(folder: str, only_check: bool) -> None:
    """Write the generated pages of the docs into a folder, and the schemas of rule files."""
    from ..cli import main
    from ..engine.diagnostics.terminal import printable
    from ..engine.jobs.files import written_whole
    from ..engine.language.editor_schemas import editor_schemas
    from ..engine.pages import pages
    from ..engine.source.homes import SCHEMAS, display_name
    from .shared.reference import reference

    files = {Path(folder) / name: text for name, text in {**pages(), "commands.md": reference(main)}.items()}
    files |= {SCHEMAS / name: text for name, text in editor_schemas().items()}
    stale = []
    for path, text in files.items():
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        stale.append(display_name(path))
        if not only_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path) as file:
                file.write(text.encode())
    for path_name in stale:
        what = f"is stale; write it with: moemap docs {folder}" if only_check else "written"
        click.echo(printable(f"{path_name} {what}"))
    sys.exit(PROBLEMS if only_check and stale else FINE)
