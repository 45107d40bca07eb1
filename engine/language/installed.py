"""Locates mappings: those installed with the package, and files by path."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean
from ..source.homes import MAPPINGS
from ..source.paths import absence, is_file, is_folder

__all__ = [
    "beside",
    "candidates",
    "file_at",
    "installed",
    "is_reference",
    "is_versioned",
    "locate",
    "looked_up",
    "newest",
    "not_found",
]


def locate(reference: str) -> Path | None:
    """The file that a reference names, or None.

    A reference is `name@major` or `name` (its highest major version) for an installed mapping, or a path to a file or
    to a folder with a `mapping.yaml` or `workspace.yaml`.
    """
    name = reference.partition("@")[0]
    if name.strip(".") and "/" not in name and is_folder(MAPPINGS / name):
        return installed(reference)
    return file_at(Path(reference))


def file_at(path: Path) -> Path | None:
    """The file that a path names; None if there is none."""
    return next((candidate for candidate in candidates(path) if is_file(candidate)), None)


def installed(reference: str) -> Path | None:
    """The file of an installed mapping: `name@major`, or `name` for its highest major version."""
    name, _, major = reference.partition("@")
    return newest([MAPPINGS / name], major) if name.strip(".") and "/" not in name else None


def newest(folders: Iterable[Path], major: str) -> Path | None:
    """The main file of the mapping of a major version in one of the folders; with "", of the highest version."""
    for folder in folders:
        if major:
            versions = [path for path in [folder / f"v{major}" / "mapping.yaml"] if is_file(path)]
        else:
            versions = [path for path in folder.glob("v*/mapping.yaml") if path.parent.name[1:].isdecimal()]
        if versions:
            return max(versions, key=lambda path: int(path.parent.name[1:]) if not major else 0)
    return None


def is_versioned(reference: str) -> bool:
    """Returns whether a reference has the form `name@major`."""
    name, _, major = reference.partition("@")
    return bool(name) and major.isascii() and major.isdecimal()


def is_reference(text: str) -> bool:
    """Returns whether a text names a mapping in a rule file: `name@major`, or a path `./...`."""
    return text.startswith(".") or is_versioned(text)


def candidates(path: Path) -> tuple[Path, ...]:
    """The files that a path may name, in this order: itself, or the mapping or workspace in it."""
    return path, path / "mapping.yaml", path / "workspace.yaml"


def beside(file: Path, name: str) -> tuple[Path, ...]:
    """The files where a mapping `name@major` is searched before the installed ones, in order.

    They are in the folder of the file that names the mapping; if that file is the main one of its folder, also beside
    this folder, and for a folder `v<major>` beside its parent.
    """
    stem, _, major = name.partition("@")
    homes = [file.parent]
    if file.name in ("mapping.yaml", "workspace.yaml"):
        folder = file.parent.absolute()
        versioned = folder.name.startswith("v") and folder.name[1:].isdecimal()
        homes.append(file.parent / ".." / ".." if versioned else file.parent / "..")
    return tuple(home / stem / f"v{major}" / "mapping.yaml" for home in homes)


def not_found(reference: str) -> Problem:
    """The Problem of a reference that names no file."""
    path = Path(reference)
    if is_folder(path):
        latest = newest([path], "")
        return Problem.of(
            "M107",
            hint=None if latest is None else f"did you mean {latest.parent.as_posix()!r}?",
            what="the folder",
            path=reference,
            reason="has neither mapping.yaml nor workspace.yaml",
        )
    if "/" in reference or path.suffix in (".yaml", ".yml"):
        return Problem.of("M107", what="the file", path=reference, reason=absence(path))
    names = [folder.name for folder in MAPPINGS.iterdir()]
    return Problem.of("M109", hint=did_you_mean(reference.partition("@")[0], names), name=reference)


def looked_up(name: str) -> str:
    """A hint that says where a mapping `name@major` is looked up."""
    stem, _, major = name.partition("@")
    return f"it is looked up as {stem}/v{major} in the folder of this file, then among the installed mappings"
