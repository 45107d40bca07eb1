"""Starts a mapping from a payload, in a new folder of the project."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from ..authoring.starting import DraftSample, StartError, start, write
from ..authoring.writing import name_of
from ..source.json_reader import read_value
from ..values.kinds import kind, with_article
from .files import ProjectFiles, RefusedError
from .project import homes_of

__all__ = ["begin"]


def begin(files: ProjectFiles, start_at: Path, name: str, text: str) -> tuple[str, list[str]]:
    """Writes the files of a mapping of a payload, all or none; returns its main file, and notes on what to review.

    Raises RefusedError.
    """
    if name_of(name) != name:
        raise RefusedError(f"{name!a} cannot be the name of a mapping; did you mean {name_of(name)!r}?")
    home = next((one for one in homes_of(files.root, start_at) if one.is_relative_to(files.root)), files.root)
    folder = home / name
    main = files.name(folder / "mapping.yaml")
    files.inside(main)
    if os.path.lexists(folder):
        raise RefusedError(f"there is a folder {name} already")
    try:
        value = read_value(text.encode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise RefusedError(f"the payload is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise RefusedError(f"a payload is an object, not {with_article(kind(value))}")
    made = home / f".{name}-{secrets.token_hex(4)}"
    try:
        made.mkdir()
        drafted = start(name, [DraftSample("payload", value)])
        write(made, drafted, {})
        made.rename(folder)
    except (StartError, OSError) as error:
        raise RefusedError(str(error)) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return main, list(drafted.notes)
