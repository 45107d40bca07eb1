"""The values of a project file, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from ..diagnostics.problem import Place, Problem
from ..language.installed import candidates, file_at, newest
from ..source.paths import is_file, is_folder
from ..source.text import Source

if TYPE_CHECKING:
    # Only for its type: it is imported with the reader of a project file.
    from ..language.settings import Given

__all__ = ["Configuration", "Environment", "PlacedValue"]

T = TypeVar("T")


class PlacedValue(NamedTuple, Generic[T]):
    """A value in a project file, and its place."""

    value: T
    place: Place


class Environment(NamedTuple):
    """The settings of an environment, and the places that hold its secrets, by placeholder."""

    place: Place
    settings: tuple[Given, ...] = ()
    secrets: Mapping[str, PlacedValue[str]] = {}


class Configuration(NamedTuple):
    """The values of the project file around a folder. Without such a file, `source` is None and there are no values.

    `folder` is the one that all paths of the file are relative to. `mappings` and `workspaces` are folders, `samples`
    have names of files and patterns. `main` is the nearest mapping or workspace from the working folder upwards.
    """

    folder: Path
    source: Source | None = None
    mappings: tuple[PlacedValue[Path], ...] = ()
    workspaces: tuple[PlacedValue[Path], ...] = ()
    default: PlacedValue[str] | None = None
    environment: PlacedValue[str] | None = None
    fail_level: PlacedValue[str] | None = None
    strict: PlacedValue[bool] | None = None
    samples: Mapping[str, tuple[PlacedValue[str], ...]] = {}
    environments: Mapping[str, Environment] = {}
    main: Path | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def sources(self) -> dict[str, Source]:
        """The sources of excerpts by name, without a file that holds a secret, which must never be printed."""
        is_secret = any(problem.code == "M157" for problem in self.problems)
        return {} if self.source is None or is_secret else {self.source.name: self.source}

    @property
    def homes(self) -> tuple[Path, ...]:
        """The folders in which the mappings and workspaces of the project lie."""
        said = tuple(dict.fromkeys(one.value for one in (*self.mappings, *self.workspaces)))
        return said or ((self.folder,) if self.source is not None else ())

    def locate(self, name: str) -> Path | None:
        """The file of a mapping or workspace of the project.

        The name is that of its file or of its folder, which may contain folders `v<major>`; `@major` may follow it.
        """
        stem, _, major = name.partition("@")
        if not stem.strip(".") or "/" in name:
            return None
        for home in self.homes:
            folders = (home / stem, *((home,) if home.resolve().name == stem else ()))
            plain = (
                () if major else (home / f"{stem}.yaml", *(one for folder in folders for one in candidates(folder)[1:]))
            )
            found = next(filter(is_file, plain), None) or newest(folders, major)
            if found is not None:
                return found
        return None

    def names(self) -> Iterator[str]:
        """The names of the mappings and workspaces of the project."""
        for home in self.homes:
            if file_at(home) is not None or newest([home], ""):
                yield home.resolve().name
            for entry in sorted(home.iterdir()) if is_folder(home) else ():
                name = entry.stem if entry.suffix == ".yaml" else entry.name
                if name not in ("mapping", "workspace") and self.locate(name) is not None:
                    yield name
