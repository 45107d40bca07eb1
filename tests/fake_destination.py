"""A fake receiver: real windows, hints in headers, latency, faults of every kind, and a ledger of effects.

It answers as a server that limits by workspace does: 200 means accepted; 429 has the headers `x-ratelimit-limit`,
`-remaining` and `-reset`, as every answer has. Run as a program it serves on a free port, which it prints; `/ledger`
returns what happened, and `/settings` changes what goes wrong.
"""

from __future__ import annotations

import asyncio
import base64
import bisect
import json
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

FAULTS = (
    "storm",  # 429 without being asked too much
    "error",  # 503
    "wrong_date",  # 503 with a `Retry-After` that is no date
    "reset_before",  # the connection is reset, and nothing was done
    "reset_after",  # it was done, and then the connection is reset
    "half",  # it was done, and the answer ends in the middle of its head
    "slow",  # it was done, and the body of the answer comes slowly and not whole
)


@dataclass
class Settings:
    """The limits of the receiver, and its faults: the share of requests for each."""

    windows: list[tuple[int, float]] = field(default_factory=list)
    latency: float = 0.0
    faults: dict[str, float] = field(default_factory=dict)
    status: int | None = None
    """The answer to everything, such as 401."""
    message: str = "always so"
    """The message in that answer."""
    bad: list[str] = field(default_factory=list)
    """Bodies with one of these texts in them are rejected, with whatever is in the same body."""
    authorization: str | None = None
    seed: int = 1
    reset_is_epoch: bool = False


@dataclass
class Effect:
    """An accepted element: when its request arrived, where, and what it was."""

    at: float
    path: str
    element: Any
    number: int


class Destination:
    """The receiver and its ledger."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.arrivals: list[float] = []
        self.effects: list[Effect] = []
        self.answers: Counter[str] = Counter()
        self.refused = 0
        """The requests above a limit."""
        self.chance = random.Random(self.settings.seed)
        self.runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Destination:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_get("/ledger", self.ledger)
        app.router.add_post("/settings", self.change)
        app.router.add_route("*", "/{path:.*}", self.take)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.runner is not None
        await self.runner.cleanup()

    async def ledger(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "arrivals": self.arrivals,
                "effects": [asdict(one) for one in self.effects],
                "answers": self.answers,
                "refused": self.refused,
                "most": {f"{seconds:g}": self.most_in(seconds) for _, seconds in self.settings.windows},
            }
        )

    async def change(self, request: web.Request) -> web.Response:
        for name, value in (await request.json()).items():
            setattr(self.settings, name, value)
        return web.json_response({})

    async def take(self, request: web.Request) -> web.StreamResponse:
        at, text = time.monotonic(), await request.read()
        self.arrivals.append(at)
        number = len(self.arrivals)
        settings = self.settings
        headers = self.headers(at)
        is_over = any(self.count(at, seconds) > limit for limit, seconds in settings.windows)
        if settings.latency:
            await asyncio.sleep(settings.latency * self.chance.uniform(0.5, 1.5))
        if settings.authorization is not None:
            given = request.headers.get("Authorization", "").removeprefix("Basic ")
            if base64.b64decode(given).decode() != settings.authorization:
                return self.answer(401, "App Secret key mismatch. Please login to the dashboard to verify key", headers)
        if settings.status is not None:
            return self.answer(settings.status, settings.message, headers)
        if is_over:
            self.refused += 1
            return self.answer(429, "Rate limit exceeded", {**headers, "Retry-After": "1"})
        fault = self.fault()
        if fault == "storm":
            return self.answer(429, "Rate limit exceeded", headers)
        if fault in ("error", "wrong_date"):
            wrong = {"Retry-After": "Thu, 99 Foo 2026 25:61:00"} if fault == "wrong_date" else {"Retry-After": "0"}
            return self.answer(503, "Internal Server Error", {**headers, **wrong})
        if fault == "reset_before":
            return self.cut(request)
        if any(one.encode() in text for one in settings.bad):
            return self.answer(400, "customer_id is not found in the payload", headers)
        body = json.loads(text) if text else None
        elements = body["elements"] if isinstance(body, dict) and "elements" in body else [body]
        self.effects += (Effect(at, request.path, element, number) for element in elements)
        if fault == "reset_after":
            return self.cut(request)
        if fault == "half":
            assert request.transport is not None
            request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Le")
            return self.cut(request)
        if fault == "slow":
            response = web.StreamResponse(headers={**headers, "Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"status":')
            await asyncio.sleep(0.05)
            return self.cut(request)
        return self.answer(200, "Your request has been accepted and will be processed soon.", headers)

    def cut(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort() if self.chance.random() < 0.5 else request.transport.close()
        self.answers["cut"] += 1
        raise asyncio.CancelledError

    def answer(self, status: int, message: str, headers: dict[str, str]) -> web.Response:
        self.answers[str(status)] += 1
        if status == 200:
            return web.json_response({"status": "success", "message": message}, headers=headers)
        body = {"status": "fail", "error": {"message": message, "type": "error"}}
        return web.json_response(body, status=status, headers=headers)

    def fault(self) -> str | None:
        point = self.chance.random()
        for name, share in self.settings.faults.items():
            if (point := point - share) < 0:
                return name
        return None

    def headers(self, at: float) -> dict[str, str]:
        if not self.settings.windows:
            return {}
        limit, seconds = self.settings.windows[-1]
        first = max(0, len(self.arrivals) - limit)
        reset = max(0.0, self.arrivals[first] + seconds - at)
        return {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - self.count(at, seconds))),
            "x-ratelimit-reset": str(int((time.time() if self.settings.reset_is_epoch else 0) + reset + 0.999)),
        }

    def count(self, at: float, seconds: float) -> int:
        """The number of arrivals in the span of so many seconds that ends now."""
        return len(self.arrivals) - bisect.bisect_right(self.arrivals, at - seconds)

    def most_in(self, seconds: float) -> int:
        """The maximum number of arrivals in any span of so many seconds."""
        most = start = 0
        for end, at in enumerate(self.arrivals):
            while self.arrivals[start] <= at - seconds:
                start += 1
            most = max(most, end - start + 1)
        return most


async def main() -> None:
    """Serves until the end of standard input."""
    settings = Settings(**json.loads(sys.argv[1])) if len(sys.argv) > 1 else Settings()
    async with Destination(settings) as destination:
        print(destination.url, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
