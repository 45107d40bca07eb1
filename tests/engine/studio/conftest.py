"""A Studio that is served over real HTTP, and pages that speak with it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, web

from moemap.engine.studio.access import Access
from moemap.engine.studio.server import StudioServer
from moemap.engine.studio.studio import Studio

MAPPING = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./batch.schema.json}
outputs:
  event:
    schema: ./event.schema.json
    request: {path: /event}
settings:
  shop: {type: string, default: main, enum: [main, other]}
routes: {events: {each: batch.events, as: event}}
rules:
  - rule: test
    route: events
    when: event.kind == 'test'
    skip: tests are not sent
  - rule: event
    route: events
    output: event
    fields:
      user: batch.user
      name: event.name
      shop: settings.shop
"""
TESTS = """\
tests:
  - test: an event
    input: {user: u1, events: [{name: bought}]}
    expect:
      requests:
        - {output: event, method: POST, path: /event, query: {}, body: {user: u1, name: bought, shop: main}}
"""
BATCH_SCHEMA = {
    "type": "object",
    "properties": {
        "user": {"type": "string"},
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "kind": {"type": "string"}},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
EVENT_SCHEMA = {
    "type": "object",
    "properties": {"user": {"type": "string"}, "name": {"type": "string"}, "shop": {"type": "string"}},
    "additionalProperties": False,
}
SAMPLE = {"user": "u7", "events": [{"name": "seen"}, {"name": "try", "kind": "test"}]}
MAIN = "shop/mapping.yaml"
Work = Callable[["Site"], Awaitable[None]]


class Page:
    """A page: it asks for answers, and keeps notifications until a test asks for them."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.told: list[Any] = []
        self._number = 0

    async def ask(self, method: str, **params: Any) -> Any:
        """The answer: `{"result": ...}` or `{"error": ...}`."""
        self._number += 1
        await self.socket.send_json({"id": self._number, "method": method, "params": params})
        while (message := await self.socket.receive_json(timeout=120)).get("id") != self._number:
            self.told.append(message)
        return {name: value for name, value in message.items() if name != "id"}

    async def get(self, method: str, **params: Any) -> Any:
        answer = await self.ask(method, **params)
        assert "result" in answer, answer
        return answer["result"]

    async def refused(self, method: str, **params: Any) -> Any:
        answer = await self.ask(method, **params)
        assert "error" in answer, answer
        return answer["error"]

    async def note(self, method: str, holds: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next notification of a kind."""
        while True:
            for message in self.told:
                if message.get("method") == method and holds(message["params"]):
                    self.told.remove(message)
                    return message["params"]
            self.told.append(await self.socket.receive_json(timeout=120))

    async def state(self, version: int) -> Any:
        return await self.note("state", lambda state: state["version"] == version)

    async def edit(self, path: str, text: str) -> Any:
        """The state after an edit."""
        return await self.state((await self.get("edit", path=path, text=text))["version"])


class Site:
    """A Studio that is served."""

    def __init__(self, url: str, root: Path, access: Access, studio: Studio, client: ClientSession) -> None:
        self.url = url
        self.root = root
        self.access = access
        self.studio = studio
        self.client = client
        self.token = access.token

    @property
    def origin(self) -> dict[str, str]:
        return {"Origin": self.url}

    async def enter(self) -> dict[str, str]:
        """The headers of a page that had the token."""
        async with self.client.post(f"{self.url}/session", json={"token": self.token}, headers=self.origin) as answer:
            assert answer.status == 204
            value = answer.cookies[self.access.cookie].value
        return {**self.origin, "Cookie": f"{self.access.cookie}={value}"}

    @asynccontextmanager
    async def page(self, headers: dict[str, str] | None = None) -> AsyncIterator[Page]:
        headers = headers or await self.enter()
        async with self.client.ws_connect(f"{self.url}/socket", headers=headers, max_msg_size=0) as socket:
            yield Page(socket)

    def path(self, name: str) -> Path:
        return self.root / name


def touch(site: Site, name: str, text: str) -> None:
    """Writes a file with a new time of change, however short ago the last one was."""
    path = site.path(name)
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 10**9, before + 10**9))
    os.utime(path.parent, ns=(before + 10**9, before + 10**9))


def write_project(root: Path) -> None:
    folder = root / "shop"
    (folder / "tests").mkdir(parents=True)
    (root / "samples").mkdir()
    (root / "moemap.toml").write_text('mappings = ["."]\ndefault = "shop"\n')
    (folder / "mapping.yaml").write_text(MAPPING)
    (folder / "batch.schema.json").write_text(json.dumps(BATCH_SCHEMA))
    (folder / "event.schema.json").write_text(json.dumps(EVENT_SCHEMA))
    (folder / "tests" / "events.yaml").write_text(TESTS)
    (root / "samples" / "seen.json").write_text(json.dumps(SAMPLE))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    write_project(folder)
    return folder


@pytest.fixture
def run(root: Path) -> Callable[..., None]:
    """Does some work with a Studio that is served; nothing looks at the disk but `studio.look`."""

    async def served(work: Work) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        access, studio = Access(port), Studio(root)
        studio.watch = asyncio.Event().wait  # type: ignore[method-assign, assignment]
        runner = web.AppRunner(StudioServer(studio, access).application(), access_log=None)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            async with ClientSession() as client:
                await work(Site(f"http://127.0.0.1:{port}", root, access, studio, client))
        finally:
            await runner.cleanup()

    def runs(work: Work) -> None:
        asyncio.run(served(work))

    return runs
