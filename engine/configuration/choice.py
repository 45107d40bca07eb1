"""The mapping, settings and secrets that a command uses, each with the reason for the choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..diagnostics.suggestions import did_you_mean
from ..language.installed import installed, locate
from .configuration import Configuration

__all__ = ["Choice", "ChoiceError", "choose"]


class ChoiceError(ValueError):
    """A name that the project file does not define; the text says which."""


class Choice(NamedTuple):
    """A mapping, and why it was chosen; its settings by name; the places of its secrets by placeholder.

    `environment` is the name of the environment that they come from. `is_assumed` is true if the mapping was named
    neither by an option nor by the project file.
    """

    reference: str
    why: str
    settings: Mapping[str, Any] = {}
    secrets: Mapping[str, str] = {}
    environment: str | None = None
    is_assumed: bool = False

    @property
    def variables(self) -> dict[str, str]:
        """The variables that hold secrets, by placeholder."""
        return {name: where[4:] for name, where in self.secrets.items() if where.startswith("env:")}


def choose(
    made: Configuration,
    bundled: str,
    *,
    reference: str | None = None,
    option: str = "",
    settings: Mapping[str, Any] | None = None,
    environment: str | None = None,
    may_be_open: bool = False,
) -> Choice:
    """Chooses a mapping: the given `reference`, the default of the project, the nearest one, or else the bundled one.

    Options win over the project file: `option` is the name of the one that gave `reference`, and `settings` win over
    those of the environment. These are meant for the default mapping; another one takes those that it declares. Raises
    ChoiceError for an undefined environment, and if there are several mappings to choose from; with `may_be_open`, the
    reference is empty then, and `why` lists them.
    """
    name = environment or (made.environment.value if made.environment is not None else None)
    chosen = made.environments.get(name) if name is not None else None
    if name is not None and chosen is None:
        hint = did_you_mean(name, made.environments)
        raise ChoiceError(f"no environment {name!r} is defined{f'; {hint}' if hint else ''}")
    given = None if reference is None else Choice(str(made.locate(reference) or reference), option)
    default = Choice(*_default(made, bundled)) if given is None or made.default is not None else None
    choice = given or default
    assert choice is not None  # noqa: S101  one of them is there
    if not (choice.reference or may_be_open):
        raise ChoiceError(f"name a mapping, or a default in {_name(made)}: {choice.why}")
    is_other = (
        made.default is not None and default is not None and locate(choice.reference) != locate(default.reference)
    )
    own = {one.name: one._replace(optional=is_other) for one in chosen.settings} if chosen is not None else {}
    secrets = {one: said.value for one, said in chosen.secrets.items()} if chosen is not None else {}
    is_assumed = reference is None and made.default is None
    return choice._replace(
        settings={**own, **(settings or {})}, secrets=secrets, environment=name, is_assumed=is_assumed
    )


def _default(made: Configuration, bundled: str) -> tuple[str, str]:
    """The mapping to use where none is given, and why; empty if there are several."""
    if made.default is not None:
        name = made.default.value
        path = made.locate(name) or (None if installed(name) is not None else made.folder / name)
        return (str(path) if path is not None else name), str(made.default.place)
    if made.main is not None:
        return str(made.main), "the nearest one from this folder upwards"
    names = list(dict.fromkeys(made.names()))
    if len(names) > 1:
        return "", f"there are {', '.join(names)}"
    if names:
        return str(made.locate(names[0])), f"the only one of {_name(made)}"
    return bundled, "the bundled mapping, as there is no other"


def _name(made: Configuration) -> str:
    return made.source.name if made.source is not None else "the project"
