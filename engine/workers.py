"""Pieces made by several processes, handed on in order, with a bounded number of them under way."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from .records import Record
from .replay import Piece, Recipe, WorkerError

__all__ = ["pieces"]

UNDER_WAY = 2
"""How many units a worker has at most: the one it works on and the next, so that it never waits."""


def pieces(units: Iterable[Sequence[Record]], recipe: Recipe, jobs: int) -> Iterator[Piece]:
    """The piece of each unit, in order, made by `jobs` processes."""
    context = multiprocessing.get_context("spawn")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # for the workers, from their first moment: Ctrl-C is ours
    try:
        workers = [_start(context, recipe) for _ in range(jobs)]
    finally:
        signal.signal(signal.SIGINT, before)
    waiting: deque[Connection[Any, Any]] = deque()
    try:
        for number, unit in enumerate(units):
            if len(waiting) == jobs * UNDER_WAY:
                yield _receive(waiting.popleft())
            connection, _ = workers[number % jobs]
            connection.send(unit)
            waiting.append(connection)
        while waiting:
            yield _receive(waiting.popleft())
    except (BrokenPipeError, ConnectionResetError):
        raise WorkerError("a worker process ended early") from None
    finally:
        for connection, _ in workers:
            connection.close()
        for _, process in workers:
            process.join(timeout=5)
            process.kill()


def _start(context: Any, recipe: Recipe) -> tuple[Connection[Any, Any], Any]:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, recipe), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _receive(connection: Connection[Any, Any]) -> Piece:
    try:
        answer = connection.recv()
    except EOFError:
        raise WorkerError("a worker process ended early") from None
    if isinstance(answer, Piece):
        return answer
    raise WorkerError(str(answer))


def _work(connection: Connection[Any, Any], recipe: Recipe) -> None:
    """The whole life of a worker. It ends when the other side closes the connection, or is gone."""
    units: queue.Queue[Sequence[Record] | None] = queue.Queue()
    made: queue.Queue[Piece | None] = queue.Queue()
    threading.Thread(target=_take, args=(connection, units), daemon=True).start()
    giver = threading.Thread(target=_give, args=(connection, made), daemon=True)
    giver.start()
    transform = recipe.transform()
    while (unit := units.get()) is not None:
        made.put(transform.piece(unit))
    made.put(None)
    giver.join()
    os._exit(0)


def _give(connection: Connection[Any, Any], made: queue.Queue[Piece | None]) -> None:
    """Hands on what is made, so that the next unit does not wait until the other side asks for the one before."""
    try:
        while (piece := made.get()) is not None:
            connection.send(piece)
    except OSError:
        os._exit(0)


def _take(connection: Connection[Any, Any], units: queue.Queue[Sequence[Record] | None]) -> None:
    """Takes units off the connection as they come, so that neither side waits for the other to read."""
    try:
        while True:
            units.put(connection.recv())
    except (EOFError, OSError):
        units.put(None)
