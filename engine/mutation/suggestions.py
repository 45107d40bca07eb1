"""Searches for inputs for which mutants give another Result, and reduces them to golden tests that find the mutants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..golden.diff import canonical
from ..insight.suggestions import InputSearch
from ..interpreter.interpreter import Interpreter
from ..runtime.result import Result
from .mutant import Mutant
from .testing import TestedMapping

__all__ = ["MutantSuggestion", "suggestions"]

_MOST_KEPT = 500
"""The maximum number of interpreters that are kept."""


@dataclass(frozen=True)
class MutantSuggestion:
    """A test that finds mutants: the input, the settings that it needs, and the result by the rules."""

    mutants: tuple[Mutant, ...]
    batch: Any
    settings: dict[str, Any]
    result: Result

    @property
    def shows(self) -> tuple[str, ...]:
        """The mutants that the test finds, in words."""
        return tuple(f"finds that {mutant.text}" for mutant in self.mutants)


def suggestions(
    tested: TestedMapping, mutants: Iterable[Mutant], tries: int, progress: Callable[[str], None]
) -> tuple[MutantSuggestion, ...]:
    """Suggestions for mutants that no test finds, found in `tries` tries, the same ones every time.

    Each suggestion was run on the rules and on the mutants that it finds.
    """
    pool = [batch for test in tested.tests for batch in test.batches]
    return tuple(_Search(tested, mutants, pool).differences(tries, progress))


class _Search(InputSearch):
    def __init__(self, tested: TestedMapping, mutants: Iterable[Mutant], pool: list[Any]) -> None:
        super().__init__(tested.rulebook, (), pool)
        self.tested = tested
        self.left = list(mutants)
        self.variants: dict[tuple[str, str], Interpreter] = {}

    def differences(self, tries: int, progress: Callable[[str], None]) -> Iterator[MutantSuggestion]:
        for number in range(tries):
            if not self.left:
                return
            if number % 100 == 0:
                progress(f"{len(self.left)} mutants left, {number} of {tries} inputs tried")
            case = self.random.randrange(len(self.settings)) if self.random.random() < 0.4 else 0
            batch = self.pool[number] if number < len(self.pool) else self.batch()
            settings = self.settings[case]
            found = next((one for one in self._reached(batch, settings) if self._differs(one, batch, settings)), None)
            if found is not None:
                yield self._suggestion(found, batch, case)

    def _suggestion(self, found: Mutant, batch: Any, case: int) -> MutantSuggestion:
        settings = self.settings[case]
        small = self.reduced(batch, lambda smaller: self._differs(found, smaller, settings))
        settings = self.needed(case, lambda fewer: self._differs(found, small, fewer))
        own = [one for one in self.left if one is found or self._differs(one, small, settings)]
        self.left = [one for one in self.left if one not in own]
        return MutantSuggestion(tuple(own), small, settings, self._interpreter(None, settings).run(small))

    def _reached(self, batch: Any, settings: dict[str, Any]) -> list[Mutant]:
        """The mutants whose changes a batch reaches."""
        hits: dict[tuple[int, str], int] = {}
        self._interpreter(None, settings).count(batch, hits)
        taken = {*hits, *((part, "") for part, _ in hits)}
        return [one for one in self.left if one.decisions is None or not one.decisions.isdisjoint(taken)]

    def _differs(self, mutant: Mutant, batch: Any, settings: dict[str, Any]) -> bool:
        """Returns whether a mutant gives another result than the rules."""
        one, other = (self._interpreter(which, settings).run(batch) for which in (None, mutant))
        return canonical(one.to_json()) != canonical(other.to_json())

    def _interpreter(self, mutant: Mutant | None, settings: dict[str, Any]) -> Interpreter:
        key = "" if mutant is None else mutant.id, canonical(settings)
        if key not in self.variants:
            if len(self.variants) == _MOST_KEPT:
                self.variants.clear()
            rulebook = self.rulebook if mutant is None else self.tested.changed(mutant)
            others = {} if mutant is None else mutant.settings
            self.variants[key] = Interpreter(replace(rulebook, values={**self.rulebook.values, **others, **settings}))
        return self.variants[key]
