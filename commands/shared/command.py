"""The base class of all commands, and their exit codes."""

from __future__ import annotations

from typing import Any

import click

from .verbosity import verbosity_options

__all__ = ["EXIT_CODES", "FINE", "PROBLEMS", "WRONG_USE", "Command", "version"]


FINE, PROBLEMS, WRONG_USE = 0, 1, 2
EXIT_CODES = {
    FINE: "no problems",
    PROBLEMS: "problems were found; each command below says which ones count",
    WRONG_USE: "wrong use: the command line is wrong, the mapping cannot be used, or a file cannot be read or written",
    130: "interrupted (Ctrl-C)",
    141: "the reader of standard output closed the pipe",
}


def version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """Prints the version of the installed distribution."""
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"moemap {version('moemap')}")
        context.exit()


class Command(click.Command):
    """A command whose help keeps the layout of its examples, and which refuses empty arguments, and options as values.

    `failure` says when its exit code is 1.
    """

    def __init__(self, *arguments: Any, failure: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params += verbosity_options()
        self.failure = failure

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        rest = super().parse_args(context, arguments)
        options = {name for parameter in self.get_params(context) for name in parameter.opts if name.startswith("-")}
        for parameter in self.params:
            given = context.params.get(parameter.name or "")
            words = [word for word in (given if isinstance(given, tuple) else (given,)) if isinstance(word, str)]
            if "" in words:
                raise click.BadParameter("it is empty", context, parameter)
            if isinstance(parameter, click.Option) and (option := next(filter(options.__contains__, words), None)):
                raise click.BadParameter(f"{option} is an option: a value is missing before it", context, parameter)
        return rest

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.strip().splitlines():
                    formatter.write(f"  {line.strip()}\n" if line.strip() else "\n")
        if self.failure:
            with formatter.section("Exit codes"):
                formatter.write_dl(
                    [(str(code), self.failure if code == PROBLEMS else text) for code, text in EXIT_CODES.items()]
                )
