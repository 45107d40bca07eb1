"""`moemap show`: shows a mapping as tables."""

from __future__ import annotations

import sys

import click

from .shared.command import Command
from .shared.completion import mappings
from .shared.opening import load_mapping
from .shared.project import chosen, mapping_options

__all__ = ["command"]


@click.command(
    "show",
    cls=Command,
    epilog="""
    moemap show
    moemap show mparticle-moengage@1 --set identity=email
    moemap show --format json mappings/mparticle-moengage/v1
    """,
)
@click.argument("name", required=False, shell_complete=mappings, metavar="[NAME|PATH]")
@mapping_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Tables for people, or JSON for programs.",
)
def command(name: str | None, settings: tuple[str, ...], environment: str | None, format_: str) -> None:
    """Show a mapping as tables.

    They list its outputs, settings with their values, rules with their fields, tables and functions.
    """
    from ..engine import show as tables
    from ..engine.diagnostics.terminal import takes_color

    mapping = load_mapping(chosen(name, settings, environment))
    if format_ == "json":
        click.echo(tables.as_json(mapping.rulebook))
    else:
        click.echo(tables.text(mapping.rulebook, color=takes_color(sys.stdout)))
