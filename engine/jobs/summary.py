"""The counts of a run."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..diagnostics.catalogue import CATALOGUE
from ..diagnostics.problem import Problem
from ..diagnostics.terminal import printable
from ..runtime.batch import Record
from ..runtime.result import Result
from ..source.text import one_line

__all__ = [
    "FIXED",
    "GIVEN",
    "MAX_REASONS",
    "NEWLY_FAILING",
    "OTHER_REASONS",
    "SAMPLE",
    "STILL_FAILING",
    "ProblemKind",
    "Reason",
    "SampleCounts",
    "Summary",
]


MAX_REASONS = 100
SAMPLE = 100
"""The number of batches in the sample of a run."""


_FATES = {"sent": "sent", "skipped": "skipped", "read": "only read", "unread": "not read"}
_INDEX = re.compile(r"/[0-9]+(?=/|\Z)")
_SHOWN_PLACES = 20


FIXED, STILL_FAILING, NEWLY_FAILING = "fixed", "still failing", "newly failing"


GIVEN = "given already, without what failed in it"


class Reason(NamedTuple):
    """The reason why elements were skipped: the rule, and its text as written there."""

    rule: str | None
    text: str


class ProblemKind(NamedTuple):
    """A kind of Problem: the parts that all Problems from one place of the rules have in common."""

    code: str
    severity: str
    rule: str | None
    file: str | None
    line: int | None
    column: int | None
    template: str | None
    """The template of the rule's message, without values of the batch; None if no rule reports the problem."""

    @classmethod
    def of(cls, problem: Problem) -> ProblemKind:
        """The kind of a Problem."""
        place = problem.place
        template = one_line(problem.data["template"]) if "template" in problem.data else None
        if place is None:
            return cls(problem.code, problem.severity, None, None, None, None, template)
        return cls(problem.code, problem.severity, problem.rule, place.file, place.line, place.column, template)

    @property
    def title(self) -> str:
        return CATALOGUE[self.code].title

    @property
    def text(self) -> str:
        """The text of the rule, or else the title; and the place in the rules."""
        said = self.template or self.title
        if self.file is None:
            return said
        return f"{said} ({f'rule {self.rule}, ' if self.rule else ''}{self.file}:{self.line}:{self.column})"


class SampleCounts(NamedTuple):
    """The number of batches in the sample of a run, of their leaves, and of those that no rule reads in any batch."""

    batches: int
    leaves: int
    unread: int

    def plus(self, other: SampleCounts) -> SampleCounts:
        return SampleCounts(*map(sum, zip(self, other, strict=True)))


@dataclass(slots=True)
class Summary:
    """Counts over the records so far, without any values, since summaries go to logs.

    `first` has the record in which each kind of problem occurred first; `replayed` counts the outcomes of rejects. If
    Results have an account, `leaves` counts the leaves by fate, and `unread` those that no rule reads, by place.
    `sample` is about the first batches, in any case.
    """

    batches: int = 0
    requests: int = 0
    errors: int = 0
    warnings: int = 0
    skipped: Counter[Reason] = field(default_factory=Counter)
    problems: Counter[ProblemKind] = field(default_factory=Counter)
    replayed: Counter[str] = field(default_factory=Counter)
    first: dict[ProblemKind, str] = field(default_factory=dict)
    leaves: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    sample: SampleCounts = field(default_factory=lambda: SampleCounts(0, 0, 0))

    def add(self, record: Record, result: Result) -> None:
        self.batches += 1
        self.requests += len(result.requests)
        for skipped in result.skipped:
            reason = skipped.reason if skipped.template is None else one_line(skipped.template)
            self._skip(Reason(skipped.rule, reason), 1)
        for problem in result.problems:
            self.errors += problem.severity == "error"
            self.warnings += problem.severity == "warning"
            kind = ProblemKind.of(problem)
            self.problems[kind] += 1
            if kind not in self.first:
                self.first[kind] = _where(record, problem)
        for leaf in result.account or ():
            self.leaves[leaf.fate] += 1
            if leaf.fate == "unread":
                self._leave(_INDEX.sub("/*", leaf.pointer), 1)

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
        self.leaves += other.leaves
        for place, number in other.unread.items():
            self._leave(place, number)
        self.sample = self.sample.plus(other.sample)

    def _leave(self, place: str, number: int) -> None:
        known = place in self.unread or len(self.unread) < MAX_REASONS
        self.unread[place if known else OTHER_PLACES] += number

    def _skip(self, reason: Reason, number: int) -> None:
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
        for (rule, reason), number in self.skipped.most_common():
            lines.append(f"  skipped {number:>6}  {printable(f'{rule}: {reason}' if rule is not None else reason)}")
        lines += [
            printable(f"  {kind.code}    {number:>6}  {kind.text}; first in {self.first[kind]}")
            for kind, number in self.problems.most_common()
        ]
        if self.leaves:
            lines.append(f"  leaves: {', '.join(f'{self.leaves[fate]} {name}' for fate, name in _FATES.items())}")
            most = self.unread.most_common(_SHOWN_PLACES)
            lines += [f"  not read{count:>6}  {printable(place)}" for place, count in most]
            if len(self.unread) > len(most):
                lines.append(f"  and {len(self.unread) - len(most)} other places that are not read")
        elif self.sample.unread:
            batches, leaves, unread = self.sample
            first = "" if batches == self.batches else f" of the first {_count(batches, 'batch', 'batches')}"
            of = f"of {_count(leaves, 'leaf', 'leaves')}{first}"
            lines.append(f"  not read{unread:>6}  {of}, by any rule; --account shows which")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The JSON form, which `schemas/moemap/summary.schema.json` describes; the most frequent come first."""
        return {
            "batches": self.batches,
            "requests": self.requests,
            "errors": self.errors,
            "warnings": self.warnings,
            "skipped": [
                {"rule": rule, "reason": reason, "count": number}
                for (rule, reason), number in self.skipped.most_common()
            ],
            "problems": [
                {**kind._asdict(), "title": kind.title, "first": self.first[kind], "count": number}
                for kind, number in self.problems.most_common()
            ],
            "rejects": dict(self.replayed),
            "leaves": dict(self.leaves),
            "unread": [{"place": place, "count": number} for place, number in self.unread.most_common()],
            "sample": self.sample._asdict(),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Summary:
        """The summary of a JSON form."""
        totals = {name: values[name] for name in ("batches", "requests", "errors", "warnings")}
        made = cls(**totals, replayed=Counter(values["rejects"]), leaves=Counter(values["leaves"]))
        made.unread.update({one["place"]: one["count"] for one in values["unread"]})
        made.sample = SampleCounts(**values["sample"])
        for one in values["skipped"]:
            made.skipped[Reason(one["rule"], one["reason"])] = one["count"]
        for one in values["problems"]:
            kind = ProblemKind(*(one[name] for name in ProblemKind._fields))
            made.problems[kind], made.first[kind] = one["count"], one["first"]
        return made


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _where(record: Record, problem: Problem) -> str:
    """The record, with the message if the problem is about it as a whole: these messages contain no values."""
    if "keyword" in problem.data:  # the message has values of the batch
        return f"{record.where}{f' ({keyword})' if (keyword := problem.data['keyword']) else ''}"
    return f"{record.where}{f': {problem.message}' if problem.place is None else ''}"


OTHER_PLACES = "other places"


OTHER_REASONS = Reason(None, "other reasons")
"""The reason under which all reasons beyond the first ones are counted."""
