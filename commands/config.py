"""`moemap config`: shows the effective configuration of the project, and where each value comes from."""

from __future__ import annotations

import json
import sys

import click

from .shared.command import FINE, PROBLEMS, Command
from .shared.completion import mappings
from .shared.opening import print_problems
from .shared.project import chosen, configuration, mapping_options

__all__ = ["command"]


@click.command(
    "config",
    cls=Command,
    failure="the project file has a problem",
    epilog="""
    moemap config
    moemap config --env staging
    moemap config --format json
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
    help="A table for people, or JSON for programs.",
)
def command(name: str | None, settings: tuple[str, ...], environment: str | None, format_: str) -> None:
    """Show the effective configuration, and where each value comes from.

    The project file is moemap.toml, or pyproject.toml with a table [tool.moemap], of this folder or the nearest one
    above. Options win over it. The values are those of a command with the same options.
    """
    from ..engine.configuration.report import rows, text
    from ..engine.inspection import settings_problems

    made = configuration(broken=True)
    problems = made.problems or tuple(settings_problems(made))
    if problems:
        print_problems(problems, made.sources)
        sys.exit(PROBLEMS)
    found = rows(made, chosen(name, settings, environment, may_be_open=True))
    click.echo(json.dumps([row._asdict() for row in found], indent=2) if format_ == "json" else text(found))
    sys.exit(FINE)
