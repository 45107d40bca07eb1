"""The choices of the project file and of a command's options: a mapping, its settings, its files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import completion
from .command import WRONG_USE
from .verbosity import detail, note

if TYPE_CHECKING:
    from ...engine.configuration import Choice, Configuration

__all__ = ["BUNDLED", "chosen", "configuration", "files_of_samples", "mapping_options", "searched"]

BUNDLED = "mparticle-moengage"
"""The mapping that is used if the user has none."""

_KEY = "moemap.configuration"


def mapping_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that choose the settings of a mapping: `--set` and `--env`."""
    settings = click.option(
        "--set",
        "settings",
        multiple=True,
        shell_complete=completion.settings,
        metavar="NAME=VALUE",
        help="A setting. Strings are literal; other types are parsed as JSON.",
    )
    environment = click.option(
        "--env",
        "environment",
        metavar="NAME",
        shell_complete=completion.environments,
        help="An environment of the project file, whose settings are used.",
    )
    return settings(environment(command))


def configuration(*, broken: bool = False) -> Configuration:
    """The Configuration of the project around the working folder; read once.

    Exits with the problems of the project file and exit code 2 if it has errors, unless a `broken` one is wanted.
    """
    from ...engine.configuration.finding import configuration_around
    from .opening import print_problems

    meta = click.get_current_context().meta
    if _KEY not in meta:
        meta[_KEY] = configuration_around(Path())
        if meta[_KEY].source is not None:
            detail(f"project file: {meta[_KEY].source.name}")
    made: Configuration = meta[_KEY]
    if not broken and any(problem.severity == "error" for problem in made.problems):
        print_problems(made.problems, made.sources)
        sys.exit(WRONG_USE)
    return made


def chosen(
    reference: str | None,
    settings: tuple[str, ...],
    environment: str | None,
    *,
    option: str = "as given",
    may_be_open: bool = False,
) -> Choice:
    """The mapping to use, with its settings; prints its name if nobody named it.

    With `may_be_open`, the reference is empty if a project has several mappings and no default.
    """
    from ...engine.configuration.choice import ChoiceError, choose
    from .opening import settings_of

    try:
        choice = choose(
            configuration(),
            BUNDLED,
            reference=reference,
            option=option,
            settings=settings_of(settings),
            environment=environment,
            may_be_open=may_be_open,
        )
    except ChoiceError as error:
        raise click.UsageError(str(error)) from None
    if choice.reference:
        is_noted = choice.is_assumed and choice.reference != BUNDLED
        (note if is_noted else detail)(f"using {choice.reference} ({choice.why})")
    if choice.environment is not None:
        detail(f"environment: {choice.environment}")
    return choice


def files_of_samples(names: tuple[str, ...]) -> tuple[str, ...]:
    """The files and patterns of the samples that the project file gives these names."""
    from ...engine.diagnostics.suggestions import did_you_mean

    corpora = configuration().samples if names else {}
    for name in names:
        if name not in corpora:
            hint = did_you_mean(name, corpora)
            raise click.UsageError(f"--samples: no samples {name!r} are defined{f'; {hint}' if hint else ''}")
    return tuple(said.value for name in names for said in corpora[name])


def searched(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The paths in which rule files are searched: those given, else those of the project, else this folder.

    Empty, for the installed mappings, if there are no rule files here. Prints the choice.
    """
    from ...engine.inspection import holds_rules

    if paths:
        return paths
    made = configuration(broken=True)
    if made.source is not None:
        return tuple(map(str, made.homes))
    if holds_rules(Path()):
        note("no project file here: taking the rule files below this folder")
        return (".",)
    note("no rule files here: taking the installed mappings")
    return ()
