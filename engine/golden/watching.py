"""Finds the test files that are affected by changed files: themselves, their rules and their inputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from ..checks.shared.opening import Opening
from .files import TestFile, discover

__all__ = ["Watch", "files_of"]

State = tuple[int, int] | None
"""The time of the last change of a file and its size; None for one that does not exist."""


def files_of(file: TestFile, opening: Callable[[Path], Opening]) -> set[Path]:
    """All files that the results of a test file depend on."""
    joined = opening(file.mapping).joined
    found = {file.path, file.mapping, *(test.input_file for test in file.tests if test.input_file is not None)}
    found |= {source.path for source in joined.sources.values() if source.path is not None}
    for draft in joined.draft.with_all_converters() if joined.draft is not None else ():
        found |= {source.path for source in draft.sources.values() if source.path is not None}
        found |= {path for schema in draft.schemas.values() for path in schema.paths}
        found |= {*draft.missing}
    return found


class Watch:
    """The test files in some folders, and the files that each depends on, if it could be loaded."""

    def __init__(self, places: Iterable[Path]) -> None:
        self._places = list(places)
        self._needs: dict[Path, set[Path]] = {}
        self._known: dict[Path, State] = {}

    def ran(self, path: Path, needs: Iterable[Path] | None) -> None:
        """Records that a test file was run; `needs` are the files it depends on, None if it cannot be used."""
        self._needs[path] = {path, *needs} if needs is not None else {path}
        if needs is None:  # whatever makes it usable
            self._needs[path] |= {one for needed in self._needs.values() for one in needed}
        self._known |= {one: _state(one) for one in self._needs[path] if one not in self._known}

    def touched(self) -> tuple[list[Path], list[Path]]:
        """The files that changed since the last call, and the test files to run, new ones included."""
        found = discover(self._places)
        for gone in [path for path in self._needs if path not in found]:
            del self._needs[gone]
        now = {path: _state(path) for path in self._known}
        changed = [path for path, state in now.items() if state != self._known[path]]
        self._known = now
        tests = [path for path in found if path not in self._needs or not self._needs[path].isdisjoint(changed)]
        return changed, tests


def _state(path: Path) -> State:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
