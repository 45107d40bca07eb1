"""The thread in which the newest texts of an editor are analysed, in the order of its requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ..editing.state import EditingState
from ..values.once import Lock

__all__ = ["AnalysisThread"]

Answer = TypeVar("Answer")


class AnalysisThread:
    """The state of the rule files in some folders, and the thread that works with it.

    The server's loop hands in texts and requests and is never blocked. A request is answered for the newest texts,
    including those that arrived after it.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "analysis")
        self._lock = Lock()
        self._roots: tuple[Path, ...] | None = ()
        self._changes: dict[Path, str | None] = {}
        self._is_old = False
        self._state: EditingState | None = None
        self._texts: dict[Path, str] = {}

    def look_at(self, roots: Iterable[Path]) -> None:
        """Sets the folders of the editor; results about others are forgotten."""
        with self._lock:
            self._roots = tuple(roots)

    def change(self, path: Path, text: str | None) -> None:
        """Sets the text of an open file, or None for one that was closed."""
        with self._lock:
            self._changes[path] = text

    def refresh(self) -> None:
        """Says that files on the disk have changed."""
        with self._lock:
            self._is_old = True

    async def ask(self, work: Callable[[EditingState], Answer]) -> Answer:
        """The result of `work` with the state, which is not begun if the request has been cancelled."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(self._now()))

    def end(self) -> None:
        """Drops the requests that are not answered yet."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _now(self) -> EditingState:
        """The state with the newest texts."""
        with self._lock:
            roots, self._roots = self._roots, None
            changes, self._changes = self._changes, {}
            is_old, self._is_old = self._is_old, False
        if roots is not None or self._state is None:
            self._state = EditingState(roots or ())
            changes = {**self._texts, **changes}
        elif is_old:
            self._state.refresh()
        for path, text in changes.items():
            if text is None:
                self._texts.pop(path, None)
                self._state.close(path)
            else:
                self._texts[path] = text
                self._state.open(path, text)
        return self._state
