"""Maps a unit of an input to a piece of output, rejects and counts: the work of a worker, in any process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Values
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..diagnostics.problem import MappingError, Problem
from ..runtime.batch import Record
from ..runtime.result import Failed, Result, failure
from ..values.payload import is_surely_small
from .compression import compressor
from .formats import FORMATS, render
from .input import SampledUnit, Unit
from .program import Program, RulesChangedError, open_program
from .rejects import Reject, reject_line
from .summary import FIXED, GIVEN, NEWLY_FAILING, STILL_FAILING, SampleCounts, Summary

if TYPE_CHECKING:
    from ..language.rulebook import Rulebook  # imported late: running a cached mapping reads no rules

__all__ = ["BatchReport", "Piece", "Recipe", "Transform", "WorkerError"]


BatchReport = Callable[["Rulebook", Any, Result], Result]
"""A function that adds to the Result of a batch; it must be importable, so that other processes find it."""


class WorkerError(RuntimeError):
    """A worker process ended before its work was done."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The results of a unit: `output` (for bulk requests, `bodies`) and `rejects` are ready to be written."""

    output: bytes = b""
    rejects: bytes = b""
    bodies: Sequence[bytes] = ()
    summary: Summary = field(default_factory=Summary)


class Recipe(NamedTuple):
    """Everything that a worker needs to know; it can be sent to another process.

    `output` and `rejects` are the names of the files, whose suffixes determine the compression; with `replays`, the
    records are lines of a rejects file; `variables` are those of a Dispatch; `reports` add to the Result of a batch.
    """

    reference: str
    settings: Values[str, Any]
    format: str
    pretty: bool
    output: str = ""
    rejects: str | None = None
    replays: bool = False
    variables: Values[str, str] = {}
    reports: tuple[BatchReport, ...] = ()

    def transform(self, digest: str) -> Transform | Outdated:
        """Opens the mapping; the result is Outdated if its digest is another one."""
        try:
            program = self.program()
        except MappingError:
            return Outdated(self)
        return Transform(self, program) if program.digest == digest else Outdated(self)

    def program(self) -> Program:
        return open_program(self.reference, self.settings, bulk=FORMATS[self.format].bundled)

    def rulebook(self) -> Rulebook | None:
        """The rules, if reports need them; a cached program has none."""
        if not self.reports:
            return None
        # Imported late: most runs need no rules.
        from ..checks.shared.opening import inspect

        return inspect(self.reference, self.settings).rulebook


class Outdated(NamedTuple):
    """Replaces the Transform of a mapping that has changed."""

    recipe: Recipe

    def piece(self, _records: Unit) -> Piece:
        """Always raises RulesChangedError."""
        raise self._error

    def results(self, _records: Unit) -> list[Result]:
        """Always raises RulesChangedError."""
        raise self._error

    @property
    def _error(self) -> RulesChangedError:
        return RulesChangedError(f"the files of {self.recipe.reference} have changed since the run began")


def _read_reject(record: Record) -> Reject | Problem:
    # Only here: most runs replay nothing, and need not import what reads rejects.
    from .reject_reader import read_reject

    return read_reject(record)


