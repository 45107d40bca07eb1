"""Counts how often the batches of a corpus take each branch of the rules, in several processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.pool import Pool
from pathlib import Path
from threading import Semaphore
from typing import Any

from ..compiler.counting import DecisionCounter
from ..jobs.input import Unit, units_in
from ..jobs.unreadable import Unreadable
from ..jobs.workers import UNDER_WAY, has_one_thread
from ..language.loader import load
from ..language.rulebook import Rulebook
from .branches import branches_of
from .coverage import Coverage

__all__ = ["BranchCounts", "CorpusCounter", "CorpusCoverage", "coverage_over"]

_UNIT_BYTES = 1 << 18


@dataclass(frozen=True)
class CorpusCoverage:
    """The branches that batches took, the number of batches, and the records that cannot be read."""

    coverage: Coverage
    batches: int
    unreadable: Unreadable


@dataclass
class BranchCounts:
    """The counts of some batches, by the ids of branches."""

    branches: Counter[str]
    batches: int = 0
    unreadable: Unreadable = field(default_factory=Unreadable)


class CorpusCounter:
    """Counts the branches that units of batches take."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.decisions = DecisionCounter(rulebook)
        self.catalogue = branches_of(rulebook)

    def count(self, unit: Unit) -> BranchCounts:
        """The counts of one unit."""
        count = BranchCounts(Counter())
        for record in unit:
            if (batch := count.unreadable.batch_of(record)) is None:
                continue
            self.decisions.count(batch)
            count.batches += 1
        for key, taken in self.decisions.take().items():
            if (branch := self.catalogue.by_outcome.get(key)) is not None:
                count.branches[branch.id] += taken
        return count


def coverage_over(
    rulebook: Rulebook, files: Iterable[str], jobs: int, progress: Callable[[str], None]
) -> CorpusCoverage:
    """The branches that the batches in files take. Raises OSError.

    `progress` is called now and then with a line to show.
    """
    counting = CorpusCounter(rulebook)
    total = BranchCounts(Counter())
    with ExitStack() as stack:
        for count in _counts(counting, units_in(files, _UNIT_BYTES), jobs, stack):
            total.branches.update(count.branches)
            total.batches += count.batches
            total.unreadable.merge(count.unreadable)
            progress(f"{total.batches} batches, {len(total.branches)} branches")
    keys = {branch.id: key for key, branch in counting.catalogue.by_outcome.items()}
    coverage = Coverage()
    coverage.add(rulebook, {keys[name]: taken for name, taken in total.branches.items()})
    return CorpusCoverage(coverage, total.batches, total.unreadable)


_WORK: list[CorpusCounter] = []
"""The CorpusCounter of a worker process."""


def _counts(counting: CorpusCounter, units: Iterable[Unit], jobs: int, stack: ExitStack) -> Iterator[BranchCounts]:
    if jobs == 1:
        return map(counting.count, units)
    counting.decisions.prepare()
    # A forked process has everything loaded. That is safe only if this process has no other thread.
    is_forked = has_one_thread()
    context = multiprocessing.get_context("fork" if is_forked else "spawn")
    _WORK[:] = [counting]
    rulebook = counting.rulebook
    given = None if is_forked else (rulebook.main.path, rulebook.values)
    pool = stack.enter_context(context.Pool(jobs, _start, (given,)))
    stack.callback(_WORK.clear)
    return _bounded(pool, units, jobs * UNDER_WAY)


def _bounded(pool: Pool, units: Iterable[Unit], most: int) -> Iterator[BranchCounts]:
    """The counts of units, with at most `most` units in progress, since a pool alone would read all of them ahead."""
    room = Semaphore(most)

    def given() -> Iterator[Unit]:
        for unit in units:
            room.acquire()
            yield list(unit)

    for count in pool.imap_unordered(_work, given()):
        room.release()
        yield count


def _start(given: tuple[Path, Mapping[str, Any]] | None) -> None:
    """Prepares a worker: it leaves Ctrl-C to its parent, and loads the mapping unless it was forked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if given is not None:
        rulebook = load(given[0], given[1]).rulebook
        _WORK[:] = [] if rulebook is None else [CorpusCounter(rulebook)]


def _work(unit: Unit) -> BranchCounts:
    return _WORK[0].count(unit)
