"""`moemap schema`: prints or locates the JSON Schemas of moemap's own files."""

from __future__ import annotations

import click

from .shared.command import Command
from .shared.completion import schemas

__all__ = ["command"]


@click.command(
    "schema",
    cls=Command,
    epilog="""
    moemap schema
    moemap schema rules
    moemap schema --path workspace
    moemap schema rules -o rules.schema.json
    """,
)
@click.argument("name", required=False, shell_complete=schemas, metavar="[NAME]")
@click.option("--path", "only_path", is_flag=True, help="Print where the schema is installed instead.")
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write to a file instead of standard output (-)."
)
def command(name: str | None, only_path: bool, output: str | None) -> None:
    """Print a JSON Schema of moemap's own files.

    Editors complete and explain the keys of rule files, workspaces, tests and project files by these schemas; programs
    can rely on those of results, rejects, problems, summaries, explanations, coverage, comparisons and privacy reports.
    Without a NAME, all of them are listed.
    """
    from ..engine.diagnostics.suggestions import did_you_mean
    from ..engine.own_schemas import OwnSchema, own_schemas
    from .shared.writing import write

    known: dict[str, OwnSchema] = own_schemas()
    if name is None:
        for one in known.values():
            click.echo(f"{one.name:<12} {one.path if only_path else one.title}")
        return
    if name not in known:
        hint = did_you_mean(name, known)
        raise click.UsageError(f"no schema {name!r}{f'; {hint}' if hint else ''}")
    write(f"{known[name].path}\n" if only_path else known[name].path.read_text("utf-8"), output)
