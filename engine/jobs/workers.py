"""Worker processes: they make pieces, which are returned in order, with a bounded number of them in progress."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, Protocol

from .input import WAITING, Unit
from .program import RulesChangedError
from .transform import Piece, WorkerError

__all__ = ["has_one_thread", "workers"]


class Maker(Protocol):
    """Makes a piece from each unit. It can be pickled, to be sent to other processes."""

    def piece(self, records: Unit, /) -> Any:
        """The piece of these records."""


UNDER_WAY = 2
"""The maximum number of units that a worker has: the current one and the next, so that it never waits."""


@contextmanager
def workers(maker: Maker, jobs: int) -> Iterator[Callable[[Iterable[Unit]], Iterator[Any]]]:
    """A function that makes the pieces of units in order, in `jobs` processes, which end with the block.

    Raises WorkerError if one of them ends early, and RulesChangedError.
    """
    started: list[_Worker] = []
    try:
        # A forked process has everything loaded. That is safe only if this process has no other thread.
        context = multiprocessing.get_context("fork" if has_one_thread() else "spawn")
        # Workers ignore Ctrl-C from the start: this process handles it.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for _ in range(jobs):
                started.append(_Worker(context, maker, [worker.connection for worker in started]))
        finally:
            signal.signal(signal.SIGINT, before)
        for worker in started:
            worker.receiver.start()
        yield partial(_pieces, started)
    finally:
        for worker in started:
            worker.process.kill()
        for worker in started:
            worker.process.join()
            if worker.receiver.is_alive():
                worker.receiver.join()
            worker.connection.close()


def has_one_thread() -> bool:
    """Returns whether this process certainly has a single thread. Only Linux can tell."""
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _pieces(workers: Sequence[_Worker], units: Iterable[Unit]) -> Iterator[Any]:
    waiting: deque[_Worker] = deque()
    for number, unit in enumerate(units):
        if unit is WAITING:
            while waiting:
                yield waiting.popleft().piece()
            yield Piece()
            continue
        if len(waiting) == len(workers) * UNDER_WAY:
            yield waiting.popleft().piece()
        worker = workers[number % len(workers)]
        worker.give(unit)
        waiting.append(worker)
    while waiting:
        yield waiting.popleft().piece()


class _Worker:
    """A process that makes pieces, and a thread that receives them, so that neither side blocks the other."""

    def __init__(self, context: Any, maker: Maker, others: Sequence[Connection[Any, Any]]) -> None:
        self.connection, theirs = context.Pipe()
        ours = (*others, self.connection) if context.get_start_method() == "fork" else ()
        self.process = context.Process(target=_work, args=(theirs, maker, ours), daemon=True)
        self.process.start()
        theirs.close()
        self.receiver = threading.Thread(target=self._receive, daemon=True)
        self._made: SimpleQueue[Any] = SimpleQueue()

    def give(self, unit: Unit) -> None:
        try:
            self.connection.send(unit)
        except (BrokenPipeError, ConnectionResetError):
            raise WorkerError("a worker process ended early") from None

    def piece(self) -> Any:
        """The oldest piece not returned yet."""
        piece = self._made.get()
        if piece is None:
            raise WorkerError("a worker process ended early")
        if isinstance(piece, RulesChangedError):
            raise piece
        return piece

    def _receive(self) -> None:
        try:
            while True:
                self._made.put(self.connection.recv())
        except (EOFError, OSError):
            self._made.put(None)


def _work(connection: Connection[Any, Any], maker: Maker, inherited: Iterable[Connection[Any, Any]]) -> None:
    """The main loop of a worker. It ends when the other side closes; `inherited` connections would keep that open."""
    for other in inherited:
        other.close()
    try:
        while True:
            unit = connection.recv()
            try:
                connection.send(maker.piece(unit))
            except RulesChangedError as error:
                connection.send(error)
    except (EOFError, OSError):
        os._exit(0)
