"""Serves Studio's page and its socket to this machine: each request is checked before it is answered.

Needs aiohttp.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .access import Access
from .studio import RequestError, Studio

__all__ = ["MAX_MESSAGE", "StudioServer"]

MAX_MESSAGE = 12_000_000
"""The maximum size in bytes of a message from a page: pasted samples are the largest."""
STATIC = Path(__file__).parent / "static"
_MAX_BODY = 1_000
_MOST_AT_ONCE = 100
"""The maximum number of requests of a page that are answered at the same time."""
_MOST_PAGES = 16
_MOST_WAITING = 200
"""The maximum number of messages that wait for a page; beyond it, the connection is closed."""
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
    ".map": "application/json",
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALONE = "sandbox allow-scripts allow-downloads; frame-ancestors 'none'"
"""The policy of pages with a policy of their own in a meta element, which are isolated from Studio's page."""

Handler = Callable[[Any], Awaitable[Any]]


class StudioServer:
    """The HTTP side of a Studio. `access` says who may use it."""

    def __init__(self, studio: Studio, access: Access, static: Path = STATIC) -> None:
        self.studio = studio
        self.access = access
        names = sorted(static.iterdir()) if static.is_dir() else []
        self._files = {one.name: one for one in names if one.suffix in _TYPES and one.is_file()}
        self._sockets: set[Any] = set()

    def application(self) -> Any:
        """The aiohttp application."""
        from aiohttp import web

        application = web.Application(client_max_size=_MAX_BODY, middlewares=[self._guarding()])
        application.router.add_get("/", self._page)
        application.router.add_post("/session", self._enter)
        application.router.add_get("/socket", self._socket)
        application.router.add_get("/pages/docs", self._docs)
        application.router.add_get("/pages/export", self._export)
        application.router.add_get("/{name}", self._static)
        application.cleanup_ctx.append(self._running)
        application.on_shutdown.append(self._hang_up)
        return application

    async def _running(self, _: Any) -> AsyncIterator[None]:
        watching = asyncio.create_task(self.studio.watch())
        yield
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await self.studio.close()

    async def _hang_up(self, _: Any) -> None:
        for socket in list(self._sockets):
            await socket.close(code=1001, message=b"Studio ends")

    # Who is asking

    def _guarding(self) -> Any:
        from aiohttp import web

        @web.middleware
        async def guarding(request: Any, handler: Handler) -> Any:
            host = request.headers.get("Host")
            try:
                answer = self._refusal(request, host) or await handler(request)
            except web.HTTPException as error:
                answer = _refused(error.status, error.reason.lower())
            if not answer.prepared:
                answer.headers.update(_HEADERS)
                answer.headers.setdefault("Content-Security-Policy", self._policy(host, secrets.token_urlsafe(16)))
            return answer

        return guarding

    def _policy(self, host: str | None, nonce: str) -> str:
        return _POLICY.format(nonce=nonce, host=host if self.access.knows_host(host) else "")

    def _refusal(self, request: Any, host: str | None) -> Any:
        """The refusal of a request that is not from Studio's own page; None if the request may be answered."""
        if not self.access.knows_host(host):  # a name that was made to lead here (DNS rebinding)
            return _refused(403, "Studio answers only to 127.0.0.1, [::1] and localhost, at its port")
        is_socket = request.path == "/socket"
        origin = request.headers.get("Origin")
        if (request.method == "POST" or is_socket) and not self.access.knows_origin(origin, host):
            return _refused(403, "the request does not come from Studio's page")
        is_private = is_socket or request.path.startswith("/pages/")
        if is_private and not self.access.knows_cookie(request.cookies.get(self.access.cookie)):
            return _refused(401, "open Studio by the address that the terminal shows")
        return None

    async def _enter(self, request: Any) -> Any:
        from aiohttp import web

        if request.content_type != "application/json":
            return _refused(415, "the content type is not application/json")
        try:
            body = json.loads(await request.text())
        except (ValueError, RecursionError):
            body = None
        cookie = self.access.enter(body.get("token")) if isinstance(body, dict) else None
        if cookie is None:
            return _refused(403, "the token is wrong, or was used: each opens one browser")
        answer = web.Response(status=204)
        answer.set_cookie(self.access.cookie, cookie, httponly=True, samesite="Strict", path="/")
        return answer

    # Pages

    async def _page(self, request: Any) -> Any:
        from aiohttp import web

        page = self._files.get("index.html")
        if page is None:
            return _refused(404, "Studio's page is not installed")
        nonce = secrets.token_urlsafe(16)
        headers = {"Content-Security-Policy": self._policy(request.headers.get("Host"), nonce)}
        text = page.read_text("utf-8").replace("{{nonce}}", nonce)
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _static(self, request: Any) -> Any:
        from aiohttp import web

        file = self._files.get(request.match_info["name"])
        if file is None:
            return _refused(404, "there is no such file")
        content_type = _TYPES[file.suffix]
        is_text = content_type.startswith("text/")
        return web.Response(body=file.read_bytes(), content_type=content_type, charset="utf-8" if is_text else None)

    async def _docs(self, request: Any) -> Any:
        return await self._made("docs", {"mapping": request.query.get("mapping")})

    async def _export(self, request: Any) -> Any:
        answer = await self._made("export", {"show_values": request.query.get("values") == "1"})
        if answer.status == 200:
            answer.headers["Content-Disposition"] = 'attachment; filename="studio.html"'
        return answer

    async def _made(self, method: str, params: dict[str, Any]) -> Any:
        """A page that Studio makes."""
        from aiohttp import web

        try:
            made = await self.studio.answer(method, params, lambda _: None)
        except RequestError as error:
            return _refused(404, str(error))
        return web.Response(text=made["html"], content_type="text/html", headers={"Content-Security-Policy": _ALONE})

    # The socket

    async def _socket(self, request: Any) -> Any:
        from aiohttp import WSMsgType, web

        if len(self._sockets) >= _MOST_PAGES:
            return _refused(503, f"Studio is open on {_MOST_PAGES} pages already")
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE, heartbeat=30)
        await socket.prepare(request)
        self._sockets.add(socket)
        page = _Page(socket)
        self.studio.pages.add(page.tell)
        sending = asyncio.create_task(page.send())
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    await socket.close(code=1003, message=b"messages are JSON text")
                    break
                if not page.take(message.data, self.studio):
                    await socket.close(code=1008, message=b"too many requests at once")
                    break
        finally:
            self._sockets.discard(socket)
            self.studio.pages.discard(page.tell)
            sending.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await sending
        return socket


