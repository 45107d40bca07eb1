"""Receives batches over HTTP: those that are answered with 202 are in the outbox, on the disk.

Needs aiohttp, as `sending` does.
"""

from __future__ import annotations

import asyncio
import hmac
import io
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, BinaryIO

from ..diagnostics.problem import Problem
from ..jobs.compression import decompressed
from ..jobs.input import read_units
from ..jobs.transform import Transform
from ..runtime.result import Result
from .entries import OutboxError, OutboxFullError
from .intake import input_of
from .interface import ENCODINGS, MAX_BODY_BYTES, PATH, TYPES, description
from .metrics import CONTENT_TYPE, Metrics
from .outbox import Outbox
from .plan import Plan
from .sender import Sender
from .telemetry import span

__all__ = ["Receiver"]

READ_SECONDS = 30.0
"""The seconds after which the connection of a sender is closed that has not sent the whole body."""
RETRY_SECONDS = 10
"""The seconds after which a sender may try again if the outbox is full or sending was stopped."""
MOST_PROBLEMS = 100
"""The maximum number of problems that an answer lists; `more` counts the rest."""
MOST_INPUTS = 10_000
"""The maximum number of batches in a body."""
_UNIT_BYTES = 1 << 19
_TOO_LARGE = f"the body has more than {MAX_BODY_BYTES} bytes"
_AT_ONCE = 1 << 15
"""The size of a body in bytes from which on it is mapped in a thread, so that others are answered meanwhile."""

_counts: ContextVar[dict[str, int]] = ContextVar("counts")
"""The counts of the inputs in the request that is being answered."""
_Log = Callable[[Mapping[str, Any]], None]
_Json = dict[str, Any]


class _TooLargeError(ValueError):
    """A body is too large; the text says in which respect."""


class Receiver:
    """Takes batches for one mapping. `sender` delivers them in this process, if given.

    `authorization` is the header that clients must send. `rejects` receives the batches that had errors, one a line.
    `log` is called with events: names, numbers and places, and no value of a batch.
    """

    def __init__(
        self,
        outbox: Outbox,
        plan: Plan,
        transform: Transform,
        mapping: str,
        *,
        rejects: BinaryIO,
        sender: Sender | None = None,
        authorization: str | None = None,
        log: _Log = lambda _: None,
    ) -> None:
        self.outbox = outbox
        self.plan = plan
        self.transform = transform
        self.mapping = mapping
        self.metrics = Metrics()
        self._rejects = rejects
        self._sender = sender
        self._authorization = None if authorization is None else authorization.encode()
        self._log = log

    def runner(self) -> Any:
        """The aiohttp runner. Bodies are decompressed here: aiohttp takes those that break off for whole ones."""
        from aiohttp import web

        return web.AppRunner(self._application(), access_log=None, handle_signals=False, auto_decompress=False)

    def _application(self) -> Any:
        from aiohttp import web

        application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_answering(self)])
        application.router.add_post(PATH, self._take)
        application.router.add_get("/healthz", self._health)
        application.router.add_get("/readyz", self._readiness)
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/openapi.json", self._description)
        return application

    def obstacle(self) -> str | None:
        """The reason why nothing can be taken now; None if batches can be."""
        if self._sender is not None and self._sender.progress.stopped is not None:
            return f"sending was stopped: {self._sender.progress.stopped}"
        return None

    # Handlers

    async def _take(self, request: Any) -> Any:
        if not self._is_authorized(request):
            return _refusal(
                401, "the Authorization header is not the one that was agreed", {"WWW-Authenticate": "Token"}
            )
        if request.content_type not in TYPES:
            return _refusal(415, f"the content type is not one of {', '.join(sorted(TYPES))}")
        encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ENCODINGS:
            return _refusal(415, f"the content encoding is not one of {', '.join(ENCODINGS)}")
        if (obstacle := self.obstacle()) is not None:
            return _unavailable(obstacle)
        text = await asyncio.wait_for(request.read(), READ_SECONDS)
        if not text.startswith(ENCODINGS[encoding]):
            raise ValueError
        if not text.strip():
            return _refusal(400, "the body is empty")
        lines = request.content_type.endswith("ndjson")
        if len(text) > _AT_ONCE:
            results, rejects = await asyncio.to_thread(self._map, text, lines)
        else:
            results, rejects = self._map(text, lines)
        problems = [(number, problem) for number, (_, result) in enumerate(results) for problem in result.problems]
        if problems and len(problems) == len(results) and all(problem.code == "M501" for _, problem in problems):
            return _answer(400, {"error": "the body cannot be read", **_listed(problems)})
        try:
            is_new = await self._keep(results, rejects)
        except OutboxFullError as error:
            return _unavailable(str(error))
        known = sum(not new for new in is_new.values())
        requests = sum(len(result.requests) for number, (_, result) in enumerate(results) if is_new.get(number))
        self._count(results, is_new)
        counts = {"inputs": len(results), "known": known, "requests": requests}
        _counts.get().update(counts)
        return _answer(202, {**counts, **_listed(problems)})

    async def _health(self, _: Any) -> Any:
        return _answer(200, {"status": "running"})

    async def _readiness(self, _: Any) -> Any:
        obstacle = self.obstacle() or await asyncio.to_thread(self.outbox.fullness)
        return _answer(200, {"status": "ready"}) if obstacle is None else _unavailable(obstacle)

    async def _metrics(self, _: Any) -> Any:
        from aiohttp import web

        counts = await asyncio.to_thread(self.outbox.counts)
        text = self.metrics.text(counts, self._sender, time.time())
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    async def _description(self, _: Any) -> Any:
        return _answer(200, description(self.mapping, has_authorization=self._authorization is not None))

    # Steps

    def _is_authorized(self, request: Any) -> bool:
        if self._authorization is None:
            return True
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        return hmac.compare_digest(given, self._authorization)

    def _map(self, text: bytes, lines: bool) -> tuple[list[tuple[Any, Result]], bytes]:
        results, rejects = [], []
        for unit in read_units(io.BytesIO(_unpacked(text)), "request", _UNIT_BYTES, lines=lines):
            mapped, _, failed = self.transform.mapped(unit)
            results += mapped
            rejects.append(failed)
            if len(results) > MOST_INPUTS:
                raise _TooLargeError(f"the body has more than {MOST_INPUTS} batches")
        return results, b"".join(rejects)

    async def _keep(self, results: list[tuple[Any, Result]], rejects: bytes) -> dict[int, bool]:
        """Writes requests and rejects to the disk; returns whether each input with requests is new."""
        given = {
            number: input_of(record, result, self.plan, self.mapping)
            for number, (record, result) in enumerate(results)
            if result.requests
        }
        added = await asyncio.wrap_future(self.outbox.add(list(given.values()))) if given else []
        if rejects:
            await asyncio.to_thread(self._write_rejects, rejects)
        if self._sender is not None and added:
            self._sender.wake()
        return dict(zip(given, added, strict=True))

    def _write_rejects(self, rejects: bytes) -> None:
        self._rejects.write(rejects)
        self._rejects.flush()
        os.fsync(self._rejects.fileno())

    def _count(self, results: list[tuple[Any, Result]], is_new: Mapping[int, bool]) -> None:
        count = self.metrics.add
        for number, (_, result) in enumerate(results):
            new = is_new.get(number, True)
            count("moemap_inputs_total", "outcome", ("taken" if new else "known") if result.ok else "with errors")
            for request in result.requests if new else ():
                count("moemap_requests_total", "output", request.output)
            for skipped in result.skipped:
                count("moemap_skipped_total", "rule", skipped.rule or "")
            for problem in result.problems:
                count("moemap_problems_total", "code", problem.code)

    def answered(self, request: Any, status: int, seconds: float) -> None:
        """Counts and logs an answer."""
        self.metrics.add("moemap_responses_total", "status", str(status))
        if request.path == PATH:
            self.metrics.took(seconds)
            taken = _counts.get()
            self._log({"event": "answered", "status": status, "milliseconds": round(seconds * 1000, 1), **taken})

    def stopped(self, reason: str) -> None:
        """Logs that sending has stopped."""
        self._log({"event": "stopped", "reason": reason})

    def failed(self, error: Exception) -> None:
        """Logs an error of this service."""
        self._log({"event": "failed", "error": f"{type(error).__name__}: {error}"})


