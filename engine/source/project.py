"""The part of the disk that a rule file may refer to: its own folder and the project around it.

Rule files are untrusted. The files they name are read and quoted in messages, so nothing they name may lead to
unrelated files.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from .homes import PACKAGE

__all__ = ["MARKER", "PROJECT_FILE", "PYPROJECT", "Project"]

MARKER = ".moemap"
"""A file of this name marks its folder, with everything below, as a project."""

PROJECT_FILE = "moemap.toml"
"""A file of this name marks a project too, and configures it."""

PYPROJECT = "pyproject.toml"
"""A file of this name configures a project in its table [tool.moemap], where there is no `PROJECT_FILE`."""


class Project(NamedTuple):
    """The folder of a rule file, and the project around it, if any; both without symbolic links."""

    folder: Path
    root: Path | None

    @classmethod
    def around(cls, folder: Path) -> Project:
        """The project of the rule files in a folder."""
        real = Path(os.path.realpath(folder))
        return cls(real, _root(real))

    def alone(self) -> Project:
        """The folder without the project around it."""
        return Project(self.folder, None)

    def refusal(self, path: Path) -> tuple[str, str | None] | None:
        """Returns why the file of this path may not be read, with a hint; None if it may be read."""
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError):
            return "cannot be the name of a file", None
        homes = [home for home in (self.folder, self.root) if home is not None and real.is_relative_to(home)]
        if not homes:
            marker = f"a file {MARKER} or {PROJECT_FILE} in a folder above"
            hint = f"{marker} makes it a project, whose files may name each other"
            return f"is outside the {'project' if self.root else 'folder of the mapping'}", hint
        if all(any(part.startswith(".") for part in real.relative_to(home).parts) for home in homes):
            return "is hidden: a name in its path begins with a dot", None
        return None


def _root(folder: Path) -> Path | None:
    """The nearest folder, from this one upwards, that is marked as a project or else is a git working tree."""
    if folder.is_relative_to(PACKAGE / "mappings"):
        return PACKAGE
    above = (folder, *folder.parents)
    marked = next((place for place in above for name in (MARKER, PROJECT_FILE) if os.path.lexists(place / name)), None)
    if marked is not None:
        return marked
    under_git = next((place for place in above if os.path.lexists(place / ".git")), None)
    # A home folder or a whole disk is under git for its settings only.
    no_project = (Path(os.path.realpath(os.path.expanduser("~"))), Path(folder.anchor))
    return None if under_git in no_project else under_git
