"""Packages that only some commands need, and that are installed with an extra."""

from __future__ import annotations

import click

__all__ = ["needs_extra"]


def needs_extra(package: str, what: str, extra: str) -> None:
    """Exits with exit code 2 if a package of an extra is not installed; `what` needs it."""
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise click.UsageError(f"{what} needs more packages: pip install 'moemap[{extra}]'")
