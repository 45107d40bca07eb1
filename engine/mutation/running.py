"""Runs the golden tests of mappings on all mutants, in several processes, with a cache of verdicts."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..checks.shared.opening import Opening
from ..compiler.cache import folder as cache_folder
from ..compiler.cache import key_of
from ..diagnostics.problem import Place, Problem
from ..golden.diff import canonical
from ..golden.files import GoldenTest, TestFile, load
from ..insight.changed_parts import changed_since
from ..insight.explained import read_explained
from ..jobs.workers import has_one_thread
from ..language.rulebook import Rulebook
from ..source.text import Source
from .equivalence import Proofs
from .explained import checked
from .mutant import Mutant
from .mutants import mutants_of
from .testing import TestedMapping, Verdict

__all__ = ["MutatedMapping", "Mutation", "MutationBudget", "mutate"]

_CHUNK = 4
MAX_CACHED = 64


@dataclass(frozen=True, slots=True)
class MutationBudget:
    """The maximum number of mutants to run, and the maximum seconds to spend on them."""

    count: int | None = None
    seconds: float | None = None


@dataclass(eq=False)
class MutatedMapping:
    """A mapping with its tests and mutants, the `verdicts` by id, and the `problems` of explanations."""

    files: tuple[TestFile, ...]
    tested: TestedMapping
    mutants: tuple[Mutant, ...]
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    sources: dict[str, Source] = field(default_factory=dict)
    cached: int = 0

    @property
    def rulebook(self) -> Rulebook:
        return self.tested.rulebook

    def verdict(self, mutant: Mutant) -> Verdict:
        return self.verdicts.get(mutant.id, Verdict("not run"))


@dataclass(frozen=True, eq=False)
class Mutation:
    """The result for all mappings."""

    mappings: tuple[MutatedMapping, ...]

    def of(self, *status: str) -> Iterator[tuple[MutatedMapping, Mutant, Verdict]]:
        """The mutants of some statuses."""
        for mapping in self.mappings:
            for mutant in mapping.mutants:
                verdict = mapping.verdict(mutant)
                if verdict.status in status:
                    yield mapping, mutant, verdict

    @property
    def ok(self) -> bool:
        """True if there are no survivors and no wrong explanations."""
        return next(self.of("survived", "not covered"), None) is None and not any(
            mapping.problems for mapping in self.mappings
        )


Tests = Sequence[tuple[TestFile, GoldenTest]]
Progress = Callable[[int, int], object]
"""A function that is called with the number of mutants that are done, and of all."""


def mutate(
    tests: Tests,
    opening: Callable[[Path], Opening] = Opening,
    *,
    jobs: int = 1,
    seed: int = 0,
    budget: MutationBudget | None = None,
    against: str | None = None,
    is_cached: bool = True,
    progress: Progress = lambda _done, _all: None,
) -> Mutation:
    """Runs tests, all of which pass, on the mutants of their mappings.

    With a budget, the mutants are run in an order given by the seed. With `against`, a revision, only mutants of parts
    of the rules that changed since then are run. Verdicts are cached between runs if `is_cached`. Raises RevisionError,
    and KeyboardInterrupt.
    """
    budget = budget or MutationBudget()
    mappings = _mappings(tests, opening)
    wanted: list[tuple[int, int]] = []
    keys = [_key(mapping) for mapping in mappings]
    for number, mapping in enumerate(mappings):
        if against is not None:
            is_changed = _changed(mapping, against)
            mapping.mutants = tuple(one for one in mapping.mutants if is_changed(one.place))
        known = _cached(keys[number]) if is_cached else {}
        mapping.verdicts = {one.id: known[one.id] for one in mapping.mutants if one.id in known}
        mapping.cached = len(mapping.verdicts)
        wanted += ((number, at) for at, one in enumerate(mapping.mutants) if one.id not in mapping.verdicts)
    if budget.count is not None or budget.seconds is not None:
        random.Random(seed).shuffle(wanted)  # noqa: S311  not for secrets
    wanted = wanted[: budget.count]
    end = None if budget.seconds is None else time.monotonic() + budget.seconds
    try:
        with _verdicts(mappings, wanted, jobs) as found:
            for done, ((number, at), verdict) in enumerate(found, 1):
                mapping = mappings[number]
                mapping.verdicts[mapping.mutants[at].id] = verdict
                progress(done, len(wanted))
                if end is not None and time.monotonic() >= end:
                    break
    finally:
        for mapping, key in zip(mappings, keys, strict=True):
            _prove(mapping)
            if is_cached:
                _keep(key, mapping.verdicts)
    for mapping in mappings:
        _explain(mapping)
    return Mutation(tuple(mappings))


def _mappings(tests: Tests, opening: Callable[[Path], Opening]) -> list[MutatedMapping]:
    by_mapping: dict[Path, list[tuple[TestFile, GoldenTest]]] = {}
    for file, test in tests:
        by_mapping.setdefault(file.mapping, []).append((file, test))
    found = []
    for path, own in by_mapping.items():
        mapping = opening(path)  # once, so that all rulebooks share their parts
        pairs = [(test, mapping.inspect(test.settings).rulebook) for _, test in own]
        tested = TestedMapping((test, rulebook) for test, rulebook in pairs if rulebook is not None)
        files = tuple({id(file): file for file, _ in own}.values())
        found.append(MutatedMapping(files, tested, mutants_of(tested.rulebook)))
    return found


def _folder(rulebook: Rulebook) -> Path:
    return (rulebook.main.path or Path()).parent


def _changed(mapping: MutatedMapping, against: str) -> Callable[[Place], bool]:
    return changed_since(_folder(mapping.rulebook), mapping.rulebook.sources, against)


def _prove(mapping: MutatedMapping) -> None:
    """Marks the survivors that are proven equivalent."""
    survived = [one for one in mapping.mutants if mapping.verdict(one).status in ("survived", "not covered")]
    proofs = Proofs(mapping.rulebook) if survived else None
    for mutant in survived:
        if proofs is not None and (reason := proofs.reason(mutant)) is not None:
            completed = mapping.verdicts[mutant.id].completed
            mapping.verdicts[mutant.id] = Verdict("equivalent", None, completed, reason)


def _explain(mapping: MutatedMapping) -> None:
    explained = read_explained(mapping.rulebook)
    mapping.sources = dict(explained.sources or {})
    wrong = checked(explained.mutants, mutants_of(mapping.rulebook), mapping.verdicts)
    mapping.problems = (*explained.problems, *wrong)


# Processes


_WORK: list[MutatedMapping] = []
"""The mappings of a worker."""


@contextmanager
def _verdicts(
    mappings: list[MutatedMapping], wanted: Sequence[tuple[int, int]], jobs: int
) -> Iterator[Iterator[tuple[tuple[int, int], Verdict]]]:
    """The verdicts of mutants, by the numbers of their mapping and of themselves."""
    if jobs == 1 or len(wanted) < jobs * _CHUNK:
        yield ((one, _verdict_in(mappings, one)) for one in wanted)
        return
    # A forked process has everything loaded. That is safe only if this process has no other thread.
    is_forked = has_one_thread()
    context = multiprocessing.get_context("fork" if is_forked else "spawn")
    _WORK[:] = mappings
    names = [(str(file.path), file.source.name) for mapping in mappings for file in mapping.files]
    tests = [[(one.place, one.name) for one in mapping.tested.tests] for mapping in mappings]
    try:
        with context.Pool(jobs, _start, (None if is_forked else (names, tests),)) as pool:
            yield pool.imap_unordered(_work, wanted, _CHUNK)
    finally:
        _WORK.clear()


def _start(given: Any) -> None:
    """Prepares a worker: it leaves Ctrl-C to its parent, and reads the tests again unless it was forked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if given is None:
        return
    names, tests = given
    chosen = {one for own in tests for one in own}
    found = []
    for path, name in names:
        file, _, _ = load(Path(path), name)
        if file is not None:
            found += [(file, test) for test in file.tests if (test.place, test.name) in chosen]
    _WORK[:] = _mappings(found, Opening)


