"""Commands of tests as processes that are forked where everything is imported, which takes most of their time.

A server, one for each environment of the interpreter, imports the command and forks a process for each call of
`python -m moemap ...`. The process is a child of the tests' own: what waits for it, reads of it or kills it is the same
as without. This needs Linux; elsewhere, and for every other call, processes are started as ever.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import io
import json
import os
import pkgutil
import re
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

__all__ = ["forked", "is_on", "started"]

READ_AT_START = re.compile("PYTHON|LC_|LANG|LD_|TZ")
"""The variables that an interpreter or a library reads when it starts. Each combination has its own server."""
PLAIN = (-1, None, None, None, -1, None)
"""No process group, group, groups, user, mask of permissions or function to call before."""
SUBREAPER = 36
"""Of `prctl`: orphans among the descendants of this process become its children."""
LONGEST = 150_000
"""The maximum number of bytes of a request. The message must fit into the buffer of a socket."""

is_on = True
started: list[int] = []
"""The processes that were forked."""
_servers: dict[tuple[tuple[str, str], ...], socket.socket | None] = {}
_running: list[subprocess.Popen[bytes]] = []
_turn = threading.Lock()


class Request(NamedTuple):
    """A call, with the state of the process that asks for it."""

    module: str
    arguments: list[str]
    is_safe: bool
    """True if modules are not imported from the working folder of the call."""
    folder: str
    environment: dict[str, str]
    is_leader: bool
    ignores_interrupts: bool


@contextmanager
def forked() -> Iterator[None]:
    """Has calls of the command forked in the block. Its end leaves those that run alone, and ends the servers."""
    start = getattr(subprocess, "_fork_exec", None)
    if start is None or sys.platform != "linux":
        yield
        return

    def fork(*given: Any) -> int:
        request = _request(*given) if is_on and os.getpid() == tests else None
        return (_fork(request, given) if request else None) or int(start(*given))

    tests = os.getpid()
    subprocess._fork_exec = fork  # type: ignore[attr-defined]
    try:
        yield
    finally:
        subprocess._fork_exec = start  # type: ignore[attr-defined]
        for control in filter(None, _servers.values()):
            control.close()
        for server in _running:
            server.wait()
        _servers.clear()
        _running.clear()


def _request(*given: Any) -> Request | None:
    """The request for a call, by the arguments with which `subprocess` starts it; None if it is no plain one."""
    words, _, closes, kept, folder, variables = given[:6]
    error_pipe, (restores, is_leader, *others) = given[13], given[14:]
    plain = closes and restores and kept == (error_pipe,) and tuple(others[: len(PLAIN)]) == PLAIN
    match words:
        case [sys.executable, "-m", module, *arguments] if plain:
            is_safe = False
        case [sys.executable, "-P", "-m", module, *arguments] if plain:
            is_safe = True
        case _:
            return None
    if module.partition(".")[0] != "moemap":
        return None
    pairs = os.environ.items() if variables is None else (os.fsdecode(one).split("=", 1) for one in variables)
    ignores = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return Request(module, arguments, is_safe, os.fspath(folder or os.getcwd()), dict(pairs), is_leader, ignores)


def _fork(request: Request, given: Sequence[Any]) -> int | None:
    """The id of a process that a server forks; None if there is no server for it."""
    standard = [given[at] if given[at] >= 0 else number for number, at in enumerate((6, 9, 11))]
    message = json.dumps(request).encode()
    with _turn:
        control = _server_for(request.environment)
        if control is None or len(message) > LONGEST:
            return None
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
        try:
            socket.send_fds(control, [message], standard)
            answer = control.recv(20)
            control.recv(1)  # by now, it is a child of this process
        except ConnectionError:
            answer = b""
        finally:
            ctypes.CDLL(None).prctl(SUBREAPER, 0, 0, 0, 0)
    if not answer:
        _servers[_key(request.environment)] = None  # it was killed
        return None
    process = int(answer)
    started.append(process)
    return process


def _server_for(environment: dict[str, str]) -> socket.socket | None:
    if (key := _key(environment)) not in _servers:
        ours, theirs = _pair()
        command = [sys.executable, "-c", "from moemap.tests.forking import serve; serve()", str(theirs.fileno())]
        _running.append(
            subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
        )
        theirs.close()
        _servers[key] = ours if ours.recv(1) else None
    return _servers[key]


def _key(environment: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(pair for pair in environment.items() if READ_AT_START.match(pair[0])))


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def serve() -> None:
    """Imports the command and forks a process for each request, which is run there. Ends with the tests' process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in _modules():
        with suppress(ImportError):  # of an extra that is not installed
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=int(sys.argv[1]))
    control.send(b".")
    _answer(control)


def _answer(control: socket.socket) -> None:
    while True:
        message, standard, _, _ = socket.recv_fds(control, LONGEST, 3)
        if not message:
            os._exit(0)
        if (between := _split()) == 0:
            process = _split()
            if process == 0:
                control.close()
                break
            control.send(str(process).encode())
            os._exit(0)
        for descriptor in standard:
            os.close(descriptor)
        os.waitpid(between, 0)
        control.send(b".")
    request = Request(*json.loads(message))
    if request.arguments[:1] != ["studio"]:
        _become(request, standard)
        return
    # It starts processes of its own, for which it has a server of its own, as long as it has no thread.
    ours, theirs = _pair()
    if _split() == 0:
        ours.close()
        for descriptor in standard:
            os.close(descriptor)
        _answer(theirs)
    else:
        theirs.close()
        _servers[_key(request.environment)] = ours
        with forked():
            _become(request, standard)


def _split() -> int:
    """Forks, also where a test has removed that from `os`."""
    return int(sys.modules["posix"].fork())


def _modules() -> Iterator[str]:
    yield from ("aiohttp.web", "uvloop", "moemap.cli")
    for package in ("moemap.commands", "moemap.engine"):
        folder = importlib.import_module(package).__path__
        yield from (found.name for found in pkgutil.walk_packages(folder, f"{package}."))


def _become(request: Request, standard: Sequence[int]) -> None:
    """Makes this process what a new one would be, and runs the module in it."""
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if request.is_leader:
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN if request.ignores_interrupts else signal.default_int_handler)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before = getattr(sys, name)
        file = open(number, "wb" if number else "rb", closefd=False)  # noqa: SIM115  open until the end
        at_once = number == 2 or file.isatty()
        text = io.TextIOWrapper(file, before.encoding, before.errors, newline="\n", line_buffering=at_once)
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)
    sys.argv = ["-m", *request.arguments]
    if not sys.flags.safe_path:
        sys.path[:1] = [] if request.is_safe else [request.folder]
    if not hasattr(sys.modules.get(request.module), "__path__"):
        sys.modules.pop(request.module, None)
    runpy.run_module(request.module, run_name="__main__", alter_sys=True)
