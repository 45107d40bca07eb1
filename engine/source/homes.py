"""Folders of the package: its code, and what is installed with it."""

from __future__ import annotations

from os.path import normpath
from pathlib import Path

from .paths import text_of_name

__all__ = ["ENGINE", "MAPPINGS", "PACKAGE", "PAGES", "SCHEMAS", "display_name"]


PACKAGE = Path(__file__).resolve().parents[2]
"""The folder of the whole package."""

ENGINE = PACKAGE / "engine"
"""The code of the engine."""

PAGES = PACKAGE / "docs" / "problems"
"""The pages of the problem codes."""

MAPPINGS = PACKAGE / "mappings"
"""The mappings that are installed with the package."""


def display_name(path: Path) -> str:
    """How messages call a file: an installed mapping or schema by its place among them, any other as it was given,
    without detours."""
    path = Path(normpath(path))
    home = next((home for home in (MAPPINGS, SCHEMAS) if path.is_absolute() and path.is_relative_to(home)), None)
    return text_of_name((path if home is None else path.relative_to(home)).as_posix())


SCHEMAS = PACKAGE / "schemas"
"""The schemas that are installed with the package."""
