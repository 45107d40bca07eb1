"""Tests of paths that never raise: a path that is impossible on this system does not exist."""

from __future__ import annotations

from pathlib import Path

from .contents import is_unsaved, note

__all__ = ["STDIN", "PathError", "absence", "is_file", "is_folder", "lies_inside", "text_of_name"]


STDIN = "-"
"""The input that stands for standard input."""


class PathError(ValueError):
    """A path at which there is no file of the wanted kind; the text says why."""


def text_of_name(name: str) -> str:
    """The name of a file as printable text, with bytes that are not UTF-8 escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def is_file(path: Path) -> bool:
    """Returns whether a path is an existing file."""
    note(path)
    try:
        return path.is_file() or is_unsaved(path)
    except (OSError, ValueError):  # a name that is too long, or one that no file can have
        return False


def absence(path: Path) -> str:
    """The reason why there is no file at a path, as a predicate."""
    try:
        is_other = path.exists() and not path.is_file()
    except (OSError, ValueError):
        is_other = False
    return "is not a file" if is_other else "does not exist"


def is_folder(path: Path) -> bool:
    """Returns whether a path is an existing folder."""
    try:
        return path.is_dir()
    except OSError:
        return False


def lies_inside(path: Path, folder: Path) -> bool:
    """Returns whether a path, with all symbolic links followed, is in a folder."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a name that is too long, a loop of links, a null character
        return False
