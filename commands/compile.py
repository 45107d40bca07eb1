"""`moemap compile`: prints the Python source that a mapping is compiled to."""

from __future__ import annotations

import click

from .shared.command import Command
from .shared.completion import mappings
from .shared.opening import load_mapping
from .shared.project import chosen, mapping_options
from .shared.targets import files_of

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
@click.argument("name", required=False, shell_complete=mappings, metavar="[NAME|PATH]")
@mapping_options
@click.option("--standalone", is_flag=True, help="One module that needs only Python, with a function transform(batch).")
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write to a file instead of standard output (-)."
)
def command(
    name: str | None, settings: tuple[str, ...], environment: str | None, standalone: bool, output: str | None
) -> None:
    """Print the Python source of a mapping.

    Comments in it name the lines of the rules.
    """
    from ..engine.compiler import source_of
    from ..engine.compiler.standalone.standalone import StandaloneError, standalone_of
    from .shared.writing import write

    rulebook = load_mapping(chosen(name, settings, environment)).rulebook
    try:
        source = standalone_of(rulebook) if standalone else source_of(rulebook)
    except StandaloneError as error:
        raise click.UsageError(f"{rulebook.name} cannot be compiled to a standalone module: {error}") from None
    write(source, output, files_of(rulebook))
