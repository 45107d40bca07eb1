"""The analysis of a mapping while it is written: its rules, the types of their names, and its samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from weakref import WeakKeyDictionary

from ..inference.facts import Flow
from ..inference.rulebook import walk
from ..language.rulebook import Rulebook
from ..schemas.schema import Schema
from ..types.from_schema import type_of
from ..types.types import ANY, Type
from ..values.once import cached_property
from ..values.recall import Recall
from .readers import readers_of
from .samples import Pattern, Samples, samples_in
from .scopes import Left, Scopes
from .state import EditingState
from .values import RulePlaces, Traced, TracedSamples

__all__ = ["Analysis", "analysis_of", "shown_sample"]


@dataclass(frozen=True, eq=False)
class Analysis:
    """The analysis of a rulebook, made when needed. `main` is the file of the mapping or workspace."""

    main: Path
    rulebook: Rulebook
    samples: Samples
    recall: Recall
    left: Left

    @cached_property
    def flow(self) -> Flow:
        """The types that flow through the rules."""
        return walk(self.rulebook, self.recall)

    @cached_property
    def scopes(self) -> Scopes:
        """The names in scope at places of the rules."""
        return Scopes(self.rulebook, lambda: self.flow, self.recall, self.left)

    @cached_property
    def places(self) -> RulePlaces:
        """The parts of the rules by their places."""
        return RulePlaces(self.rulebook)

    @cached_property
    def traces(self) -> TracedSamples:
        """The samples, mapped by the rules."""
        small = [one for one in self.samples.found if one.size <= _MAX_SEARCHED_BYTES]
        return TracedSamples(self.rulebook, small)

    @cached_property
    def readers(self) -> Mapping[Pattern, tuple[str, ...]]:
        """The names of the rules that read a place of the input, by its pattern."""
        return readers_of(self.rulebook, self.recall)

    @property
    def schemas(self) -> tuple[Schema, ...]:
        """The schemas of the input and the outputs."""
        return tuple(self.rulebook.schemas.values())

    def schema_type(self, name: str | None) -> Type:
        """The type of values that conform to a schema of the rulebook."""
        schema = self.rulebook.schemas.get(name or "")
        return ANY if schema is None else type_of(schema)


_MAX_SEARCHED_BYTES = 100_000
"""The maximum size in bytes of a sample that is shown without being chosen."""
_SECONDS = 0.01
"""The maximum time in seconds that an answer waits for a sample."""
_KNOWN: WeakKeyDictionary[EditingState, dict[Path, Analysis]] = WeakKeyDictionary()


def analysis_of(state: EditingState, main: Path) -> Analysis | None:
    """The analysis of a mapping or workspace, as it was last readable; None if it never was."""
    rulebook = state.rulebook(main)
    if rulebook is None:
        return None
    known = _KNOWN.setdefault(state, {})
    last, samples = known.get(main), samples_in(state, main)
    if last is None or last.rulebook is not rulebook:
        left = Left() if last is None else last.left
        last = known[main] = Analysis(main, rulebook, samples, state.recall(main), left)
    elif last.samples is not samples:
        last = known[main] = replace(last, samples=samples)
    return last


def shown_sample(state: EditingState, analysis: Analysis, rule: str | None, seconds: float = _SECONDS) -> Traced | None:
    """The sample whose values are shown: the chosen one, else the first with an element that the rule takes.

    That one is searched for at most `seconds` per call; until it is found, and if there is none, the first of all is
    used.
    """
    chosen = state.chosen(analysis.main)
    samples = analysis.samples.found
    if chosen in samples:
        return analysis.traces.of(samples[samples.index(chosen)])
    found = None if rule is None else analysis.traces.that_reaches(rule, seconds)
    first = next((one for one in samples if one.size <= _MAX_SEARCHED_BYTES), None)
    return analysis.traces.of(first) if found is None and first is not None else found
