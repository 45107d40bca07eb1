"""Sets of places that quickly find whether one of them is inside or around a place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

from ...diagnostics.problem import Place

__all__ = ["Spans"]

_Position = tuple[int, int]


class Spans:
    """A set of places."""

    def __init__(self, places: Iterable[Place]) -> None:
        by_file: dict[str, list[Place]] = {}
        for place in sorted(set(places)):
            by_file.setdefault(place.file, []).append(place)
        self._files = {file: _File(found) for file, found in by_file.items()}

    def is_around(self, place: Place) -> bool:
        """Returns whether the place equals one of the spans or lies inside one."""
        file = self._files.get(place.file)
        return file is not None and file.is_around(_start(place), _end(place))

    def is_inside(self, place: Place, *, other: bool = False) -> bool:
        """Returns whether one of the spans (with `other`: one besides the place itself) lies inside the place."""
        file = self._files.get(place.file)
        return file is not None and file.is_inside(_start(place), _end(place), other=other)


class _File:
    """The places in one file, ordered by their starts, then by their ends."""

    def __init__(self, places: list[Place]) -> None:
        self.starts = [_start(place) for place in places]
        self.ends = [_end(place) for place in places]
        self.last_ends = list(accumulate(self.ends, max))
        """For each place, the last end of all places up to it."""
        self.first_ends = list(accumulate(reversed(self.ends), min))[::-1]
        """For each place, the first end of all places from it on."""

    def is_around(self, start: _Position, end: _Position) -> bool:
        before = bisect_right(self.starts, start)
        return before > 0 and self.last_ends[before - 1] >= end

    def is_inside(self, start: _Position, end: _Position, *, other: bool) -> bool:
        at = bisect_left(self.starts, start)
        if other and at < len(self.starts) and (self.starts[at], self.ends[at]) == (start, end):
            at += 1  # those of the same start before it are shorter: there are none
        return at < len(self.starts) and self.first_ends[at] <= end


def _start(place: Place) -> _Position:
    return place.line, place.column


def _end(place: Place) -> _Position:
    return place.end_line, place.end_column