def _unpacked(text: bytes) -> bytes:
    """Decompresses a body that is compressed without a header that says so. Raises _TooLargeError."""
    flaws: list[str] = []
    parts, size = [], 0
    for part in decompressed(io.BytesIO(text), flaws):
        parts.append(part)
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise _TooLargeError(_TOO_LARGE)
    if flaws:
        raise ValueError(flaws[0])
    return b"".join(parts)


def _answering(receiver: Receiver) -> Any:
    """A middleware for all handlers: errors become answers, and all answers are counted."""
    from aiohttp import web

    @web.middleware
    async def answering(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        started = time.monotonic()
        _counts.set({})
        with span(f"{request.method} {_route(request)}", "server", request.headers) as said:
            response = await answer(request, handler)
            said |= {"http.response.status_code": response.status, **_named(_counts.get())}
            if response.status >= 500:
                said["error.type"] = str(response.status)
        receiver.answered(request, response.status, time.monotonic() - started)
        return response

    async def answer(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            response = await handler(request)
        except web.HTTPRequestEntityTooLarge:
            response = _refusal(413, _TOO_LARGE)
        except _TooLargeError as error:
            response = _refusal(413, str(error))
        except TimeoutError:
            response = _refusal(408, f"the body took more than {READ_SECONDS:.0f} s", {"Connection": "close"})
        except web.HTTPException as error:
            response = _refusal(error.status, error.reason)
        except (web.RequestPayloadError, ValueError):
            response = _refusal(400, "the body is not compressed as its header says")
        except (OSError, OutboxError) as error:  # the disk is full, say
            receiver.failed(error)
            response = _unavailable("the outbox cannot be written")
        except Exception as error:  # a bug here is no reason to hang up on a sender
            receiver.failed(error)
            response = _refusal(500, "the service failed, which is a bug in moemap")
        return response

    return answering


def _route(request: Any) -> str:
    """The path of a route; one word stands for all others, since clients may ask for any path."""
    resource = request.match_info.route.resource
    return "*" if resource is None else str(resource.canonical)


def _named(counts: Mapping[str, int]) -> Mapping[str, int]:
    return {f"moemap.{name}": count for name, count in counts.items()}


def _listed(problems: list[tuple[int, Problem]]) -> _Json:
    """The first problems, each with the number of its input from 0."""
    listed = [{"input_number": number, **problem.to_json()} for number, problem in problems[:MOST_PROBLEMS]]
    return {"problems": listed, "more": max(len(problems) - MOST_PROBLEMS, 0)}


def _answer(status: int, document: _Json, headers: Mapping[str, str] | None = None) -> Any:
    from aiohttp import web

    return web.json_response(document, status=status, headers=dict(headers or {}))


def _refusal(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Any:
    return _answer(status, {"error": reason}, headers)


def _unavailable(reason: str) -> Any:
    return _refusal(503, reason, {"Retry-After": str(RETRY_SECONDS)})
