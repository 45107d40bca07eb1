"""Values that are computed at their first use, once, by any number of threads.

A process that is forked while another thread computes one would wait forever, since that thread does not exist in the
child; so locks are replaced in the child. Those of Python and of libraries cannot be: work that takes such locks, as
imports do, keeps others from forking.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary, WeakSet

__all__ = ["Lock", "Once", "cached_property", "once_for_each", "without_forks"]

_T = TypeVar("_T")
_Key = TypeVar("_Key")

if sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property(Generic[_T]):  # noqa: N801 - as in newer versions, where it has no lock
        """A property that is computed once for each object."""

        def __init__(self, make: Callable[[Any], _T]) -> None:
            self._make = make

        def __set_name__(self, _owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, _owner: type) -> _T:
            value = instance.__dict__[self._name] = self._make(instance)
            return value


def once_for_each(make: Callable[[_Key], _T]) -> Callable[[_Key], _T]:
    """Computes the result of a function once for each object, which it does not keep alive; so must the result."""
    known: WeakKeyDictionary[_Key, _T] = WeakKeyDictionary()

    @wraps(make)
    def get(one: _Key) -> _T:
        if one not in known:
            known[one] = make(one)
        return known[one]

    return get


class Lock:
    """A lock of threads that nobody holds in a process that has just been forked."""

    def __init__(self) -> None:
        _ALL.add(self)
        self.renew()

    def renew(self) -> None:
        """Replaces the lock in a forked process, where the thread that may hold it does not exist."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Once(Generic[_T]):
    """A value that is computed once: by the first call of `get`, or in a background thread after `begin`."""

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make = make
        self._value: list[_T] = []
        _ALL.add(self)
        self.renew()

    def renew(self) -> None:
        """Replaces the lock in a forked process, where no thread holds it and no thread computes the value."""
        self._lock = threading.Lock()
        self._begun = False

    def get(self) -> _T:
        """The value: computed here, or awaited if another thread computes it."""
        if not self._value:
            with self._lock:
                if not self._value:
                    self._value.append(self._make())
        return self._value[0]

    @property
    def is_made(self) -> bool:
        return bool(self._value)

    def begin(self) -> None:
        """Starts to compute the value in the background, unless that was started already."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self.get, name="moemap", daemon=True).start()


_ALL: WeakSet[Lock | Once[Any]] = WeakSet()


class _Forks:
    """Has a fork of the process wait for what other threads do in blocks of their own."""

    def __init__(self) -> None:
        self._inside: Counter[int] = Counter()
        """The number of blocks that each thread is in."""
        self._turn = threading.Condition()

    def enter(self) -> None:
        with self._turn:
            self._inside[threading.get_ident()] += 1

    def leave(self) -> None:
        with self._turn:
            self._inside -= Counter([threading.get_ident()])
            self._turn.notify_all()

    def before(self) -> None:
        """Waits until no other thread is in a block; none enters one before the process has been forked."""
        self._turn.acquire()
        self._turn.wait_for(lambda: self._inside.keys() <= {threading.get_ident()}, _LONGEST_WAIT)

    def after(self) -> None:
        """Goes on in the process that has been forked."""
        self._turn.release()

    def renew(self) -> None:
        """Begins anew in the child, which has this thread alone."""
        self._inside &= Counter({threading.get_ident(): self._inside.total()})
        self._turn = threading.Condition()


_LONGEST_WAIT = 60
"""The number of seconds after which a fork no longer waits: what it waits for may wait for the thread that forks."""
_FORKS = _Forks()


@contextmanager
def without_forks() -> Iterator[None]:
    """Keeps other threads from forking the process before the end of the block."""
    _FORKS.enter()
    try:
        yield
    finally:
        _FORKS.leave()


def _renew_all() -> None:
    _FORKS.renew()
    for one in list(_ALL):
        one.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_FORKS.before, after_in_parent=_FORKS.after, after_in_child=_renew_all)
