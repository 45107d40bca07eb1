"""The thread of the analysis: the newest texts count, and cancelled questions are not answered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

import pytest

from moemap.engine.language_server.thread import AnalysisThread
from moemap.tests.engine.editing.conftest import FILES, ORDERS, written


def test_what_is_cancelled_before_it_began_is_not_done() -> None:
    async def test() -> None:
        thread, begun, go_on, done = AnalysisThread(), Event(), Event(), list[str]()

        def wait() -> None:
            begun.set()
            go_on.wait()

        first = asyncio.ensure_future(thread.ask(lambda _state: wait()))
        await asyncio.to_thread(begun.wait)
        second = asyncio.ensure_future(thread.ask(lambda _state: done.append("second")))
        third = asyncio.ensure_future(thread.ask(lambda _state: done.append("third")))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        go_on.set()
        await asyncio.gather(first, third)
        assert done == ["third"]
        thread.end()

    asyncio.run(test())


def test_the_newest_text_counts_and_then_that_on_the_disk(tmp_path: Path) -> None:
    project = written(tmp_path / "project", FILES)
    path = project / "parts" / "orders.yaml"

    async def test() -> None:
        thread = AnalysisThread()
        thread.look_at([project])
        for number in range(3):
            thread.change(path, f"# {number}\n")
        assert await thread.ask(lambda state: state.text(path)) == "# 2\n"
        assert await thread.ask(lambda state: state.roots) == (project,)
        thread.look_at([project.parent])  # of the editor's folders, another one: the texts stay
        assert await thread.ask(lambda state: (state.roots, state.text(path))) == ((project.parent,), "# 2\n")
        thread.change(path, None)
        assert await thread.ask(lambda state: state.text(path)) == ORDERS
        path.write_text("# saved\n", "utf-8")
        thread.refresh()
        assert await thread.ask(lambda state: state.text(path)) == "# saved\n"
        thread.end()

    asyncio.run(test())
