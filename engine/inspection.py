"""Finds what there is to check below some paths, and checks it: mappings, workspaces, test files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from os.path import exists
from pathlib import Path
from typing import Literal

from . import goldenfile
from .api import inspect
from .installed import MAPPINGS, display_name, locate
from .problem import Problem, in_order
from .rules import Rulebook
from .source import Mapping, Source, parse, read

__all__ = ["Inspection", "PathError", "find", "inspect_paths"]

Kind = Literal["mapping", "workspace", "tests", "part", "other"]


class PathError(ValueError):
    """A path that leads to nothing that could be checked; the text says why."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The files that were checked, all Problems in order of place, the sources for excerpts, and what could be loaded
    of mappings and workspaces, by the name of the file."""

    files: tuple[str, ...]
    problems: tuple[Problem, ...]
    sources: dict[str, Source]
    rulebooks: dict[str, Rulebook]


def inspect_paths(paths: Iterable[str]) -> Inspection:
    """Checks the mappings, workspaces and test files at or below the paths; without paths, the installed mappings.

    Raises PathError for a path that does not exist or holds nothing to check.
    """
    problems: list[Problem] = []
    sources: dict[str, Source] = {}
    files: list[str] = []
    rulebooks: dict[str, Rulebook] = {}
    declared = cache(goldenfile.declared_settings)
    for path, kind in find(paths):
        if kind == "tests":
            _, found, read_sources = goldenfile.load(path, display_name(path), declared)
            problems += found
            sources |= read_sources
        else:
            loaded = inspect(path)
            problems += loaded.problems
            sources |= loaded.sources
            if loaded.rulebook is not None:
                rulebooks[display_name(path)] = loaded.rulebook
        files.append(display_name(path))
    return Inspection(tuple(files), in_order(problems), sources, rulebooks)


def find(paths: Iterable[str]) -> Iterator[tuple[Path, Kind]]:
    """The files to check, each once: mappings and workspaces first, then test files."""
    found: dict[Path, Kind] = {}
    for text in paths or (str(MAPPINGS),):
        path = Path(text)
        if path.is_dir():
            below = {file: _kind(file) for file in sorted(path.rglob("*.yaml")) if file.is_file()}
            own = {file: kind for file, kind in below.items() if kind in ("mapping", "workspace", "tests")}
            if not own:
                raise PathError(f"{text}: no mapping, workspace or test file below it")
            found |= own
        else:
            file = locate(text)
            if file is None:
                raise PathError(
                    f"{text}: {'neither a file nor a folder' if exists(text) else 'no such file or mapping'}"
                )
            main = _main_of(file)
            found[main] = _kind(main)
    yield from sorted(found.items(), key=lambda item: item[1] == "tests")


def _main_of(file: Path) -> Path:
    """The file itself, or for a part the mapping that it belongs to."""
    if _kind(file) != "part":
        return file
    for folder in file.resolve().parents:
        main = folder / "mapping.yaml"
        if main.is_file():
            return main
    return file


def _kind(file: Path) -> Kind:
    source, _ = read(file, file.as_posix())
    node = parse(source)[0] if source is not None else None
    if not isinstance(node, Mapping):
        return "mapping" if file.name == "mapping.yaml" else "other"
    keys = {key.text for key, _ in node.entries}
    if "workspace" in keys and "tests" not in keys:
        return "workspace"
    if "tests" in keys:
        return "tests"
    if file.name == "mapping.yaml" or {"language", "name"} <= keys:
        return "mapping"
    return "part" if keys & {"rules", "tables", "let", "routes", "policies"} else "other"