class _Page:
    """An open page: its requests are answered in tasks, and messages for it wait in a queue."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._waiting: asyncio.Queue[Any] = asyncio.Queue()
        self._answering: set[asyncio.Task[None]] = set()
        self.tell = self._tell  # the same object each time: pages are told apart by it

    def _tell(self, message: Any) -> None:
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put_nowait(message)
        else:
            self._waiting.put_nowait(None)

    async def send(self) -> None:
        """Sends waiting messages until the page is closed."""
        while (message := await self._waiting.get()) is not None:
            await self._socket.send_str(json.dumps(message, separators=(",", ":")))
        await self._socket.close(code=1013, message=b"the page does not take its messages")

    def take(self, text: str, studio: Studio) -> bool:
        """Answers a message in a task of its own; False if too many are being answered."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not _is_request(message):
            self._tell({"id": None, "error": {"kind": "wrong", "message": "a request has an id, a method and params"}})
            return True
        if len(self._answering) >= _MOST_AT_ONCE:
            return False
        task = asyncio.create_task(self._answer(message, studio))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return True

    async def _answer(self, message: Any, studio: Studio) -> None:
        try:
            result = await studio.answer(message["method"], message.get("params", {}), self.tell)
            self._tell({"id": message["id"], "result": result})
        except RequestError as error:
            data = {} if error.data is None else {"data": error.data}
            self._tell({"id": message["id"], "error": {"kind": error.kind, "message": str(error), **data}})


def _is_request(message: Any) -> bool:
    return (
        isinstance(message, dict)
        and isinstance(message.get("id"), int)
        and isinstance(message.get("method"), str)
        and isinstance(message.get("params", {}), dict)
    )


def _refused(status: int, reason: str) -> Any:
    from aiohttp import web

    return web.json_response({"error": reason}, status=status)
