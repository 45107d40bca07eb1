"""A piece of an input through a mapping: its output, its rejects, its sums. What workers do, here or elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Values
from dataclasses import dataclass, field
from typing import Any

from .compression import compressor
from .formats import Format, render
from .problem import CATALOGUE, MappingError, Problem
from .program import Program, RulesChangedError, open_program
from .records import Record, Unit
from .rejects import Reject, read_reject, reject_line
from .result import Failed, Result, failure
from .terminal import printable
from .values import is_surely_small

__all__ = ["Piece", "Recipe", "Summary", "Transform", "WorkerError"]

MAX_REASONS = 100
OTHER_REASONS = "other reasons"
FIXED, STILL_FAILING, NEWLY_FAILING = "fixed", "still failing", "newly failing"
GIVEN = "given already, without what failed in it"


@dataclass(slots=True)
class Summary:
    """Counts over the records seen so far, without values of theirs, for a summary goes to logs.

    `skipped` counts by rule and reason as the rules write it, `problems` by code and place in the rules; `first` says
    for each of these in which record it came first; `replayed` what became of rejects.
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
            kind = _kind(problem)
            self.problems[kind] += 1
            if kind not in self.first:
                self.first[kind] = _where(record, problem)

    def merge(self, other: Summary) -> None:
        """Adds what another summary counted of the records after these."""
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
        """A line with the sums, then a line for each reason and each problem code, most frequent first."""
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


def _kind(problem: Problem) -> str:
    """The code of a problem, its title, and where the rules give rise to it."""
    kind = f"{problem.code} {CATALOGUE[problem.code].title}"
    if problem.place is None:
        return kind
    return f"{kind} ({f'rule {problem.rule}, ' if problem.rule else ''}{problem.place})"


def _where(record: Record, problem: Problem) -> str:
    """The record, and what is wrong with it as a whole: such a message holds no values."""
    return f"{record.where}{f': {problem.message}' if problem.place is None else ''}"


class WorkerError(RuntimeError):
    """A worker process ended before its work did."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What a few records gave: `output` (for bulk `bodies`) and `rejects`, ready to be written."""

    output: bytes = b""
    rejects: bytes = b""
    bodies: Sequence[bytes] = ()
    summary: Summary = field(default_factory=Summary)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a worker needs to know; can be sent to another process.

    `output` and `rejects` are the names of the files, whose endings say how pieces are compressed; `replays` says that
    the records are lines of a rejects file.
    """

    reference: str
    settings: Values[str, Any]
    format: Format
    pretty: bool
    output: str = ""
    rejects: str | None = None
    replays: bool = False

    def transform(self, digest: str) -> Transform | Outdated:
        """Opens the mapping once more, where it still has this digest."""
        try:
            program = self.program()
        except MappingError:
            return Outdated(self)
        return Transform(self, program) if program.digest == digest else Outdated(self)

    def program(self) -> Program:
        return open_program(self.reference, self.settings, bulk=self.format == "bulk")


@dataclass(frozen=True, slots=True)
class Outdated:
    """Stands for the Transform of a mapping that has changed."""

    recipe: Recipe

    def piece(self, _records: Unit) -> Piece:
        """Raises RulesChangedError."""
        raise RulesChangedError(f"the files of {self.recipe.reference} have changed since the run began")


class Transform:
    """Turns records into pieces of output."""

    def __init__(self, recipe: Recipe, program: Program) -> None:
        self._recipe = recipe
        self._delivery = program.delivery
        self._program = program
        self._compress = compressor(recipe.output)
        self._compress_rejects = compressor(recipe.rejects or "")

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process makes it anew."""
        return Recipe.transform, (self._recipe, self._program.digest)

    def results(self, records: Unit) -> list[Result]:
        """The Result of each record."""
        return list(self._results(records, Summary(), []))

    def piece(self, records: Unit) -> Piece:
        """What the records give, in their order."""
        summary = Summary()
        rejects: list[bytes] = []
        results = self._results(records, summary, rejects)
        output, bodies = b"", []
        if self._recipe.format == "bulk":
            bodies = [request.text for result in results for request in result.requests]
        else:
            output = b"".join(render(results, self._delivery, self._recipe.format, pretty=self._recipe.pretty))
        lines = b"".join(rejects)
        return Piece(
            self._compress(output) if output else b"",
            self._compress_rejects(lines) if lines else b"",
            bodies,
            summary,
        )

    def _results(self, records: Unit, summary: Summary, rejects: list[bytes]) -> Iterator[Result]:
        for given in records:
            reject = read_reject(given) if self._recipe.replays else None
            if isinstance(reject, Problem):
                result = Result((), (), (reject,))
                summary.add(given, result)
                yield result
                continue
            record = given if reject is None else reject.record
            failed: Iterable[Failed] | None
            try:
                result, failed = self._first(record) if reject is None else self._again(reject)
            except RulesChangedError:  # nothing that a record can do
                raise
            except Exception as error:
                result, failed = failure(error), None if reject is None else reject.failed
            summary.add(record, result)
            if reject is not None:
                summary.replayed[_outcome(reject, result)] += 1
            if self._recipe.rejects is not None and not result.ok:
                rejects.append(reject_line(record, result, failed, self._program.name, self._program.version))
            yield result

    def _first(self, record: Record) -> tuple[Result, Iterable[Failed] | None]:
        """The Result of a record, and what failed of it; None: all of it."""
        result = self._mapped(record)
        if result.ok or self._recipe.rejects is None:
            return result, ()
        batch, problem = record.parse()
        return result, self._program.retry(batch)[1] if problem is None else None

    def _again(self, reject: Reject) -> tuple[Result, Iterable[Failed] | None]:
        """The same for what failed of a batch before: nothing that was given is given again."""
        if reject.failed is None:
            return self._first(reject.record)
        batch, problem = reject.record.parse()
        if problem is not None:
            return Result((), (), (problem,)), reject.failed
        return self._program.retry(batch, reject.failed) if reject.failed else (Result((), (), ()), ())

    def _mapped(self, record: Record) -> Result:
        """The Result of the batch of a record."""
        if record.problem is None and (result := self._program.transform_text(record.text)) is not None:
            return result
        batch, problem = record.parse()
        if problem is not None:
            return Result((), (), (problem,))
        is_small = is_surely_small(record.text)
        return self._program.transform_parsed(batch) if is_small else self._program.transform(batch)


def _outcome(reject: Reject, result: Result) -> str:
    after = {problem.code for problem in result.problems if problem.severity == "error"}
    if reject.failed is not None and not reject.failed:
        return GIVEN
    if not after:
        return FIXED
    return STILL_FAILING if after <= reject.codes else NEWLY_FAILING
