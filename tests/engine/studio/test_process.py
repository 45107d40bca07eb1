"""The process that evaluates rules answers what it was asked, also after a request was given up."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from moemap.engine.studio.process import WorkerProcess

from .conftest import MAIN


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
