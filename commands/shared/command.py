"""The kind of command that all commands are, and their exit codes."""

from __future__ import annotations

import click

__all__ = ["DEFAULT_MAPPING", "FINE", "PROBLEMS", "WRONG_USE", "Command", "version"]


DEFAULT_MAPPING = "mparticle-moengage"


FINE, PROBLEMS, WRONG_USE = 0, 1, 2


def version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """Prints the version of the installed distribution."""
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"moemap {version('moemap')}")
        context.exit()


class Command(click.Command):
    """A command whose help keeps its examples as they are written, and which takes no empty texts."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        rest = super().parse_args(context, arguments)
        for parameter in self.params:
            given = context.params.get(parameter.name or "")
            if given == "" or (isinstance(given, tuple) and "" in given):
                raise click.BadParameter("it is empty", context, parameter)
        return rest

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.strip().splitlines():
                    formatter.write(f"  {line.strip()}\n" if line.strip() else "\n")
