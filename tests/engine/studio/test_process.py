"""The process that evaluates rules answers what it was asked, also after a request was given up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from moemap.engine.studio.process import WorkerProcess

from .conftest import MAIN, Site

Run = Callable[..., None]


@pytest.mark.slow
def test_a_request_is_given_up_while_the_process_starts(root: Path) -> None:
    async def work() -> None:
        whole = {"whole": True, "texts": {}, "pasted": {}, "selected": {}}
        process = WorkerProcess(root, root, lambda: whole, lambda _: None)
        given_up = asyncio.create_task(process.ask("tests.begin", {}))
        while process.process is None:
            await asyncio.sleep(0)
        given_up.cancel()
        with suppress(asyncio.CancelledError):
            await given_up
        assert given_up.cancelled()
        found = await process.ask("project", {}, 120)
        assert found["mapping"] == MAIN
        await process.close()

    asyncio.run(work())


@pytest.mark.slow
def test_the_process_ends_with_studio(run: Run) -> None:
    processes: list[asyncio.subprocess.Process | None] = []

    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.get("project")
            await page.note("tests", lambda one: not one["running"])
            processes.extend((site.studio.worker.process, site.studio.testing.process))
            groups = {os.getpgid(process.pid) for process in processes if process is not None}
            assert os.getpgrp() not in groups  # what interrupts Studio leaves them be

    run(work)
    assert len(processes) == 2
    assert all(process is not None and process.returncode is not None for process in processes)


def test_messages_over_the_pipe_are_whole() -> None:
    process = WorkerProcess.__new__(WorkerProcess)
    process._changes = {}
    process.change({"texts": {"a": "1"}, "selected": {"mapping": "x", "samples": []}})
    process.change({"texts": {"b": "2"}, "selected": {"mapping": "y"}, "disk": True})
    process.change({"texts": {"a": None}})
    assert process._changes == {"texts": {"a": None, "b": "2"}, "selected": {"mapping": "y"}, "disk": True}
