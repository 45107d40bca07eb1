"""Opens the settings, mappings and samples given to a command, or exits with their problems."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from collections.abc import Mapping as Values
from typing import TYPE_CHECKING, Any

import click

from .command import WRONG_USE
from .project import configuration

if TYPE_CHECKING:
    from ...engine.api import Mapping
    from ...engine.configuration import Choice
    from ...engine.diagnostics.problem import Problem
    from ...engine.jobs.program import Program
    from ...engine.source.text import Source

__all__ = ["load_mapping", "print_problems", "program_of", "settings_of", "value_in"]


def settings_of(given: Iterable[str]) -> dict[str, Any]:
    """The settings of `--set`, to be converted to the types that the mapping declares."""
    from ...engine.language.settings import GivenText

    settings = {}
    for setting in given:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--set takes NAME=VALUE, not {setting!r}")
        settings[name] = GivenText(value)
    return settings


def value_in(name: str) -> Any:
    """The JSON value in a file, or - for standard input, which is as large as a record at most."""
    from ...engine.jobs.input import MAX_RECORD_BYTES
    from ...engine.source.json_reader import read_value

    with click.open_file(name, "rb") as file:
        text = file.read(MAX_RECORD_BYTES + 1)
    if len(text) > MAX_RECORD_BYTES:
        raise click.UsageError(f"{name} has more than {MAX_RECORD_BYTES} bytes")
    try:
        return read_value(text)
    except ValueError as error:
        raise click.UsageError(f"{name} {error}") from None


def program_of(choice: Choice, *, bulk: bool) -> Program:
    """The mapping, ready to run; exits with its problems and exit code 2 if it cannot be used."""
    from ...engine.diagnostics.problem import MappingError
    from ...engine.jobs.program import open_program

    try:
        program = open_program(choice.reference, choice.settings, bulk=bulk)
    except MappingError as error:
        print_problems(error.problems, {**error.sources, **configuration().sources})
        sys.exit(WRONG_USE)
    if bulk and program.dispatch.bulk is None:
        raise click.UsageError(f"the mapping {program.name} does not describe 'bulk'")
    return program


def load_mapping(choice: Choice) -> Mapping:
    """The mapping; exits with its problems and exit code 2 if it cannot be used."""
    from ...engine.api import Mapping, inspect

    loaded = inspect(choice.reference, choice.settings)
    if loaded.rulebook is None:
        print_problems(loaded.problems, {**loaded.sources, **configuration().sources})
        sys.exit(WRONG_USE)
    return Mapping(loaded.rulebook, loaded.problems)


def print_problems(problems: tuple[Problem, ...], sources: Values[str, Source]) -> None:
    """Prints problems to standard error, with excerpts of these sources (by name)."""
    from ...engine.diagnostics.reporters import Report
    from ...engine.diagnostics.reporters.text import render, summary
    from ...engine.diagnostics.terminal import takes_color

    click.echo(render(Report(problems, sources, color=takes_color(sys.stderr))), err=True)
    click.echo(f"\n{summary(problems)}", err=True)
