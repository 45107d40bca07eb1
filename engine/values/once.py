"""Values that are made when they are first asked for, and once, whichever threads ask.

A process that is forked while another of its threads makes one would wait for that thread forever, which it does not
have: in the copy, locks are new.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

__all__ = ["Once", "cached_property"]

_T = TypeVar("_T")

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


class Once(Generic[_T]):
    """A value that is made once: at once by `get`, or in a thread of its own after `begin`."""

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make = make
        self._value: list[_T] = []
        _ALL.add(self)
        self.renew()

    def renew(self) -> None:
        """Makes the lock anew, for a copy of the process: nobody holds it there, and nobody is making the value."""
        self._lock = threading.Lock()
        self._begun = False

    def get(self) -> _T:
        """The value; made here, or waited for where another thread makes it."""
        if not self._value:
            with self._lock:
                if not self._value:
                    self._value.append(self._make())
        return self._value[0]

    @property
    def is_made(self) -> bool:
        return bool(self._value)

    def begin(self) -> None:
        """Begins to make the value, unless that was begun, without waiting for it."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self.get, name="moemap", daemon=True).start()


_ALL: WeakSet[Once[Any]] = WeakSet()


def _renew_all() -> None:
    for once in list(_ALL):
        once.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
