"""Many records through one mapping: what each gave, what was rejected, and the sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from .problem import CATALOGUE, Problem
from .records import Record
from .result import Result

__all__ = ["Summary", "reject_line", "results"]

MAX_REASONS = 100
OTHER_REASONS = "other reasons"


@dataclass(slots=True)
class Summary:
    """Counts over the records seen so far; the first place of each problem code."""

    batches: int = 0
    requests: int = 0
    errors: int = 0
    warnings: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[Record, Problem]] = field(default_factory=dict)

    def add(self, record: Record, result: Result) -> None:
        self.batches += 1
        self.requests += len(result.requests)
        for skipped in result.skipped:
            known = skipped.reason in self.skipped or len(self.skipped) < MAX_REASONS
            self.skipped[skipped.reason if known else OTHER_REASONS] += 1
        for problem in result.problems:
            self.errors += problem.severity == "error"
            self.warnings += problem.severity == "warning"
            self.problems[problem.code] += 1
            self.first.setdefault(problem.code, (record, problem))

    def failed(self, *, strict: bool) -> bool:
        return self.errors > 0 or (strict and self.warnings > 0)

    def text(self) -> str:
        """A line with the sums, then a line for each reason and each problem code, most frequent first."""
        counts = (
            _count(self.batches, "batch", "batches"),
            _count(self.requests, "request"),
            f"{self.skipped.total()} skipped",
            _count(self.problems.total(), "problem"),
        )
        lines = [f"{counts[0]}: {', '.join(counts[1:])}"]
        lines += [f"  skipped {number:>6}  {_printable(reason)}" for reason, number in self.skipped.most_common()]
        for code, number in self.problems.most_common():
            record, problem = self.first[code]
            lines.append(f"  {code}    {number:>6}  {CATALOGUE[code].title}; first in {_where(record, problem)}")
        return "\n".join(lines)


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _where(record: Record, problem: Problem) -> str:
    place = f"{record.source}:{record.line}"
    if problem.input:
        place += f" {problem.input}"
    rule = f" (rule {problem.rule}, {problem.place})" if problem.rule and problem.place else ""
    return _printable(f"{place}{rule}: {problem.message}")


def results(
    records: Iterable[Record],
    transform: Callable[[Any], Result],
    summary: Summary,
    reject: Callable[[bytes], object] | None = None,
) -> Iterator[Result]:
    """The Result of each record, in order. `reject` is given a line of NDJSON for each that has problems."""
    for record in records:
        result = transform(record.batch) if record.problem is None else Result((), (), (record.problem,))
        summary.add(record, result)
        if reject is not None and result.problems:
            reject(reject_line(record, result))
        yield result


def reject_line(record: Record, result: Result) -> bytes:
    """`{source, line, batch | text, problems}` as a line of JSON; `text` where there is no batch."""
    what = {"text": record.text.decode(errors="replace")} if record.problem is not None else {"batch": record.batch}
    line = {
        "source": record.source,
        "line": record.line,
        **what,
        "problems": [problem.to_json() for problem in result.problems],
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
