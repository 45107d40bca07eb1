"""`moemap privacy`: lists the places that personal members of the input can reach."""

from __future__ import annotations

import sys

import click

from .shared.command import Command
from .shared.completion import mappings
from .shared.opening import load_mapping
from .shared.project import chosen, mapping_options
from .shared.verbosity import note

__all__ = ["command"]


@click.command(
    "privacy",
    cls=Command,
    epilog="""
    moemap privacy
    moemap privacy mparticle-moengage@1 --set identity=email
    moemap privacy --format markdown my-workspace.yaml > privacy.md
    """,
)
@click.argument("name", required=False, shell_complete=mappings, metavar="[NAME|PATH]")
@mapping_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Output for people, a document, or programs.",
)
def command(name: str | None, settings: tuple[str, ...], environment: str | None, format_: str) -> None:
    """List the places that personal data can reach.

    For each member that the input schema marks as personal, the output lists the places of requests that its value can
    reach, by which rules, under which conditions, and whether a hash masks it; and separately, the places that it only
    influences. This is found from the rules alone, for any input.
    """
    from ..engine.diagnostics.terminal import takes_color
    from ..engine.privacy.personal import privacy_of
    from ..engine.privacy.report import render, summary

    rulebook = load_mapping(chosen(name, settings, environment)).rulebook
    found = privacy_of(rulebook)
    if text := render(format_, rulebook, found, color=takes_color(sys.stdout)):
        click.echo(text)
    if not found.members:
        note(f"the schema {rulebook.input.schema!r} marks no member as personal")
    else:
        note(summary(found))
