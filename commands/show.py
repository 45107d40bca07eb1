"""`moemap show`: shows a mapping as tables."""

from __future__ import annotations

import sys

import click

from .shared.command import DEFAULT_MAPPING, Command
from .shared.opening import load_mapping, settings_of

__all__ = ["command"]


@click.command(
    "show",
    cls=Command,
    epilog="""
    moemap show
    moemap show mparticle-moengage@1
    moemap show --format json mappings/mparticle-moengage/v1
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
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Tables for people, or JSON for programs.",
)
def command(name: str, settings: tuple[str, ...], format_: str) -> None:
    """Show a mapping as tables.

    They list its outputs, settings with their values, rules with their fields, tables and functions.
    """
    from ..engine import show as tables
    from ..engine.diagnostics.terminal import takes_color

    mapping = load_mapping(name, settings_of(settings))
    if format_ == "json":
        click.echo(tables.as_json(mapping.rulebook))
    else:
        click.echo(tables.text(mapping.rulebook, color=takes_color(sys.stdout)))
