"""Completes the arguments and options of commands in a shell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from ...engine.configuration import Configuration

__all__ = ["codes", "environments", "mappings", "samples", "schemas", "settings"]


def mappings(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The mappings and workspaces of the project and the installed ones; files if no name matches."""
    from ...engine.source.homes import MAPPINGS

    installed = sorted(entry.name for entry in MAPPINGS.iterdir() if entry.is_dir())
    found = _fitting([*_configuration().names(), *installed], incomplete)
    return found or [CompletionItem(incomplete, type="file")]


def settings(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The settings of the mapping on the command line, with `=`; after that, the values, if these are few."""
    from ...engine.checks.shared.opening import Opening
    from ...engine.configuration.choice import ChoiceError, choose
    from ...engine.language.installed import locate
    from .project import BUNDLED

    given = context.params
    named = given.get("workspace") or given.get("mapping") or given.get("name")
    if named is None and "name" in given and context.args:  # not assigned yet, as the line ends in an option
        named = context.args[0]
    try:
        file = locate(choose(_configuration(), BUNDLED, reference=named).reference)
    except ChoiceError:
        return []
    declared = (Opening(file).settings if file is not None else None) or {}
    name, equals, _ = incomplete.partition("=")
    if not equals:
        names = (one for one in declared if one.startswith(incomplete))
        return [CompletionItem(f"{one}=", help=declared[one].description) for one in names]
    setting = declared.get(name)
    values = () if setting is None else setting.enum or (("true", "false") if setting.type == "boolean" else ())
    return _fitting((f"{name}={value}" for value in values), incomplete)


def codes(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The codes of problems, with their titles."""
    from ...engine import checks  # noqa: F401 - their modules declare codes
    from ...engine.diagnostics.catalogue import CATALOGUE

    known = sorted(CATALOGUE.items())
    return [CompletionItem(code, help=one.title) for code, one in known if code.startswith(incomplete.upper())]


def environments(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the environments of the project."""
    return _fitting(_configuration().environments, incomplete)


def samples(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the samples of the project."""
    return _fitting(_configuration().samples, incomplete)


def schemas(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the schemas of moemap's own files."""
    from ...engine.own_schemas import own_schemas

    return _fitting(own_schemas(), incomplete)


def _configuration() -> Configuration:
    from ...engine.configuration.finding import configuration_around

    return configuration_around(Path())


def _fitting(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(incomplete)]
