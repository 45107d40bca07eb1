"""Maps inputs and adds their requests to an outbox, each input once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from ..jobs.distinct import Distinct, DistinctCounter
from ..jobs.input import WAITING, Unit
from ..jobs.summary import Summary
from ..runtime.batch import Record
from ..runtime.result import Result
from .entries import Entry, MappedInput, OutboxFullError, key_of
from .limiter import amount_of
from .outbox import Outbox
from .plan import Plan

__all__ = ["DryRun", "TakenInputs", "take"]


class Mapper(Protocol):
    """The part of a Transform that intake needs."""

    def mapped(self, records: Unit, /) -> tuple[list[tuple[Record, Result]], Summary, bytes]:
        """Each record with its Result, their counts, and the rejects."""


@dataclass(slots=True)
class TakenInputs:
    """The result of taking inputs: their summary, and how many were known already or led to requests.

    `full` is the reason why not all were taken.
    """

    summary: Summary = field(default_factory=Summary)
    known: int = 0
    requests: int = 0
    full: str | None = None


def take(
    outbox: Outbox,
    plan: Plan,
    transform: Mapper,
    mapping: str,
    units: Iterable[Unit],
    on_rejects: Callable[[bytes], object],
    on_added: Callable[[TakenInputs], object],
) -> TakenInputs:
    """Adds units, all if there is room for them; what was added is on the disk when this returns."""
    taken = TakenInputs()
    under_way: list[tuple[list[MappedInput], Future[list[bool]]]] = []

    def settle() -> None:
        given, future = under_way.pop(0)
        try:
            added = future.result()
        except OutboxFullError as error:
            taken.full = str(error)
            added = []
        for one, is_new in zip(given, added, strict=False):
            taken.known += not is_new
            taken.requests += len(one.entries) if is_new else 0
        on_added(taken)

    for unit in units:
        if unit is WAITING:
            while under_way:
                settle()
        else:
            records, summary, rejects = transform.mapped(unit)
            taken.summary.merge(summary)
            if rejects:
                on_rejects(rejects)
            given = [input_of(record, result, plan, mapping) for record, result in records if result.requests]
            under_way.append((given, outbox.add(given)))
            if len(under_way) > 1:
                settle()
        if taken.full is not None:
            break
    while under_way:
        settle()
    return taken


def input_of(record: Record, result: Result, plan: Plan, mapping: str) -> MappedInput:
    identity = None
    if plan.id is not None:
        batch, problem = record.parse()
        identity = plan.identity(batch) if problem is None else None
    entries = [plan.entry(request) for request in result.requests]
    return MappedInput(key_of(mapping, identity, record.text), record.where, mapping, record.text, entries)


@dataclass(slots=True)
class DryRun:
    """An estimate without sending: requests and bytes by endpoint, the time that windows require, and limited names.

    `names` has what was counted before, and goes on.
    """

    plan: Plan
    names: DistinctCounter
    known: list[set[str]] = field(init=False)
    summary: Summary = field(default_factory=Summary)
    requests: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    windows: Counter[str] = field(default_factory=Counter)
    keys: dict[str, Counter[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = [set(one.found) for one in self.names.limits]

    def add(self, transform: Mapper, unit: Unit) -> None:
        """Adds the requests of a unit."""
        records, summary, _ = transform.mapped(unit)
        self.summary.merge(summary)
        for _, result in records:
            self.names.add(result.requests)
            for request in result.requests:
                self._add(self.plan.entry(request))

    def new_names(self) -> Iterator[tuple[Distinct, list[str]]]:
        """The places whose names or values are limited, and those that were not known."""
        for one, known in zip(self.names.limits, self.known, strict=True):
            yield one, sorted(one.found - known)

    def _add(self, entry: Entry) -> None:
        endpoint = f"{entry.method} {entry.url.partition('?')[0]}"
        self.requests[endpoint] += 1
        self.bytes[endpoint] += len(entry.body)
        for window in self.plan.windows:
            if window.sent == "in_bulk" or (window.outputs and entry.output not in window.outputs):
                continue
            amount = amount_of(window, [entry])
            if not window.each_key:
                self.windows[window.name] += amount
            elif entry.lane is not None:
                self.keys.setdefault(window.name, Counter())[entry.lane] += amount

    @property
    def seconds(self) -> float:
        """The least time that sending takes, without bulk requests."""
        times = [0.0]
        for window in self.plan.windows:
            most = max(self.keys.get(window.name, {}).values(), default=0)
            amount = most if window.each_key else self.windows[window.name]
            times.append((math.ceil(amount / window.limit) - 1) * window.seconds)
        return max(times)

    def crowded(self) -> list[tuple[str, int, int]]:
        """The windows of single keys that some keys exceed: name, number of these keys, and the largest amount."""
        found = []
        for window in self.plan.windows:
            over = [count for count in self.keys.get(window.name, {}).values() if count > window.limit]
            if over:
                found.append((window.name, len(over), max(over)))
        return found
