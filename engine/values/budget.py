"""Limits on the values that nested iterations copy, and on the elements that they look through, for one batch.

An iteration that copies or searches a value from outside of it does so for each of its elements: the sizes multiply.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

__all__ = [
    "CHARACTERS",
    "EMISSION",
    "MAX_COPIED",
    "MAX_SCANNED",
    "UNCOUNTED",
    "Budget",
    "Copies",
    "TooMuchCopied",
    "TooMuchScanned",
    "counting",
    "is_beyond",
    "looked_through",
    "scanned_in",
    "scanning",
]

MAX_COPIED = 5_000_000
"""The maximum number of values that iterations may copy for one batch."""

EMISSION = 25
"""The number of values as which what a rule gives counts, if its element goes on to other rules."""

MAX_SCANNED = 20_000_000
"""The maximum number of elements that iterations may look through in values from outside of them, for one batch."""

CHARACTERS = 100
"""The number of characters of a string that count as much as a value."""
UNCOUNTED = 100
"""The number of elements up to which looking through a value does not count."""


class TooMuchCopied(Exception):  # noqa: N818  control flow, not an error
    """The iterations of a batch copy more than `MAX_COPIED` values; `place` is that of the field that goes too far."""

    def __init__(self, place: Any) -> None:
        super().__init__(place)
        self.place = place


class TooMuchScanned(TooMuchCopied):
    """The iterations of a batch look through more than `MAX_SCANNED` elements; `place` is that of the expression."""


class Budget:
    """Counts what the iterations of one batch copy."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_COPIED

    def repeat(self, number: int, place: Any) -> None:
        """Counts the iterations of a loop that is repeated. Raises TooMuchCopied."""
        self.left -= number
        if self.left < 0:
            raise TooMuchCopied(place)

    def copy(self, value: Any, place: Any) -> None:
        """Counts the values inside of a copied value, each as often as it would be written. Raises TooMuchCopied."""
        type_ = type(value)
        if type_ is list or type_ is dict:
            self.repeat(_size(value, self.left), place)
        elif type_ is str and len(value) >= CHARACTERS:
            self.repeat(len(value) // CHARACTERS, place)


class Copies(Budget):
    """Counts the copies of variables that a projection, or the calls of an `&expression`, make.

    Raises ValueError instead of TooMuchCopied.
    """

    __slots__ = ()

    def repeat(self, number: int, place: Any) -> None:
        self.left -= number
        if self.left < 0:
            raise ValueError(f"it copies variables into more than {MAX_COPIED} values")


def counting(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wraps the function of an `&expression`, so that its results are counted as copies."""
    copies = Copies()

    def counted(element: Any) -> Any:
        value = function(element)
        copies.copy(value, None)
        return value

    return counted


def _size(value: Any, limit: int) -> int:
    """The number of values inside of a list or an object, long strings counting more; stops soon after `limit`."""
    size = 0
    pending = [value]
    while pending and size <= limit:
        item = pending.pop()
        type_ = type(item)
        if type_ is dict:
            size += len(item) + sum(map(len, item)) // CHARACTERS
            pending += item.values()
        elif type_ is list:
            size += len(item)
            pending += item
        elif type_ is str:
            size += len(item) // CHARACTERS
    return size


class _Scans(threading.local):
    """The number of elements that may still be looked through for the batch that a thread maps."""

    left = MAX_SCANNED


_SCANS = _Scans()
_SIZED = frozenset((str, list, dict))


def scanning() -> None:
    """Begins to count what this thread looks through for a batch."""
    _SCANS.left = MAX_SCANNED


def looked_through(
    value: Any, place: Any, whole: bool, characters: int = CHARACTERS, times: int = 1, few: int = UNCOUNTED
) -> Any:
    """Counts the elements of a value (with `whole`, all values inside of it) and returns it. Raises TooMuchScanned.

    So many `characters` of a string count as one element. Each counts so many `times`, but up to `few` of them cost
    nothing; nor do numbers, booleans and null.
    """
    if type(value) not in _SIZED or (type(value) is str and len(value) < characters):
        return value
    if is_beyond(value, whole, characters, times, few):
        raise TooMuchScanned(place)
    return value


def is_beyond(value: Any, whole: bool, characters: int = CHARACTERS, times: int = 1, few: int = UNCOUNTED) -> bool:
    """Counts the elements of a value, and returns whether the batch has exceeded `MAX_SCANNED` by now."""
    number = scanned_in(value, whole, characters)
    if number > few:
        _SCANS.left -= number * times
    return _SCANS.left < 0


def scanned_in(value: Any, whole: bool, characters: int = CHARACTERS) -> int:
    """The number of elements that are looked through in a value: those right inside of it, or all (`whole`)."""
    type_ = type(value)
    if type_ is list or type_ is dict:
        return _size(value, MAX_SCANNED) if whole else len(value)
    return len(value) // characters if type_ is str else 0
