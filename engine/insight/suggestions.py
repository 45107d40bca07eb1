"""Searches for inputs that take branches which no test takes, and reduces them to golden tests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Protocol

from ..golden.adding import new_test
from ..inference.fields import setting_type
from ..inference.reads import reads_of
from ..inference.rulebook import walk
from ..inference.sources import ANY, Pattern
from ..interpreter.interpreter import Interpreter
from ..interpreter.recorder import Taken
from ..language.rulebook import Rulebook
from ..proof.counterexamples import batch_for, words_of
from ..proof.samples import NoSampleError
from ..runtime.result import Result
from ..types.types import constants
from .branches import Branch, Catalogue, branches_of
from .coverage import BranchCount, Coverage

__all__ = ["InputSearch", "SuggestedTest", "listed", "suggestions", "text"]

_SCALARS = (None, True, False, 0, 1, -1.5, 1767182400000, "", "a", "12.5", "true", "2026-01-31T23:59:59Z")
_MAX_SETTINGS = 60
_MAX_POOL = 400


@dataclass(frozen=True)
class SuggestedTest:
    """A test for branches that no test takes: the input, the settings that it needs, and its result."""

    branches: tuple[Branch, ...]
    batch: Any
    settings: dict[str, Any]
    result: Result

    @property
    def shows(self) -> tuple[str, ...]:
        """The branches that the test takes, in words."""
        return tuple(branch.text for branch in self.branches)


class ProposedTest(Protocol):
    """A suggested test: the branches or mutants that it shows in words, its input, settings and result."""

    @property
    def shows(self) -> tuple[str, ...]: ...

    @property
    def batch(self) -> Any: ...

    @property
    def settings(self) -> dict[str, Any]: ...

    @property
    def result(self) -> Result: ...


def suggestions(
    rulebook: Rulebook, coverage: Coverage, pool: Iterable[Any], tries: int, progress: Callable[[str], None]
) -> tuple[SuggestedTest, ...]:
    """Suggestions for the branches of a coverage that were not taken, found in `tries` tries, the same ones every time.

    `pool` has inputs to begin with. Each suggestion was run and takes its branches.
    """
    return tuple(InputSearch(rulebook, coverage, list(pool)).found(tries, progress))


class InputSearch:
    """Makes inputs that take other branches, from the inputs of a pool."""

    def __init__(self, rulebook: Rulebook, coverage: Iterable[BranchCount], pool: list[Any]) -> None:
        self.rulebook = rulebook
        self.random = Random(0)  # noqa: S311  not for secrets
        self.catalogue: Catalogue = branches_of(rulebook)
        self.missing = {one.branch.id for one in coverage if not one.count}
        self.flow = walk(rulebook)
        entries = (branch.outcome.partition("entry ")[2] for branch in self.catalogue.branches)
        tables = {key for key in entries if key}
        self.words = tuple(sorted({*words_of(self.flow), *tables}))
        self.patterns = sorted({read.pattern for read in reads_of(rulebook) if read.pattern})
        self.pool: list[Any] = [batch for batch in pool if isinstance(batch, dict)] or [{}]
        self.settings: list[dict[str, Any]] = [{}, *(self._settings() for _ in range(_MAX_SETTINGS))]
        self.interpreters: dict[int, Interpreter] = {}

    def found(self, tries: int, progress: Callable[[str], None]) -> Iterator[SuggestedTest]:
        for number in range(tries):
            if not self.missing:
                return
            if number % 100 == 0:
                progress(f"{len(self.missing)} branches left, {number} of {tries} inputs tried")
            case = self.random.randrange(len(self.settings)) if self.random.random() < 0.4 else 0
            batch = self.batch()
            new = self._taken(batch, case)[1] & self.missing
            if not new:
                continue
            if len(self.pool) < _MAX_POOL:
                self.pool.append(batch)
            while new:
                wanted = min(new)
                small, settings = self._smallest(wanted, batch, case)
                result, taken = self._run(small, settings)
                covered = taken & self.missing
                self.missing -= covered
                new -= covered
                own = tuple(branch for branch in self.catalogue.branches if branch.id in covered)
                yield SuggestedTest(own, small, settings, result)

    def _smallest(self, wanted: str, batch: Any, case: int) -> tuple[Any, dict[str, Any]]:
        """The smallest batch and settings found that still take a branch."""
        small = self.reduced(batch, lambda smaller: wanted in self._taken(smaller, case)[1])
        return small, self.needed(case, lambda fewer: wanted in self._run(small, fewer)[1])

    # Inputs

    def batch(self) -> Any:
        """Another input: one of the pool with some members changed, or one that reaches a rule."""
        if self.random.random() < 0.1 and self.flow.emissions:
            try:
                return batch_for(self.flow, self.random.choice(self.flow.emissions), self.random, self.words)
            except (NoSampleError, IndexError):
                pass
        batch = copy.deepcopy(self.random.choice(self.pool))
        for _ in range(self.random.randint(1, 3)):
            paths = list(_paths(batch))
            if self.patterns and (self.random.random() < 0.7 or not paths):
                self._set(batch, self.random.choice(self.patterns))
            elif paths:
                self._change(batch, self.random.choice(paths))
        return batch

    def _value(self, depth: int = 0) -> Any:
        kind = self.random.random()
        if kind < 0.45 and self.words:
            return self.random.choice(self.words)
        if kind < 0.85 or depth > 1:
            return self.random.choice(_SCALARS)
        count = self.random.randint(0, 2)
        if kind < 0.93:
            return [self._value(depth + 1) for _ in range(count)]
        return {self._name(): self._value(depth + 1) for _ in range(count)}

    def _name(self) -> str:
        return self.random.choice(self.words) if self.words and self.random.random() < 0.8 else "b"

    def _set(self, batch: Any, pattern: Pattern) -> None:
        """Puts a value where rules read one, making objects and lists on the way."""
        above = batch
        for number, token in enumerate(pattern):
            is_last = number == len(pattern) - 1
            below: Any = (
                self._value() if is_last else [] if pattern[number + 1] == ANY and self.random.random() < 0.7 else {}
            )
            if isinstance(above, list):
                if not above or self.random.random() < 0.2:
                    above.append(below)
                key: Any = self.random.randrange(len(above))
            elif isinstance(above, dict):
                key = self._name() if token == ANY else token.lstrip("\0")
                above.setdefault(key, below)
            else:
                return
            if is_last or not isinstance(above[key], dict | list):
                above[key] = below
            above = above[key]

    def _change(self, batch: Any, path: tuple[Any, ...]) -> None:
        """Changes, removes or doubles a part of a batch."""
        above = batch
        for token in path[:-1]:
            above = above[token]
        kind = self.random.random()
        if kind < 0.35:
            del above[path[-1]]
        elif kind < 0.85 or not isinstance(above, list):
            above[path[-1]] = self._value()
        else:
            above.append(copy.deepcopy(above[path[-1]]))

    def _settings(self) -> dict[str, Any]:
        """Other values for some settings."""
        found = {}
        for name, setting in self.rulebook.settings.items():
            values = constants(setting_type(setting))
            if values is None and setting.type == "string":
                values = self.words
            if values and self.random.random() < 0.4:
                found[name] = self.random.choice(list(values))
        return found

    # Running

    def _taken(self, batch: Any, case: int) -> tuple[Result, set[str]]:
        return self._run(batch, self.settings[case], case)

    def _run(self, batch: Any, settings: dict[str, Any], case: int | None = None) -> tuple[Result, set[str]]:
        """The result of a batch, and the branches that it takes."""
        interpreter = self.interpreters.get(case) if case is not None else None
        if interpreter is None:
            interpreter = Interpreter(replace(self.rulebook, values={**self.rulebook.values, **settings}))
            if case is not None:
                self.interpreters[case] = interpreter
        found: set[str] = set()

        def observe(taken: Taken) -> None:
            branch = self.catalogue.by_outcome.get((id(taken.part), taken.outcome))
            if branch is not None:
                found.add(branch.id)

        return interpreter.observe(batch, observe), found

    def reduced(self, batch: Any, is_enough: Callable[[Any], bool]) -> Any:
        """The batch without the members that are not needed."""
        at = 0
        while at < len(paths := list(_paths(batch))):
            smaller = copy.deepcopy(batch)
            above = smaller
            for token in paths[at][:-1]:
                above = above[token]
            del above[paths[at][-1]]
            if is_enough(smaller):
                batch = smaller
            else:
                at += 1
        return batch

    def needed(self, case: int, is_enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The settings that are needed."""
        settings = dict(self.settings[case])
        for name in list(settings):
            fewer = {key: value for key, value in settings.items() if key != name}
            if is_enough(fewer):
                settings = fewer
        return settings


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all members and elements, outer ones before inner ones."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


def text(found: Iterable[ProposedTest]) -> str:
    """A test file with the suggestions, whose expectations are the present results, to be reviewed."""
    lines = ["description: Suggested tests; review what they expect.", "", "tests:"]
    return "\n".join([*lines, *(listed(one) for one in found)])


def listed(one: ProposedTest, indent: int = 2) -> str:
    """The lines of a suggestion as an element of the list of a test file."""
    written = new_test(one.shows[0], {"input": one.batch}, one.result, one.settings, indent)
    return "".join([*(f"{' ' * indent}# {more}\n" for more in one.shows[1:]), written])