def _work(one: tuple[int, int]) -> tuple[tuple[int, int], Verdict]:
    return one, _verdict_in(_WORK, one)


def _verdict_in(mappings: Sequence[MutatedMapping], one: tuple[int, int]) -> Verdict:
    mapping = mappings[one[0]]
    return mapping.tested.verdict(mapping.mutants[one[1]])


# The cache


def _key(mapping: MutatedMapping) -> str:
    """The name of the cached verdicts: they hold for these rules, schemas and tests, and this engine."""
    digest = hashlib.sha256()
    for rulebook in mapping.rulebook.with_all_converters():
        for name, source in sorted(rulebook.sources.items()):
            digest.update(f"{name}\n{source.text}\n".encode())
        for name, schema in sorted(rulebook.schemas.items()):
            digest.update(f"{name}\n{canonical(schema.document)}\n".encode())
    for test in mapping.tested.tests:
        parts = (str(test.place), test.name, test.settings, test.input, test.many, test.partial, test.expected)
        digest.update(f"{canonical(parts)}\n".encode())
    return key_of("mutants", digest.hexdigest())


def _file(key: str) -> Path | None:
    folder = cache_folder()
    return None if folder is None else folder / "mutants" / f"{key}.json"


def _cached(key: str) -> dict[str, Verdict]:
    path = _file(key)
    with suppress(OSError, ValueError, TypeError, AttributeError):  # an unusable cache is no error
        return {name: Verdict(**one) for name, one in json.loads(path.read_bytes()).items()} if path else {}
    return {}


def _keep(key: str, verdicts: dict[str, Verdict]) -> None:
    path = _file(key)
    if path is None or not verdicts:
        return
    known = {**_cached(key), **verdicts}
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = path.with_suffix(f".{os.getpid()}")
        made.write_text(json.dumps({name: asdict(one) for name, one in known.items()}), "utf-8")
        made.replace(path)
        files = sorted(path.parent.glob("*.json"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for old in files[MAX_CACHED:]:
            old.unlink(missing_ok=True)
