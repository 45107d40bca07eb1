"""The process that evaluates rules for Studio: killed if it does not answer in time, and started again."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .frames import LENGTH, frame, length_of

__all__ = ["AnswerError", "WorkerProcess"]

START_SECONDS = 60.0
SECONDS = 20.0
"""The seconds after which a process without an answer is killed, except for requests that take longer."""

Json = dict[str, Any]


class AnswerError(RuntimeError):
    """A request was not answered: the kind of the error, and the reason."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class WorkerProcess:
    """A process that answers one request after another.

    `whole` returns the state that a new process needs before it can answer; `stopped` is called with the reason when a
    process was killed. The process imports the modules of this one, and none from the open folder.
    """

    def __init__(
        self,
        root: Path,
        start: Path,
        whole: Callable[[], Json],
        stopped: Callable[[str], None],
        *,
        is_background: bool = False,
    ) -> None:
        self.process: Process | None = None
        self.seconds = SECONDS
        self._command = [sys.executable, "-P", "-m", f"{__package__}.worker", str(root), str(start)]
        self._command += ["background"] if is_background else []
        self._whole = whole
        self._changes: Json = {}
        self._stopped = stopped
        self._turn = asyncio.Lock()
        self._is_closed = False

    async def ask(self, method: str, params: Json, seconds: float | None = None) -> Any:
        """The answer to a request, after those that were made before. Raises AnswerError."""
        async with self._turn:
            if self._is_closed:
                raise AnswerError("stopped", "Studio ends")
            fresh = self.process is None
            if fresh:
                await self._start()
            changes, self._changes = self._whole() if fresh else self._changes, {}
            return await self._exchange({"method": method, "params": params, "changes": changes}, method, seconds)

    def change(self, changes: Json) -> None:
        """Sends changes to the process with the next request."""
        for name, value in changes.items():
            known = self._changes.get(name)
            self._changes[name] = {**known, **value} if isinstance(known, dict) and name != "selected" else value

    async def _start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C in the terminal is for Studio, which ends this process
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._read(self.process)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            await self._kill()
            raise AnswerError("failed", "what evaluates rules could not be started") from error
        except asyncio.CancelledError:  # what it says when it is ready would be taken for an answer
            await self._kill()
            raise

    async def _exchange(self, message: Json, method: str, seconds: float | None) -> Any:
        process = self.process
        assert process is not None  # noqa: S101  it was started
        assert process.stdin is not None  # noqa: S101
        limit = seconds or self.seconds
        try:
            async with asyncio.timeout(limit):
                process.stdin.write(frame(message))
                await process.stdin.drain()
                answer = await self._read(process)
        except TimeoutError:
            await self._end(f"{method} took more than {limit:g} seconds: the evaluation was stopped, and begins anew")
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            await self._end(f"the evaluation of {method} ended early, perhaps for lack of memory, and begins anew")
        except asyncio.CancelledError:  # half an answer would be taken for the next one
            await self._kill()
            raise
        else:
            if "error" in answer:
                raise AnswerError(answer["error"]["kind"], answer["error"]["message"])
            return answer["result"]

    async def _end(self, reason: str) -> None:
        await self._kill()
        self._stopped(reason)
        raise AnswerError("stopped", reason)

    async def _read(self, process: Process) -> Any:
        assert process.stdout is not None  # noqa: S101
        length = length_of(await process.stdout.readexactly(LENGTH))
        return json.loads(await process.stdout.readexactly(length))

    async def _kill(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        """Ends the process, even if it is working."""
        self._is_closed = True
        await self._kill()
