"""Names the parts of bodies that a conversion gave by places of the input, so that they can be mapped again alone."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Any

from ..runtime.conversion import Locate
from ..runtime.requests import Emission, Envelope, nearest, origins_of
from ..runtime.result import Failed
from ..values.pointers import join, shifted, value_at
from .scope import Places

__all__ = ["BodyOrigins", "ConvertedBody", "part_of", "parts_within"]

_THEN = " > "
"""Stands between the names of mappings where the one that converts an input has another one convert it first."""


class BodyOrigins:
    """The emissions that a body is made of, with their offsets in its lists, and the origins of its places."""

    def __init__(self, parts: Sequence[tuple[Emission, Mapping[str | None, int]]], envelope: Envelope) -> None:
        self.first = parts[0][0]
        self._origins = origins_of(parts, envelope)
        self._common = envelope.origins
        self._lists: dict[str, tuple[list[int], list[Emission], str | None]] = {}
        for emission, offsets in parts[1:]:
            for name, offset in offsets.items():
                prefix = "/" if name is None else join("", name) + "/"
                starts, emissions, _ = self._lists.setdefault(prefix, ([0], [self.first], name))
                starts.append(offset)
                emissions.append(emission)

    def at(self, pointer: str) -> tuple[Emission, Any, str] | None:
        """The emission that the value at a pointer comes from, the nearest known origin, and the pointer from there."""
        for prefix, (starts, emissions, name) in self._lists.items():
            if pointer.startswith(prefix):
                number = bisect_right(starts, int(pointer.removeprefix(prefix).partition("/")[0])) - 1
                emission, own = emissions[number], shifted(pointer, name, -starts[number])
                near = nearest(emission.origins, own)
                return (emission, emission.origins[near], own[len(near) :]) if near else None
        near = nearest(self._origins, pointer)
        return (*self._origins[near], pointer[len(near) :]) if near else None

    def place_in(self, places: Places, body: Any, pointer: str) -> str:
        """The place in the batch from which the value at a pointer of the body comes, or the nearest known one."""
        source = self.at(pointer)
        if source is None:
            return self.first.element if pointer else ""
        emission, origin, rest = source
        # What the fields of the output give is the same with each emission.
        is_common = self._common.get(pointer[: len(pointer) - len(rest)]) is origin
        place = places.of_origin(origin, "" if is_common else emission.element)
        below = f"{place}{rest}"
        found = value_at(places.batch, below)
        if found is not None and found is value_at(body, pointer):
            return below
        return _place_of_same(places, body, pointer) or place


def _place_of_same(places: Places, body: Any, pointer: str) -> str | None:
    """The place of a value in an object or list that the batch and the body share, or of that if there is no value."""
    part = pointer
    while part:
        if (place := places.index.find(value_at(body, part))) is not None:
            return place if value_at(body, pointer) is None else f"{place}{pointer[len(part) :]}"
        part = part.rpartition("/")[0]
    return None


class ConvertedBody:
    """A body that the mapping `convert` gave, and the parts of that conversion that it is made of.

    `origins` has its emissions, and `parts` the part of each of them. `anchor` is the place of the body as a whole.
    `outer` is the body that the conversion was given, if another mapping converted the input first. `only` has the
    parts of the input that are to be mapped, if not all are. `counts` is shared by all bodies of an input: several
    parts may come from one place of it.
    """

    def __init__(
        self,
        convert: str,
        locate: Locate,
        anchor: str,
        parts: Mapping[Emission, Failed],
        origins: BodyOrigins,
        only: Set[Failed],
        counts: Counter[Failed],
        outer: ConvertedBody | None = None,
    ) -> None:
        self._convert, self._locate, self._anchor = convert, locate, anchor
        self._made_of, self._origins, self._outer = parts, origins, outer
        self._only, self._counts = only, counts
        self._names: dict[Failed, Failed] = {}
        self.parts = frozenset(map(self._part, parts.values()))
        self._is_new = bool(parts) and all(map(self._is_given_anew, parts.values()))

    def place(self, element: str) -> str:
        """The place in the input of an element of the body, or of the body as a whole."""
        return self._locate(element) if element else self._anchor

    def name(self, part: Failed) -> Failed:
        """The name of a part among those of the input."""
        found = self._names.get(part)
        if found is None:
            first = part._replace(element=None if part.element is None else self.place(part.element), occurrence=0)
            found = self._names[part] = first._replace(occurrence=self._counts[first])
            self._counts[first] += 1
        return found

    def is_new(self, part: Failed) -> bool:
        """Returns whether a part comes from a body, or an element of it, that the conversion did not give before."""
        found = self._origins.at(part.element or "")
        return self._is_new or (found is not None and self._is_given_anew(self._made_of[found[0]]))

    def _part(self, part: Failed) -> Failed:
        """A part of the conversion, as one of the mapping that has it convert."""
        return part_of(self._convert, part if self._outer is None else self._outer.name(part))

    def _is_given_anew(self, part: Failed) -> bool:
        return self._part(part) in self._only or (self._outer is not None and self._outer.is_new(part))


def part_of(convert: str, part: Failed) -> Failed:
    """A part of a mapping that converts, as one of the mapping that has it convert."""
    return part._replace(convert=convert if part.convert is None else f"{convert}{_THEN}{part.convert}")


def parts_within(convert: str, parts: Set[Failed]) -> frozenset[Failed]:
    """Those parts that are parts of a mapping that converts, as that names them."""
    own = {part._replace(convert=None) for part in parts if part.convert == convert}
    start = f"{convert}{_THEN}"
    more = (part for part in parts if part.convert is not None and part.convert.startswith(start))
    return frozenset(own | {part._replace(convert=(part.convert or "")[len(start) :]) for part in more})
