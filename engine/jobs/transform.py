"""A piece of an input through a mapping: its output, its rejects, its sums. What workers do, here or elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Values
from dataclasses import dataclass, field
from typing import Any

from ..diagnostics.problem import MappingError, Problem
from ..runtime.batch import Record
from ..runtime.result import Failed, Result, failure
from ..values.payload import is_surely_small
from .compression import compressor
from .formats import Format, render
from .input import Unit
from .program import Program, RulesChangedError, open_program
from .rejects import Reject, read_reject, reject_line
from .summary import FIXED, GIVEN, NEWLY_FAILING, STILL_FAILING, Summary

__all__ = ["Piece", "Recipe", "Transform", "WorkerError"]


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
