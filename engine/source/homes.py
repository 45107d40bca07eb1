"""Locations of the package: its code, and the files installed with it."""

from __future__ import annotations

from os.path import normpath
from pathlib import Path

from .paths import text_of_name

__all__ = ["DOCS", "ENGINE", "MAPPINGS", "PACKAGE", "PAGES", "SCHEMAS", "display_name"]


PACKAGE = Path(__file__).resolve().parents[2]
"""The folder of the whole package."""

ENGINE = PACKAGE / "engine"
"""The folder of the engine's code."""

DOCS = PACKAGE / "docs"
"""The folder of the documentation."""

PAGES = DOCS / "problems"
"""The folder with a page for each problem code."""

MAPPINGS = PACKAGE / "mappings"
"""The folder of the mappings installed with the package."""


def display_name(path: Path) -> str:
    """The name of a file in messages.

    Installed mappings and schemas are named relative to their folder, other files as given, normalised.
    """
    path = Path(normpath(path))
    home = next((home for home in (MAPPINGS, SCHEMAS) if path.is_absolute() and path.is_relative_to(home)), None)
    return text_of_name((path if home is None else path.relative_to(home)).as_posix())


SCHEMAS = PACKAGE / "schemas"
"""The folder of the schemas installed with the package."""
