"""Finds places that were meant by a place without a value: those with its name in the input, and in outputs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..diagnostics.suggestions import closest
from ..language.rulebook import Each, Listed, ObjectSource, Rulebook
from ..runtime.result import Accounted
from ..values.pointers import join
from .account import account_of_trace
from .tracing import Trace

__all__ = ["Namesake", "namesakes", "nearest_place"]

_MAX_FOUND = 5


@dataclass(frozen=True, slots=True)
class Namesake:
    """A place of the input with a wanted name, and the fate in words of what is there."""

    place: str
    is_read: bool
    fate: str

    def __str__(self) -> str:
        return f"the input has {self.place}, which {self.fate}"


def namesakes(trace: Trace, pointer: str) -> tuple[Namesake, ...]:
    """The places of the input that end with the same name as a pointer, the outermost first."""
    name = pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~").casefold()
    found: dict[str, list[Accounted]] = {}
    pending = deque[tuple[str, Any]]([("", trace.batch)])
    while pending and len(found) < _MAX_FOUND:
        place, value = pending.popleft()
        entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in entries:
            if isinstance(value, dict) and str(key).casefold() == name:
                found[join(place, key)] = []
            pending.append((join(place, key), inner))
    for leaf in account_of_trace(trace) if found else ():
        for place, own in found.items():
            if leaf.pointer == place or leaf.pointer.startswith(f"{place}/"):
                own.append(leaf)
    return tuple(Namesake(place, *_fate(own, is_masked=trace.is_masked)) for place, own in found.items())


def _fate(leaves: list[Accounted], *, is_masked: bool) -> tuple[bool, str]:
    """Returns whether one of the leaves is read, and the fate of all of them in words."""
    if any(leaf.fate in ("sent", "read") for leaf in leaves):
        return True, "is read"
    if skipped := next((leaf for leaf in leaves if leaf.fate == "skipped"), None):
        return False, "is left out" if is_masked else f"is left out: {skipped.reason}"
    if readers := dict.fromkeys(title for leaf in leaves for title in leaf.by):
        return False, f"is not read here, but in other batches: {'; '.join(readers)}"
    return False, "no rule reads"


def nearest_place(rulebook: Rulebook, pointer: str) -> str | None:
    """The place of an output that rules can give which is most similar to a pointer that they cannot."""
    found: dict[str, None] = {}
    for output in rulebook.outputs.values():
        found |= dict.fromkeys(_places(ObjectSource(output.fields, ()), ""))
    for rule in rulebook.rules:
        base = rulebook.outputs[rule.output].element_of if rule.output is not None else None
        if isinstance(rule.body, ObjectSource):
            found |= dict.fromkeys(_places(rule.body, "" if base is None else f"{join('', base)}/0"))
    by_name = {place.rpartition("/")[2]: place for place in reversed(found)}
    name = closest(pointer.rpartition("/")[2], by_name)
    return closest(pointer, found) if name is None else by_name[name]


def _places(source: ObjectSource, above: str) -> Iterator[str]:
    for field in source.fields:
        place, inner = join(above, field.name or ""), field.source
        if isinstance(inner, Each) and isinstance(inner.value, ObjectSource):
            yield from _places(inner.value, f"{place}/0")
        elif isinstance(inner, ObjectSource):
            yield from _places(inner, place)
        elif isinstance(inner, Listed):
            for number, item in enumerate(inner.items):
                if isinstance(item.source, ObjectSource):
                    yield from _places(item.source, f"{place}/{number}")
        else:
            yield place
