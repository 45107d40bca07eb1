"""Writes to a database in one thread: work that arrives while a transaction is committed shares the next one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Literal, TypeVar, cast

from .database import Connection, Database
from .entries import OutboxError

__all__ = ["Writer"]

_T = TypeVar("_T")
_Work = tuple[Callable[[Connection], Any], "Future[Any]", bool]

MOST_AT_ONCE = 512


class Writer:
    """The one thread that writes to a database.

    Work is done in the order of submission. Work that fails is rolled back alone: other work in its transaction stays.
    """

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="moemap-outbox", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], _T]) -> Future[_T]:
        """Calls `work` in a transaction; the Future is done when it is committed."""
        return self._put(work, is_alone=False)

    def alone(self, work: Callable[[Connection], _T]) -> Future[_T]:
        """Calls `work` outside of transactions, after all work submitted before."""
        return self._put(work, is_alone=True)

    def _put(self, work: Callable[[Connection], _T], *, is_alone: bool) -> Future[_T]:
        if self._is_closed:
            raise RuntimeError("the outbox is closed")
        future: Future[_T] = Future()
        self._work.put((work, cast("Future[Any]", future), is_alone))
        return future

    def close(self) -> None:
        """Finishes all submitted work, and ends the thread."""
        if not self._is_closed:
            self._is_closed = True
            self._work.put(None)
            self._thread.join()

    def _run(self) -> None:
        next_: _Work | Literal["none yet"] | None = "none yet"
        while (work := self._work.get() if next_ == "none yet" else next_) is not None:
            next_ = "none yet"
            works = [work]
            while len(works) < MOST_AT_ONCE and not works[-1][2]:
                try:
                    following = self._work.get_nowait()
                except queue.Empty:
                    break
                if following is None or following[2]:
                    next_ = following
                    break
                works.append(following)
            if work[2]:
                self._alone(*work[:2])
            else:
                self._commit([one[:2] for one in works])

    def _alone(self, work: Callable[[Connection], Any], future: Future[Any]) -> None:
        try:
            future.set_result(work(self._connection))
        except Exception as error:
            future.set_exception(self._said(error))

    def _commit(self, works: list[tuple[Callable[[Connection], Any], Future[Any]]]) -> None:
        done: list[tuple[Future[Any], Any, Exception | None]] = []
        try:
            self._database.begin(self._connection)
            for work, future in works:
                done.append((future, *self._one(work)))
            self._connection.execute("COMMIT")
        except Exception as error:  # such as a disk that is full: nothing of this was done
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for _, future in works:
                future.set_exception(self._said(error))
            return
        for future, result, failed in done:
            if failed is not None:
                future.set_exception(self._said(failed))
            else:
                future.set_result(result)

    def _one(self, work: Callable[[Connection], Any]) -> tuple[Any, Exception | None]:
        self._connection.execute("SAVEPOINT one")
        try:
            result = work(self._connection)
        except Exception as error:
            if not self._connection.in_transaction:  # the database itself gave up, and all is undone
                raise
            self._connection.execute("ROLLBACK TO one")
            self._connection.execute("RELEASE one")
            return None, error
        self._connection.execute("RELEASE one")
        return result, None

    def _said(self, error: Exception) -> Exception:
        """The error as users read it."""
        if isinstance(error, self._database.errors):
            return OutboxError(f"the outbox cannot be written: {error}")
        return error
