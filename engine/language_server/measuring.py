"""Runs golden tests while there is nothing else to do, so that the lenses of rules can show their coverage."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from ..editing.analysis import analysis_of
from ..editing.lenses import MeasuredTests, measure
from ..editing.state import EditingState

__all__ = ["Measuring"]

REST = 1.0
"""The seconds without a change after which tests are run."""
_SECONDS = 0.03
"""The duration of each step in seconds; a request waits for one step at most."""


class Measuring:
    """Measures the coverage of a mapping in small steps; calls `refresh` when that of its present rules is known."""

    def __init__(
        self,
        ask: Callable[[str, Callable[[EditingState], MeasuredTests | bool]], Awaitable[MeasuredTests | bool | None]],
        refresh: Callable[[], object],
    ) -> None:
        self._ask = ask
        self._refresh = refresh
        self._task: asyncio.Task[None] | None = None
        self._known: MeasuredTests | None = None

    def soon(self, path: Path) -> None:
        """Begins to measure the mapping that a file belongs to, after `REST` seconds."""
        self.stop()
        self._task = asyncio.get_running_loop().create_task(self._work(path))

    def stop(self) -> None:
        """Stops measuring, since a text has changed."""
        if self._task is not None:
            self._task.cancel()

    async def _work(self, path: Path) -> None:
        await asyncio.sleep(REST)
        while (measured := await self._ask("measure coverage", partial(_measured, path))) is True:
            pass
        if isinstance(measured, MeasuredTests) and measured is not self._known:
            self._known = measured
            self._refresh()


def _measured(path: Path, state: EditingState) -> MeasuredTests | bool:
    """The coverage of the present rules if all tests have run; else True if tests are left, False if there are none."""
    main = next(iter(state.mains(path)), None)
    analysis = None if main is None else analysis_of(state, main)
    if main is None or analysis is None:
        return False
    measured = measure(state, main, _SECONDS)
    return measured if measured is not None and measured.rulebook is analysis.rulebook else True
