"""Sends single calls over HTTP, and reports their outcome. Needs aiohttp."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple, TypeVar

from .secrets import Secrets

__all__ = ["CallOutcome", "Http", "SentCall", "run"]

TIMEOUT = 30.0
CONNECT_TIMEOUT = 10.0
MAX_ANSWER = 65_536
_DNS_SECONDS = 10

_T = TypeVar("_T")


class CallOutcome(NamedTuple):
    """The outcome of a call; without an answer (`status` is None), `arrived` says whether it may have arrived."""

    status: int | None
    headers: Mapping[str, str]
    text: str
    arrived: bool = True


class SentCall(NamedTuple):
    """A request as it is sent, with all secrets filled in."""

    method: str
    url: Any
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Call({self.method})"


class Http:
    """A pool of connections. Use it as an asynchronous context."""

    def __init__(self, secrets: Secrets, connections: int, keep_alive: float, timeout: float = TIMEOUT) -> None:
        import aiohttp

        self._aiohttp = aiohttp
        self._secrets = secrets
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_TIMEOUT)
        self._make: Callable[[], Any] = lambda: aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=keep_alive, ttl_dns_cache=_DNS_SECONDS),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "moemap"},
        )
        self._session: Any = None

    async def __aenter__(self) -> Http:
        self._session = self._make()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> SentCall:
        """Fills the {placeholders} of a request, whose values are kept in memory only. Raises SecretError."""
        from yarl import URL

        own = {name: self._secrets.fill(value) for name, value in headers.items()}
        return SentCall(method, URL(self._secrets.fill(url), encoded=True), own, body)

    async def send(self, call: SentCall) -> CallOutcome:
        """Sends a request, and returns the outcome."""
        status, text, answered = None, "", {}
        try:
            async with self._session.request(
                call.method, call.url, headers=call.headers, data=call.body or None, allow_redirects=False
            ) as response:
                status, answered = response.status, dict(response.headers)
                text = await self._text(response)
        except (OSError, TimeoutError, UnicodeError, self._aiohttp.ClientError) as error:
            if status is not None:  # what the answer means is known, whatever became of its text
                return CallOutcome(status, answered, self._secrets.redact(text))
            reason = self._secrets.redact(f"{type(error).__name__}: {error}".rstrip(": "))
            return CallOutcome(None, {}, reason, not isinstance(error, self._never_arrived()))
        return CallOutcome(status, answered, self._secrets.redact(text))

    def _never_arrived(self) -> tuple[type[Exception], ...]:
        """The errors that occur before any part of a request is written."""
        http = self._aiohttp
        return UnicodeError, http.ClientConnectorError, http.InvalidURL, http.ConnectionTimeoutError

    async def _text(self, response: Any) -> str:
        parts, size = [], 0
        while size < MAX_ANSWER and (part := await response.content.read(MAX_ANSWER - size)):
            parts.append(part)
            size += len(part)
        return b"".join(parts).decode("utf-8", "replace")


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Runs a coroutine, with uvloop if it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
