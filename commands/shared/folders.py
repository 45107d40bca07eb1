"""The new folders that commands write mappings into."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from .opening import print_problems

__all__ = ["name_for", "new_folder"]


def name_for(folder: Path) -> str:
    """The name of the mapping in a new folder; exits with exit code 2 for an invalid name or a folder with files."""
    from ...engine.authoring.writing import name_of

    name = folder.resolve().name
    if name_of(name) != name:
        raise click.UsageError(f"{name!r} cannot be the name of a mapping; did you mean {name_of(name)!r}?")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.UsageError(f"{folder} exists already; name a new folder")
    return name


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Checks the mapping that is written into a new folder; removes it if it has errors, or if writing fails."""
    from ...engine.inspection import inspect_paths

    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        yield
        found = inspect_paths([str(folder)])
        errors = tuple(problem for problem in found.problems if problem.severity == "error")
        if errors:
            print_problems(errors, found.sources)
            raise click.UsageError(f"moemap check refuses what is made, as above; {folder} is not written")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if folder not in made:
            folder.mkdir()
        for one in made[1:]:
            one.rmdir()
        raise
