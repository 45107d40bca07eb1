"""Values of a sample at the places of the rules, as computed when the sample was mapped."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

from ..interpreter.interpreter import Interpreter
from ..interpreter.recorder import Taken
from ..interpreter.scope import Scope
from ..language.keys import attributes_of
from ..language.rulebook import EntryRule, Expr, Field, Route, Rule, Rulebook, Spread, Text
from ..runtime.result import Result
from ..source.nodes import Node
from .data import Sample

__all__ = ["PlacedPart", "RulePlaces", "Traced", "TracedSamples"]

Part = Rule | Route | Field | Spread | EntryRule | Expr | Text
_MOST_KEPT = 32
_PARTS = (Rule, Route, Field, Spread, EntryRule, Expr, Text)


@dataclass(frozen=True, slots=True)
class PlacedPart:
    """A part of the rules, and its offsets in its file."""

    start: int
    end: int
    part: Part


class RulePlaces:
    """The parts of the rules of a mapping by their places, even in files that have changed since."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._texts = {str(one.path): one.text for one in rulebook.sources.values() if one.path is not None}
        found: dict[str, dict[int, PlacedPart]] = {}
        for part in _parts((rulebook.let, *rulebook.routes.values(), rulebook.rules, *rulebook.outputs.values())):
            node = part.node
            if node.source.path is not None:
                start, end = self._offset(node, node.start), self._offset(node, node.end)
                if start is not None and end is not None:
                    found.setdefault(str(node.source.path), {})[id(part)] = PlacedPart(start, end, part)
        self._parts = {
            path: sorted(parts.values(), key=lambda one: (one.start, -one.end)) for path, parts in found.items()
        }
        self._starts = {path: [one.start for one in parts] for path, parts in self._parts.items()}

    def offset_of(self, node: Node) -> int | None:
        """The offset at which a node begins in the text that the rules were read from; None if that is unknown."""
        return self._offset(node, node.start)

    def _offset(self, node: Node, offset: int) -> int | None:
        """The offset, in the text that the rules were read from, of one in the text of a node, which may be later."""
        return _moved(node.source.text, self._texts.get(str(node.source.path), node.source.text), offset)

    def before(self, path: Path, text: str, offset: int) -> int | None:
        """The offset that a place of the present text had when the rules were read; None if it is new."""
        old = self._texts.get(str(path))
        return None if old is None else _moved(text, old, offset)

    def near(self, path: Path, text: str, offset: int) -> int | None:
        """Like `before`; for a new place, the offset of the end of the common text before it."""
        old = self._texts.get(str(path))
        if old is None:
            return None
        found = _moved(text, old, offset)
        return len(old[: _alike(text, old)[0]].rstrip()) if found is None else found

    def now(self, path: Path, text: str, offset: int) -> int | None:
        """The offset in the present text of a place in the text that the rules were read from; None if it is gone."""
        old = self._texts.get(str(path))
        return None if old is None else _moved(old, text, offset)

    def around(self, path: Path, offset: int) -> list[Part]:
        """The parts around an offset, the innermost first."""
        parts, starts = self._parts.get(str(path), []), self._starts.get(str(path), [])
        return [one.part for one in reversed(parts[: bisect_right(starts, offset)]) if offset <= one.end]

    def of(self, path: Path, kind: type[Part]) -> Iterator[PlacedPart]:
        """The parts of a kind in a file, in order."""
        return (one for one in self._parts.get(str(path), []) if isinstance(one.part, kind))


@lru_cache(maxsize=8)
def _alike(one: str, other: str) -> tuple[int, int]:
    """The number of equal characters at the start of two texts, and that at the end of the rest."""
    least = min(len(one), len(other))
    same = bisect_left(range(least), True, key=lambda at: one[: at + 1] != other[: at + 1])
    rest = range(least - same)
    return same, bisect_left(rest, True, key=lambda at: one[-1 - at :] != other[-1 - at :])


def _moved(before: str, after: str, offset: int) -> int | None:
    """The offset in `after` of a place in the equal start or end of `before`; None elsewhere."""
    if before == after:
        return offset
    same, end = _alike(before, after)
    if offset <= same:
        return offset
    return offset - len(before) + len(after) if offset >= len(before) - end else None


def _parts(part: Any) -> Iterator[Part]:
    """All parts below one, each where it is used."""
    pending = [part]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if isinstance(one, tuple | list):
            pending += reversed(one)
            continue
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, _PARTS):
            yield one
        pending += [getattr(one, attribute) for attribute, _ in reversed(attributes_of(type(one)))]


@dataclass(frozen=True, eq=False)
class Traced:
    """A mapped sample: the result, and all decisions by the identity of the deciding part."""

    sample: Sample
    result: Result
    decisions: Mapping[int, tuple[Taken, ...]]

    def taken(self, part: Part) -> tuple[Taken, ...]:
        """The decisions of a part of the rules, in order."""
        return self.decisions.get(id(part), ())

    def scope(self, parts: Iterable[Part]) -> Scope | None:
        """The names in scope at the first of these parts that was evaluated."""
        return next((taken[0].scope for part in parts if (taken := self.taken(part))), None)

    def value(self, field: Field) -> tuple[Any, int] | None:
        """The first value of a field, and how many it has; None if it has none."""
        given = [one.value for one in self.taken(field) if one.outcome == "given"]
        return (given[0], len(given)) if given else None


class TracedSamples:
    """The samples of a mapping, mapped on demand; the last ones are cached."""

    def __init__(self, rulebook: Rulebook, samples: Sequence[Sample]) -> None:
        self._rulebook = rulebook
        self._samples = samples
        self._interpreter: Interpreter | None = None
        self._kept: dict[int, Traced] = {}
        self._takers: dict[str, Sample] = {}
        self._pending = iter(samples)

    def of(self, sample: Sample) -> Traced:
        """The sample, mapped."""
        found = self._kept.pop(id(sample), None) or self._traced(sample)
        self._kept[id(sample)] = found
        for oldest in list(self._kept)[:-_MOST_KEPT]:
            del self._kept[oldest]
        return found

    def that_reaches(self, rule: str, seconds: float) -> Traced | None:
        """The first sample with an element that a rule takes, if it is found in `seconds`; the next call goes on."""
        end = perf_counter() + seconds
        while rule not in self._takers and perf_counter() < end and (sample := next(self._pending, None)) is not None:
            for taken in (one for found in self.of(sample).decisions.values() for one in found):
                if taken.outcome == "takes" and isinstance(taken.part, Rule):
                    self._takers.setdefault(taken.part.name, sample)
        taker = self._takers.get(rule)
        return None if taker is None else self.of(taker)

    def interpreter(self, sample: Sample) -> Interpreter:
        """The interpreter of the rules with the settings of a sample."""
        settings = {name: value for name, value in sample.settings.items() if name in self._rulebook.settings}
        if settings:
            return Interpreter(replace(self._rulebook, values={**self._rulebook.values, **settings}))
        self._interpreter = self._interpreter or Interpreter(self._rulebook)
        return self._interpreter

    def _traced(self, sample: Sample) -> Traced:
        interpreter = self.interpreter(sample)
        decisions: dict[int, list[Taken]] = {}

        def observe(taken: Taken) -> None:
            decisions.setdefault(id(taken.part), []).append(taken)

        result = interpreter.observe(sample.batch, observe)
        return Traced(sample, result, {part: tuple(found) for part, found in decisions.items()})
