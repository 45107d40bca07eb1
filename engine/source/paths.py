"""Paths and names of files, whatever they are: a path that no system can have is an answer, not an error."""

from __future__ import annotations

from pathlib import Path

__all__ = ["is_file", "is_folder", "lies_inside", "text_of_name"]


def text_of_name(name: str) -> str:
    """The name of a file as text that can be written: bytes of it that are not UTF-8 become escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def is_file(path: Path) -> bool:
    """Whether a file is there."""
    try:
        return path.is_file()
    except OSError:  # a name that is too long
        return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there."""
    try:
        return path.is_dir()
    except OSError:
        return False


def lies_inside(path: Path, folder: Path) -> bool:
    """Whether the path, with all symbolic links followed, is in the folder."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a name that is too long, links in a circle, a null character
        return False
