"""Keeps the results of the last computation, for the next one to use again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

__all__ = ["MAX_RELATIVES", "Recall", "relate"]

MAX_RELATIVES = 8
"""The maximum number of caches that are kept of similar computations."""

_T = TypeVar("_T")


class Recall:
    """A cache of results, by keys made of the identities and texts of the values that they depend on.

    A result must keep these values alive if its key has identities (`id`). `relatives` are the caches of similar
    computations, which are searched where this one has no result. Not to be shared by threads.
    """

    def __init__(self) -> None:
        self.relatives: tuple[Recall, ...] = ()
        self._now: dict[Hashable, Any] = {}
        self._last: dict[Hashable, Any] = {}

    def begin(self) -> None:
        """Begins a computation: results that the last one did not use are forgotten."""
        self._last, self._now = self._now, {}

    def get(self, key: Hashable) -> Any:
        """The result for a key, of this computation or an earlier one, or None."""
        found = self._now.get(key)
        if found is None:
            found = next(self._others(key), None)
            if found is not None:
                self._now[key] = found
        return found

    def fitting(self, key: Hashable, fits: Callable[[Any], bool]) -> Any:
        """The first result for a key that `fits` accepts, or None."""
        found = self._now.get(key)
        if found is None or not fits(found):
            found = next(filter(fits, self._others(key)), None)
            if found is not None:
                self._now[key] = found
        return found

    def _others(self, key: Hashable) -> Iterator[Any]:
        """The results for a key of the last computation, then those of relatives."""
        kept = (self._last, *(results for one in self.relatives for results in (one._now, one._last)))
        return (found for results in kept if (found := results.get(key)) is not None)

    def put(self, key: Hashable, result: _T) -> _T:
        """Remembers a result, which is not None, and returns it."""
        self._now[key] = result
        return result

    def of(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The known result for a key, or else the one that `make` returns, which is remembered."""
        found: _T | None = self.get(key)
        return self.put(key, make()) if found is None else found


def relate(recalls: dict[str, Recall]) -> None:
    """Makes the newest of these caches relatives of each other, and drops the others."""
    for oldest in list(recalls)[:-MAX_RELATIVES]:
        recalls.pop(oldest).relatives = ()
    for one in recalls.values():
        one.relatives = tuple(other for other in recalls.values() if other is not one)
