"""`moemap explain-code`: prints the page of a problem code."""

from __future__ import annotations

import click

from .shared.command import Command
from .shared.completion import codes

__all__ = ["command"]


@click.command(
    "explain-code",
    cls=Command,
    epilog="""
    moemap explain-code M101
    """,
)
@click.argument("code", shell_complete=codes)
def command(code: str) -> None:
    """Print the page of a problem code.

    It says what the code means and how to fix it, with a wrong and a right example.
    """
    from ..engine.diagnostics.suggestions import did_you_mean
    from ..engine.source.homes import PAGES

    pages = {path.stem: path for path in sorted(PAGES.glob("M*.md"))}
    page = pages.get(code.upper())
    if page is None:
        hint = did_you_mean(code.upper(), pages)
        raise click.UsageError(f"unknown problem code {code!r}{f'; {hint}' if hint else ''}")
    click.echo(page.read_text("utf-8"), nl=False)
