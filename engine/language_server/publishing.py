"""Publishes problems to the editor, soon after the last key press, for all files that the newest texts affect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

from lsprotocol import types

__all__ = ["Publishing"]

Diagnostics = list[types.Diagnostic]

DELAY = 0.03
"""The seconds without a key press after which the texts are checked."""
PAUSE = 0.35
"""The seconds without a key press after which files that depend on the texts are checked, which takes longer."""


class Publishing:
    """Checks open files that changed, and publishes the problems of these and of the files that depend on them.

    `check_first` returns the problems of a file that are found quickly, `check` those of all files that it affects, by
    path; both return None if they failed. `publish` sends the problems of one file. Results for outdated texts are
    dropped.
    """

    def __init__(
        self,
        check_first: Callable[[Path], Awaitable[Diagnostics | None]],
        check: Callable[[Path], Awaitable[Mapping[Path, Diagnostics] | None]],
        publish: Callable[[Path, Diagnostics], None],
    ) -> None:
        self._check_first = check_first
        self._check = check
        self._publish = publish
        self._waiting: dict[Path, None] = {}
        self._pause = 0.0
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._found: dict[Path, frozenset[Path]] = {}
        """The files with results, by the open file whose check gave them."""
        self._first: dict[Path, Diagnostics] = {}
        """The shown problems that `check_first` found."""
        self._shown: dict[Path, Diagnostics] = {}

    def now(self, paths: Iterable[Path], delay: float = 0.0) -> None:
        """Checks these open files, and files that depend on them."""
        self._pause = 0.0
        self._in(delay, paths)

    def soon(self, paths: Iterable[Path]) -> None:
        """Checks these open files, which are being edited, once there was no change for a moment."""
        self._pause = PAUSE
        self._in(DELAY, paths)

    def _in(self, delay: float, paths: Iterable[Path]) -> None:
        self._waiting.update(dict.fromkeys(paths))
        self._changed.set()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay, self._begin)

    def forget(self, path: Path) -> None:
        """Removes the problems that only the check of this file found, since it is closed."""
        self._waiting.pop(path, None)
        self._take_back(self._found.pop(path, frozenset()))

    def _begin(self) -> None:
        self._timer = None
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._waiting and self._timer is None:
            path = next(iter(self._waiting))
            del self._waiting[path]
            self._changed.clear()
            self._found.setdefault(path, frozenset())
            first, is_said = await self._check_first(path), False
            if first is not None and self._counts(path):
                # Problems found by other mappings come later, and must not disappear meanwhile.
                others = [one for one in self._shown.get(path, ()) if one not in self._first.get(path, ())]
                self._first[path] = first
                if self._pause:
                    is_said = True
                    self._show(path, [*first, *(one for one in others if one not in first)])
                    if await self._is_changed_within(self._pause) and self._counts(path):
                        self._waiting[path] = None
            found = await self._check(path) if self._counts(path) else None
            if found is not None and self._counts(path):
                before, self._found[path] = self._found[path], frozenset(found)
                for file, diagnostics in found.items():
                    # An editor moves what it shows as a text changes, so that the same places must be said again.
                    if self._shown.get(file, []) != diagnostics or (file == path and not is_said):
                        self._show(file, diagnostics)
                self._take_back(before - frozenset(found))

    async def _is_changed_within(self, seconds: float) -> bool:
        """Waits for a change, at most `seconds`; returns whether there was one."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _counts(self, path: Path) -> bool:
        """Returns whether a result is that of the newest text of an open file."""
        return path not in self._waiting and path in self._found

    def _take_back(self, files: frozenset[Path]) -> None:
        for file in files.difference(*self._found.values()):
            if self._shown.get(file):
                self._show(file, [])

    def _show(self, file: Path, diagnostics: Diagnostics) -> None:
        self._shown[file] = diagnostics
        self._publish(file, diagnostics)
