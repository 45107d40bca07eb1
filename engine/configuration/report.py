"""The effective configuration of a project as rows of a table, with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..diagnostics.terminal import printable
from ..language.settings import Given
from ..values.kinds import shown
from .choice import Choice
from .configuration import Configuration

__all__ = ["ConfigurationRow", "rows", "text"]


class ConfigurationRow(NamedTuple):
    """A value, and where it comes from: a place in a file, or an option."""

    name: str
    value: Any
    why: str


def rows(made: Configuration, choice: Choice) -> list[ConfigurationRow]:
    """The values that a command uses with this choice, in the order of the project file."""
    return list(_rows(made, choice))


def _rows(made: Configuration, choice: Choice) -> Iterator[ConfigurationRow]:
    file = None if made.source is None else made.source.name
    yield ConfigurationRow("project file", file, "found from this folder upwards" if file else "there is none")
    for name, folders in (("mappings", made.mappings), ("workspaces", made.workspaces)):
        yield from (ConfigurationRow(name, str(one.value), str(one.place)) for one in folders)
    if file is not None and not (made.mappings or made.workspaces):
        yield ConfigurationRow("mappings", str(made.folder), "default: the folder of the project file")
    yield ConfigurationRow("mapping", choice.reference or None, choice.why)
    chosen = made.environment
    if choice.environment is not None:
        is_said = chosen is not None and chosen.value == choice.environment
        yield ConfigurationRow("environment", choice.environment, str(chosen.place) if chosen and is_said else "--env")
    for name, value in choice.settings.items():
        is_given = isinstance(value, Given)
        yield ConfigurationRow(
            f"setting {name}", value.value if is_given else value, str(value.place) if is_given else "--set"
        )
    environment = made.environments.get(choice.environment or "")
    for name, said in environment.secrets.items() if environment is not None else ():
        yield ConfigurationRow(f"secret {name}", said.value.replace("env:", "$"), str(said.place))
    for name, files in made.samples.items():
        yield from (ConfigurationRow(f"samples {name}", one.value, str(one.place)) for one in files)
    level, strict = made.fail_level, made.strict
    yield ConfigurationRow("fail_level", level.value if level else "error", str(level.place) if level else "default")
    yield ConfigurationRow("strict", strict.value if strict else False, str(strict.place) if strict else "default")


def text(found: Sequence[ConfigurationRow]) -> str:
    """The rows as a table for people."""
    shown_rows = [(row.name, _word(row.value), row.why) for row in found]
    widths = [max(len(row[column]) for row in shown_rows) for column in (0, 1)]
    return "\n".join(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {why}" for name, value, why in shown_rows)


def _word(value: Any) -> str:
    return "-" if value is None else printable(value if isinstance(value, str) else shown(value))
