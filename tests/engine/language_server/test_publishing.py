"""Problems of all files are published soon after the last change, and removed when no check finds them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from lsprotocol import types

from moemap.engine.language_server.publishing import DELAY, PAUSE, Publishing

A, B, C = Path("/a"), Path("/b"), Path("/c")
Found = Mapping[Path, list[types.Diagnostic]]


def problem(text: str) -> types.Diagnostic:
    start = types.Position(0, 0)
    return types.Diagnostic(types.Range(start, start), text)


class Server:
    """Finds the problems that a test sets, and records checks and publications."""

    def __init__(self) -> None:
        self.found: dict[Path, Found | None] = {}
        self.checked: list[Path] = []
        self.published: list[tuple[Path, list[str]]] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self.first: list[types.Diagnostic] | None = None
        self.publishing = Publishing(self.check_first, self.check, self.publish)

    async def check_first(self, path: Path) -> list[types.Diagnostic] | None:
        return self.first

    async def check(self, path: Path) -> Found | None:
        self.checked.append(path)
        await asyncio.sleep(0)
        self.meanwhile()
        return self.found.get(path, {})

    def publish(self, path: Path, diagnostics: list[types.Diagnostic]) -> None:
        self.published.append((path, [one.message for one in diagnostics]))

    async def settle(self) -> list[tuple[Path, list[str]]]:
        await asyncio.sleep(DELAY * 2 + PAUSE)
        while (task := self.publishing._task) is not None and not task.done():  # on a slow machine
            await asyncio.sleep(DELAY)
        published, self.published = self.published, []
        return published


def run(test: Callable[[Server], Awaitable[None]]) -> None:
    async def started() -> None:
        await test(Server())

    asyncio.run(started())


@pytest.mark.slow
def test_many_changes_are_checked_once() -> None:
    async def test(server: Server) -> None:
        server.found[A] = {A: [problem("x")]}
        for _ in range(50):
            server.publishing.soon([A])
            await asyncio.sleep(0)
        assert await server.settle() == [(A, ["x"])]
        assert server.checked == [A]

    run(test)


@pytest.mark.slow
def test_a_result_that_a_change_has_overtaken_is_dropped() -> None:
    async def test(server: Server) -> None:
        server.found[A] = {A: [problem("old")]}

        def change() -> None:
            server.meanwhile = lambda: None
            server.found[A] = {A: [problem("new")]}
            server.publishing.soon([A])

        found = server.found[A]
        assert found is not None

        async def check(path: Path) -> Found:
            await server.check(path)
            return found if server.checked == [A] else {A: [problem("new")]}

        server.publishing = Publishing(server.check_first, check, server.publish)
        server.meanwhile = change
        server.publishing.now([A])
        assert await server.settle() == [(A, ["new"])]
        assert server.checked == [A, A]

    run(test)


@pytest.mark.slow
def test_other_files_are_published_when_they_change() -> None:
    async def test(server: Server) -> None:
        server.found[A] = {A: [], B: [problem("x")], C: []}
        server.publishing.now([A])
        assert await server.settle() == [(A, []), (B, ["x"])]
        server.publishing.now([A])
        assert await server.settle() == [(A, [])]
        server.found[A] = {A: [], C: [problem("y")]}
        server.publishing.now([A])
        assert await server.settle() == [(A, []), (C, ["y"]), (B, [])]

    run(test)


@pytest.mark.slow
def test_what_is_found_first_is_published_first() -> None:
    async def test(server: Server) -> None:
        server.first = [problem("x")]
        server.found[A] = {A: [problem("x"), problem("of another")]}
        server.publishing.now([A])
        assert await server.settle() == [(A, ["x", "of another"])]
        server.publishing.soon([A])
        assert await server.settle() == [(A, ["x", "of another"])]
        server.first = [problem("y")]
        server.found[A] = {A: [problem("y")]}
        server.publishing.soon([A])
        assert await server.settle() == [(A, ["y", "of another"]), (A, ["y"])]

    run(test)


@pytest.mark.slow
def test_what_two_files_give_is_taken_back_with_the_last() -> None:
    async def test(server: Server) -> None:
        server.found = {A: {A: [], C: [problem("x")]}, B: {B: [], C: [problem("x")]}}
        server.publishing.now([A, B])
        assert await server.settle() == [(A, []), (C, ["x"]), (B, [])]
        server.publishing.forget(A)
        assert await server.settle() == []
        server.publishing.forget(B)
        assert await server.settle() == [(C, [])]

    run(test)


@pytest.mark.slow
def test_a_check_that_fails_changes_nothing() -> None:
    async def test(server: Server) -> None:
        server.found[A] = {A: [problem("x")]}
        server.publishing.now([A])
        assert await server.settle() == [(A, ["x"])]
        server.found[A] = None
        server.publishing.now([A])
        assert await server.settle() == []

    run(test)


@pytest.mark.slow
def test_a_file_that_is_closed_meanwhile_is_forgotten() -> None:
    async def test(server: Server) -> None:
        server.found[A] = {A: [problem("x")]}
        server.meanwhile = lambda: server.publishing.forget(A)
        server.publishing.now([A])
        assert await server.settle() == []

    run(test)
