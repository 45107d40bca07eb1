"""Runs Studio's server until it is ended, at an address of this machine alone.

Needs aiohttp.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..jobs.files import written_afresh
from .access import Access
from .server import StudioServer
from .studio import Studio

__all__ = ["serve"]


async def serve(
    root: Path,
    start: Path,
    port: int,
    announce: Callable[[str, str | None], None],
    warn: Callable[[list[str]], None],
    token_file: Path | None = None,
) -> None:
    """Serves until SIGTERM or Ctrl-C. Raises OSError if the port is in use.

    `announce` is called with the address and the token that opens it; with a `token_file`, the token is written there,
    readable by this user alone, and a new one each time that one was used. If files have unsaved edits, `warn` is
    called with their names on the first Ctrl-C, which ends nothing.
    """
    from aiohttp import web

    ended, studio = asyncio.Event(), Studio(root, start)
    warned: list[str] = []

    def interrupted() -> None:
        if studio.unsaved in ([], warned):
            ended.set()
        else:
            warned[:] = studio.unsaved
            warn(warned)

    with suppress(NotImplementedError):  # on Windows, Ctrl-C raises KeyboardInterrupt
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    sockets = _listening(port)
    own = sockets[0].getsockname()[1]
    renewed = None if token_file is None else lambda token: written_afresh(token_file, f"{token}\n".encode())
    access = Access(own, renewed)
    if renewed is not None and access.token is not None:
        renewed(access.token)
    runner = web.AppRunner(StudioServer(studio, access).application(), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        for one in sockets:
            await web.SockSite(runner, one).start()
        announce(f"http://127.0.0.1:{own}/", access.token if token_file is None else None)
        await ended.wait()
    finally:
        await runner.cleanup()
        if token_file is not None:
            token_file.unlink(missing_ok=True)


def _listening(port: int) -> list[socket.socket]:
    """Sockets at a port of 127.0.0.1, and of ::1 if the system has it."""
    first = socket.create_server(("127.0.0.1", port), reuse_port=False)
    found = [first]
    if socket.has_ipv6 and os.name == "posix":
        with suppress(OSError):
            found.append(socket.create_server(("::1", first.getsockname()[1]), family=socket.AF_INET6))
    return found
