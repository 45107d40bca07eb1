"""The counts of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..diagnostics.catalogue import CATALOGUE
from ..diagnostics.problem import Problem
from ..diagnostics.terminal import printable
from ..runtime.batch import Record
from ..runtime.result import Result

__all__ = ["FIXED", "GIVEN", "MAX_REASONS", "NEWLY_FAILING", "OTHER_REASONS", "STILL_FAILING", "Summary", "kind_of"]


MAX_REASONS = 100


OTHER_REASONS = "other reasons"


FIXED, STILL_FAILING, NEWLY_FAILING = "fixed", "still failing", "newly failing"


GIVEN = "given already, without what failed in it"


@dataclass(slots=True)
class Summary:
    """Counts over the records so far, without any values, since summaries go to logs.

    `skipped` counts by rule and reason as written in the rules, `problems` by code and place in the rules; `first` has
    the record in which each problem occurred first; `replayed` counts the outcomes of rejects.
    """

    batches: int = 0
    requests: int = 0
    errors: int = 0
    warnings: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    replayed: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, record: Record, result: Result) -> None:
        self.batches += 1
        self.requests += len(result.requests)
        for skipped in result.skipped:
            reason = skipped.reason if skipped.template is None else " ".join(skipped.template.split())
            self._skip(f"{skipped.rule}: {reason}" if skipped.rule is not None else reason, 1)
        for problem in result.problems:
            self.errors += problem.severity == "error"
            self.warnings += problem.severity == "warning"
            kind = kind_of(problem)
            self.problems[kind] += 1
            if kind not in self.first:
                self.first[kind] = _where(record, problem)

    def merge(self, other: Summary) -> None:
        """Adds the counts of the records that follow."""
        self.batches += other.batches
        self.requests += other.requests
        self.errors += other.errors
        self.warnings += other.warnings
        self.problems += other.problems
        self.replayed += other.replayed
        self.first = {**other.first, **self.first}
        for reason, number in other.skipped.items():
            self._skip(reason, number)

    def _skip(self, reason: str, number: int) -> None:
        known = reason in self.skipped or len(self.skipped) < MAX_REASONS
        self.skipped[reason if known else OTHER_REASONS] += number

    def failed(self, *, strict: bool) -> bool:
        return self.errors > 0 or (strict and self.warnings > 0)

    def text(self) -> str:
        """A line with the totals, then a line for each reason and each problem code, the most frequent first."""
        counts = (
            _count(self.batches, "batch", "batches"),
            _count(self.requests, "request"),
            f"{self.skipped.total()} skipped",
            _count(self.problems.total(), "problem"),
        )
        lines = [f"{counts[0]}: {', '.join(counts[1:])}"]
        if self.replayed:
            always = (FIXED, STILL_FAILING, NEWLY_FAILING)
            shown = (*always, GIVEN) if self.replayed[GIVEN] else always
            lines.append(f"  rejects: {', '.join(f'{self.replayed[outcome]} {outcome}' for outcome in shown)}")
        lines += [f"  skipped {number:>6}  {printable(reason)}" for reason, number in self.skipped.most_common()]
        lines += [
            printable(f"  {kind[:4]}    {number:>6}  {kind[5:]}; first in {self.first[kind]}")
            for kind, number in self.problems.most_common()
        ]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        return {
            "batches": self.batches,
            "requests": self.requests,
            "errors": self.errors,
            "warnings": self.warnings,
            "skipped": dict(self.skipped),
            "problems": dict(self.problems),
            "replayed": dict(self.replayed),
            "first": self.first,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Summary:
        counters = {name: Counter(values[name]) for name in ("skipped", "problems", "replayed")}
        return cls(**{**values, **counters})


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def kind_of(problem: Problem) -> str:
    """The code of a problem, its title, and the place in the rules that causes it."""
    kind = f"{problem.code} {CATALOGUE[problem.code].title}"
    if problem.place is None:
        return kind
    return f"{kind} ({f'rule {problem.rule}, ' if problem.rule else ''}{problem.place})"


def _where(record: Record, problem: Problem) -> str:
    """The record, and what is wrong with it as a whole: such messages contain no values."""
    return f"{record.where}{f': {problem.message}' if problem.place is None else ''}"
