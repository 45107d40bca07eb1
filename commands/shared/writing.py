"""Writes the output of a command to a file or to standard output."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from ...engine.source.paths import STDIN
from .targets import check_outputs

__all__ = ["write"]


def write(text: str, output: str | None, made_of: Iterable[Path] = ()) -> None:
    """Writes a text to a file, whole or not at all; `-` and None are standard output.

    Refuses to overwrite a file from which it was made.
    """
    from ...engine.jobs.files import written_whole

    if output is None or output == STDIN:
        click.echo(text, nl=False)
        return
    check_outputs([output], made_of)
    with written_whole(Path(output)) as file:
        file.write(text.encode())
