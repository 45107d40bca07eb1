"""The new folders that commands write mappings into."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from .opening import print_problems

__all__ = ["name_for", "new_folder"]

_FRESH = ".new-"
"""The names begin with it that folders have while files are written into them."""


def name_for(folder: Path) -> str:
    """The name of the mapping in a new folder; exits with exit code 2 for an invalid name or a folder with files."""
    from ...engine.authoring.writing import name_of

    name = folder.resolve().name
    if name_of(name) != name:
        raise click.UsageError(f"{name!r} cannot be the name of a mapping; did you mean {name_of(name)!r}?")
    _must_be_new(folder)
    return name


def _must_be_new(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or not all(one.name.startswith(_FRESH) for one in folder.iterdir())):
        raise click.UsageError(f"{folder} exists already; name a new folder")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Gives a folder to write a mapping into, which becomes the new one when all is written; then checks the mapping.

    A process that is killed leaves a hidden folder, never a part of the new one. Where the check finds errors, or where
    writing fails, nothing is left.
    """
    from ...engine.inspection import inspect_paths

    made = [one for one in (folder, *folder.parents) if not one.exists()]
    fresh = (folder.parent if made else folder) / f"{_FRESH}{secrets.token_hex(4)}"
    names: list[str] = []
    try:
        fresh.mkdir(parents=True)
        yield fresh
        _must_be_new(folder)
        names = sorted(one.name for one in fresh.iterdir())
        _move(names, fresh, folder)
        found = inspect_paths([str(folder)])
        errors = tuple(problem for problem in found.problems if problem.severity == "error")
        if errors:
            print_problems(errors, found.sources)
            raise click.UsageError(f"moemap check refuses what is made, as above; {folder} is not written")
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is not None:
            error.filename = str(error.filename).replace(str(fresh), str(folder))  # nobody knows the other name
        if not made:
            _move([name for name in names if (folder / name).exists()], folder, fresh)
        elif names and folder.exists():
            folder.rename(fresh)
        shutil.rmtree(fresh, ignore_errors=True)
        for one in made[1:]:
            with suppress(OSError):
                one.rmdir()
        raise
    if not made:
        fresh.rmdir()


def _move(names: Iterable[str], fresh: Path, folder: Path) -> None:
    """Moves what is written to its folder: at once where there is none yet, else file by file, as it may be in use."""
    if not folder.exists():
        fresh.rename(folder)
        return
    for name in names:
        (fresh / name).rename(folder / name)
