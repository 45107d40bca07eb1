"""The options of `moemap test` for coverage, and what they print and write."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ...engine.interpreter.interpreter import Interpreter

__all__ = ["CoverageOptions", "coverage_options"]


@dataclass(frozen=True)
class CoverageOptions:
    """What is wanted: a list on standard output, files, and a least share of branches in percent."""

    is_listed: bool
    outputs: tuple[str, ...]
    least: float | None

    def __post_init__(self) -> None:
        from ...engine.insight.coverage_report import FORMATS

        for output in self.outputs:
            if Path(output).suffix not in FORMATS:
                raise click.UsageError(f"--coverage-output {output}: the name must end in {', '.join(FORMATS)}")

    @property
    def interpreter(self) -> Callable[..., Interpreter]:
        """Makes the interpreter of a rulebook; it counts branches if anything is wanted."""
        from ...engine.insight.coverage import CountingInterpreter
        from ...engine.interpreter.interpreter import Interpreter

        is_wanted = self.is_listed or self.outputs or self.least is not None
        return CountingInterpreter if is_wanted else Interpreter

    def report(self, interpreters: Iterable[Interpreter], *, err: bool) -> bool:
        """Prints and writes what is wanted; returns whether the share is the least one or above."""
        from ...engine.diagnostics.terminal import takes_color
        from ...engine.insight.coverage import coverage_of
        from ...engine.insight.coverage_report import FORMATS, text
        from ...engine.jobs.files import written_whole

        found = coverage_of(interpreters)
        if self.is_listed:
            click.echo(text(found, color=takes_color(sys.stderr if err else sys.stdout)), err=err)
        for output in self.outputs:
            with written_whole(Path(output)) as file:
                file.write(FORMATS[Path(output).suffix](found).encode())
        if self.least is None or found.share >= self.least:
            return True
        click.echo(f"{found.share:.1f} % of the branches are taken, less than {self.least:g} %", err=True)
        return False


def coverage_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of coverage to a command."""
    listed = click.option("--coverage", is_flag=True, help="Also list the branches of the rules that no test takes.")
    outputs = click.option(
        "--coverage-output",
        multiple=True,
        metavar="FILE",
        help="Write the coverage to a file: .html (annotated rules), .json, or .info (LCOV); may be repeated.",
    )
    least = click.option(
        "--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="The least share of branches taken."
    )
    return listed(outputs(least(command)))
