"""`moemap compile`: prints the Python source that a mapping is compiled to."""

from __future__ import annotations

from pathlib import Path

import click

from .shared.command import DEFAULT_MAPPING, Command
from .shared.opening import load_mapping, settings_of

__all__ = ["command"]


@click.command(
    "compile",
    cls=Command,
    epilog="""
    moemap compile
    moemap compile --set identity=email --output generated.py
    moemap compile --standalone -o mapping.py
    moemap compile --standalone -o mapping.py examples/workspaces/portfolio.yaml
    """,
)
@click.argument("name", default=DEFAULT_MAPPING, metavar="[NAME|PATH]")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting. Strings are literal; other types are parsed as JSON.",
)
@click.option("--standalone", is_flag=True, help="One module that needs only Python, with a function transform(batch).")
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of standard output.")
def command(name: str, settings: tuple[str, ...], standalone: bool, output: str | None) -> None:
    """Print the Python source of a mapping.

    Comments in it name the lines of the rules.
    """
    from ..engine.compiler import source_of
    from ..engine.compiler.standalone.standalone import StandaloneError, standalone_of
    from ..engine.jobs.files import written_whole
    from .shared.targets import check_output

    rulebook = load_mapping(name, settings_of(settings)).rulebook
    try:
        source = standalone_of(rulebook) if standalone else source_of(rulebook)
    except StandaloneError as error:
        raise click.UsageError(f"{name} cannot be compiled to a standalone module: {error}") from None
    if output is None or output == "-":
        click.echo(source, nl=False)
        return
    paths = [source.path for source in rulebook.sources.values() if source.path is not None]
    check_output(output, [*paths, *(path for schema in rulebook.schemas.values() for path in schema.paths)])
    with written_whole(Path(output)) as file:
        file.write(source.encode())
