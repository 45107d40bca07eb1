"""The new folders that commands write mappings into."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["name_for"]


def name_for(folder: Path) -> str:
    """The name of the mapping in a new folder; exits with exit code 2 if it cannot have it, or has files."""
    from ...engine.authoring.writing import name_of

    name = folder.resolve().name
    if name_of(name) != name:
        raise click.UsageError(f"{name!r} cannot be the name of a mapping; did you mean {name_of(name)!r}?")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.UsageError(f"{folder} exists already; name a new folder")
    return name
