"""Names the parts of bodies that a conversion gave by places of the input, so that they can be mapped again alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Any

from ..runtime.conversion import Locate
from ..runtime.requests import Emission
from ..runtime.result import Failed

__all__ = ["ConvertedBody", "nearest"]


class ConvertedBody:
    """A body that a conversion gave, and the parts of the conversion that it is made of.

    `source` says which part a place of the body comes from, and `only` has the parts that are to be mapped, if not all
    are. `anchor` is the place of the body as a whole. `counts` is shared by all bodies of an input: several parts may
    come from one place of it.
    """

    def __init__(
        self,
        locate: Locate,
        anchor: str,
        parts: Set[Failed],
        source: Callable[[str], Failed | None],
        only: Set[Failed] | None,
        counts: Counter[Failed],
    ) -> None:
        self.parts = parts
        self._locate, self._anchor, self._source = locate, anchor, source
        self._only, self._counts = only or frozenset(), counts
        self._is_new = bool(parts) and parts <= self._only
        self._names: dict[Failed, Failed] = {}

    @classmethod
    def unnamed(cls, locators: Iterable[Locate], only: Set[Failed] | None) -> list[ConvertedBody]:
        """The bodies without names for the parts of the conversion."""
        counts: Counter[Failed] = Counter()
        return [cls(place, "", frozenset(), lambda _: None, only, counts) for place in locators]

    @classmethod
    def named(
        cls,
        locators: Sequence[Locate],
        made_of: Sequence[tuple[Mapping[Emission, Failed], Mapping[str, tuple[Emission, Any]]]],
        only: Set[Failed] | None,
    ) -> list[ConvertedBody]:
        """Bodies, each with the parts of its emissions, and the origins of its places."""
        counts: Counter[Failed] = Counter()
        made = []
        for place, (parts, origins) in zip(locators, made_of, strict=True):
            anchor = next(iter(parts)).element if len(locators) > 1 else ""
            source = partial(_source_of, origins, parts)
            made.append(cls(place, anchor, frozenset(parts.values()), source, only, counts))
        return made

    def name(self, part: Failed) -> Failed:
        """The name of a part among those of the input."""
        found = self._names.get(part)
        if found is None:
            element = self._locate(part.element) if part.element else self._anchor if part.element == "" else None
            first = part._replace(element=element, occurrence=0)
            found = self._names[part] = first._replace(occurrence=self._counts[first])
            self._counts[first] += 1
        return found

    def is_new(self, part: Failed) -> bool:
        """Returns whether a part comes from a body, or an element of it, that the conversion did not give before."""
        return self._is_new or (bool(part.element) and self._source(part.element or "") in self._only)


def nearest(origins: Mapping[str, object], pointer: str) -> str:
    """The nearest place, this one or one above, whose origin is known; empty if none is."""
    while pointer and pointer not in origins:
        pointer = pointer.rpartition("/")[0]
    return pointer


def _source_of(
    origins: Mapping[str, tuple[Emission, Any]], parts: Mapping[Emission, Failed], pointer: str
) -> Failed | None:
    """The part that the place of a body comes from."""
    near = nearest(origins, pointer)
    return parts[origins[near][0]] if near else None
