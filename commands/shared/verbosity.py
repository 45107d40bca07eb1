"""The options `-q` and `-v` of every command, and messages that follow them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

__all__ = ["detail", "is_quiet", "is_verbose", "note", "verbosity_options"]

_KEY = "moemap.verbosity"


def _setting(level: int) -> Callable[[click.Context, click.Parameter, Any], None]:
    def set_level(context: click.Context, _parameter: click.Parameter, given: bool) -> None:
        if given:
            context.meta[_KEY] = level

    return set_level


def verbosity_options() -> list[click.Option]:
    """The options `-q` and `-v`; the last one wins."""
    quiet, verbose = "Print results and problems only.", "Also say which files are used, and why."
    return [
        click.Option(["-q", "--quiet"], is_flag=True, expose_value=False, callback=_setting(-1), help=quiet),
        click.Option(["-v", "--verbose"], is_flag=True, expose_value=False, callback=_setting(1), help=verbose),
    ]


def _level() -> int:
    level: int = click.get_current_context().meta.get(_KEY, 0)
    return level


def is_quiet() -> bool:
    """Returns whether the command was called with `-q`."""
    return _level() < 0


def is_verbose() -> bool:
    """Returns whether the command was called with `-v`."""
    return _level() > 0


def note(text: str) -> None:
    """Prints a text to standard error, unless `-q` was given."""
    if not is_quiet():
        _say(text)


def detail(text: str) -> None:
    """Prints a text to standard error if `-v` was given."""
    if is_verbose():
        _say(text)


def _say(text: str) -> None:
    from ...engine.diagnostics.terminal import printable_lines

    click.echo(printable_lines(text), err=True)
