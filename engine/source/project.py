"""The part of the disk that a rule file may name: its own folder, and the project which that is part of.

A rule file comes from anywhere. What it names is read, and messages quote what is read; so nothing that it names may
lead to files which have nothing to do with it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .homes import PACKAGE

__all__ = ["MARKER", "Project"]

MARKER = ".moemap"
"""A file of this name makes the folder that it lies in a project, with all that is below."""


@dataclass(frozen=True, slots=True)
class Project:
    """The folder of a rule file, and the project around it if there is one; both without symbolic links."""

    folder: Path
    root: Path | None

    @classmethod
    def around(cls, folder: Path) -> Project:
        """The project of the rule files that lie in this folder."""
        real = Path(os.path.realpath(folder))
        return cls(real, _root(real))

    def alone(self) -> Project:
        """The folder without the project around it."""
        return Project(self.folder, None)

    def refusal(self, path: Path) -> tuple[str, str | None] | None:
        """Why a file is not read that is named by this path, in words, with a hint; None where it may be read."""
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError):
            return "cannot be the name of a file", None
        homes = [home for home in (self.folder, self.root) if home is not None and real.is_relative_to(home)]
        if not homes:
            hint = f"a file {MARKER} in a folder above makes it a project, whose files may name each other"
            return f"lies outside the {'project' if self.root else 'folder of the mapping'}", hint
        if all(any(part.startswith(".") for part in real.relative_to(home).parts) for home in homes):
            return "is hidden: a name in its path begins with a dot", None
        return None


def _root(folder: Path) -> Path | None:
    """The nearest folder, from this one upwards, that is marked as a project, or else is under git."""
    if folder.is_relative_to(PACKAGE / "mappings"):
        return PACKAGE
    above = (folder, *folder.parents)
    marked = next((place for place in above if os.path.lexists(place / MARKER)), None)
    if marked is not None:
        return marked
    under_git = next((place for place in above if os.path.lexists(place / ".git")), None)
    # A home folder, or a whole disk, is under git for its settings only.
    no_project = (Path(os.path.realpath(os.path.expanduser("~"))), Path(folder.anchor))
    return None if under_git in no_project else under_git