class Transform:
    """Maps records to pieces of output."""

    def __init__(self, recipe: Recipe, program: Program) -> None:
        self._recipe = recipe
        self._dispatch = program.dispatch._replace(variables=dict(recipe.variables))
        self._program = program
        self._rulebook = recipe.rulebook()
        self._compress = compressor(recipe.output)
        self._compress_rejects = compressor(recipe.rejects or "")

    def __reduce__(self) -> tuple[Any, ...]:
        """Unpickles by opening the mapping again."""
        return Recipe.transform, (self._recipe, self._program.digest)

    def results(self, records: Unit) -> list[Result]:
        """The Result of each record."""
        return list(self._results(records, Summary(), []))

    def mapped(self, records: Unit) -> tuple[list[tuple[Record, Result]], Summary, bytes]:
        """Each record with its Result, their counts, and the rejects."""
        summary = Summary()
        rejects: list[bytes] = []
        own = list(records)
        results = list(self._results(own, summary, rejects))
        return list(zip(own, results, strict=True)), summary, self._compress_rejects(b"".join(rejects))

    def piece(self, records: Unit) -> Piece:
        """The piece of these records, in their order."""
        summary = Summary()
        rejects: list[bytes] = []
        results = self._results(records, summary, rejects)
        pieces = list(render(results, self._dispatch, self._recipe.format, pretty=self._recipe.pretty))
        is_bundled = FORMATS[self._recipe.format].bundled
        output = b"" if is_bundled else b"".join(pieces)
        lines = b"".join(rejects)
        return Piece(
            self._compress(output) if output else b"",
            self._compress_rejects(lines) if lines else b"",
            pieces if is_bundled else (),
            summary,
        )

    def _results(self, records: Unit, summary: Summary, rejects: list[bytes]) -> Iterator[Result]:
        sample = records.count if isinstance(records, SampledUnit) else 0
        for number, given in enumerate(records):
            reject = _read_reject(given) if self._recipe.replays else None
            if isinstance(reject, Problem):
                result = Result((), (), (reject,))
                summary.add(given, result)
                yield result
                continue
            record = given if reject is None else reject.record
            failed: Iterable[Failed] | None
            try:
                result, failed = self._first(record) if reject is None else self._again(reject)
            except RulesChangedError:  # not caused by a record
                raise
            except Exception as error:
                result, failed = failure(error), None if reject is None else reject.failed
            summary.add(record, result)
            if number < sample:
                summary.sample = summary.sample.plus(self._sample(record, result))
            if reject is not None:
                summary.replayed[_outcome(reject, result)] += 1
            if self._recipe.rejects is not None and not result.ok:
                rejects.append(reject_line(record, result, failed, self._program.name, self._program.version))
            yield result

    def _sample(self, record: Record, result: Result) -> SampleCounts:
        """The counts of a record in the sample."""
        batch, problem = record.parse()
        return SampleCounts(1, *((0, 0) if problem is not None else self._program.unread.count(batch, result)))

    def _first(self, record: Record) -> tuple[Result, Iterable[Failed] | None]:
        """The Result of a record, and the parts of it that failed; None for the whole batch."""
        result = self._mapped(record)
        if result.ok or self._recipe.rejects is None:
            return result, ()
        if any(problem.code in ("M525", "M526") for problem in result.problems):
            return result, None  # the interpreter would need very long to find the same
        batch, problem = record.parse()
        return result, self._program.retry(batch)[1] if problem is None else None

    def _again(self, reject: Reject) -> tuple[Result, Iterable[Failed] | None]:
        """The Result of the parts of a reject that failed, mapped alone, and those that failed again; None for all."""
        if reject.failed is None:
            return self._first(reject.record)
        batch, problem = reject.record.parse()
        if problem is not None:
            return Result((), (), (problem,)), reject.failed
        return self._program.retry(batch, reject.failed) if reject.failed else (Result((), (), ()), ())

    def _mapped(self, record: Record) -> Result:
        """The Result of the batch of a record."""
        if self._rulebook is not None:
            return self._reported(record, self._rulebook)
        if record.problem is None and (result := self._program.transform_text(record.text)) is not None:
            return result
        batch, problem = record.parse()
        if problem is not None:
            return Result((), (), (problem,))
        is_small = is_surely_small(record.text)
        return self._program.transform_parsed(batch) if is_small else self._program.transform(batch)

    def _reported(self, record: Record, rulebook: Rulebook) -> Result:
        """The Result of the batch of a record, with what the reports add to it."""
        batch, problem = record.parse()
        if problem is not None:
            return Result((), (), (problem,))
        result = self._program.transform(batch)
        for report in self._recipe.reports:
            result = report(rulebook, batch, result)
        return result


def _outcome(reject: Reject, result: Result) -> str:
    after = {problem.code for problem in result.problems if problem.severity == "error"}
    if reject.failed is not None and not reject.failed:
        return GIVEN
    if not after:
        return FIXED
    return STILL_FAILING if after <= reject.codes else NEWLY_FAILING
