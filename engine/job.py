"""A whole run over files: inputs in order, one output, rejects; interrupted and continued without loss.

While a run is under way its output stands in `<output>.partial`, and `<output>.journal` says how far it is: after which
record, at which size of the files, with which sums. `resume` cuts the files back to that and goes on. At the end the
files get their names at once and the journal goes.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from .compression import compressor, plain_name
from .delivery import Bundler
from .files import BusyError, is_plain, locked, naming
from .formats import json_line
from .program import Program
from .records import Unit, read_units
from .replay import Piece, Recipe, Summary, Transform

__all__ = ["STDIN", "Job", "ResumeError", "run"]

STDIN = "-"
UNIT_BYTES = 1 << 19
"""How much input is handed to a worker at once."""
JOURNAL_SECONDS = 0.5

Progress = Callable[[Summary, int], None]


class ResumeError(ValueError):
    """The journal of an interrupted run does not fit this run; the text says why."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to do. `inputs` are paths or STDIN; `output` and `rejects` paths, an absent output being standard output."""

    inputs: tuple[str, ...]
    recipe: Recipe
    program: Program
    output: Path | None = None
    rejects: Path | None = None
    jobs: int = 1
    resume: bool = False


@dataclass(slots=True)
class _State:
    """How far a run is: after how many records of which input, at which sizes."""

    fingerprint: str
    input: int = 0
    records: int = 0
    output: int = 0
    rejects: int = 0
    waiting: list[str] = field(default_factory=list)
    summary: Summary = field(default_factory=Summary)

    def to_json(self) -> dict[str, Any]:
        values = {
            name: getattr(self, name) for name in ("fingerprint", "input", "records", "output", "rejects", "waiting")
        }
        return {**values, "summary": self.summary.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> _State:
        return cls(**{**values, "summary": Summary.from_json(values["summary"])})


def run(job: Job, progress: Progress | None = None) -> Summary:
    """Does the job. `progress` is told the sums so far and how many bytes of the inputs are read.

    Raises OSError for files that cannot be read or written, BusyError, ResumeError, MappingError and WorkerError.
    """
    with ExitStack() as stack:
        pieces_of = _maker(job, stack)  # first, for a copy of this process would keep open what is open
        files = _Files(job, stack)
        state = files.state
        bulk = job.program.delivery.bulk
        bundler = Bundler(bulk) if bulk is not None and job.recipe.format == "bulk" else None
        if bundler is not None:
            list(bundler.add(body.encode() for body in state.waiting))
        reader = _Reader(job.inputs, state.input, state.records)
        for piece in pieces_of(reader.units()):
            files.write(piece, _bundled(bundler, piece, job))
            before = state.input
            state.input = reader.done()
            state.records = piece.summary.batches + (state.records if state.input == before else 0)
            state.summary.merge(piece.summary)
            state.waiting = [body.decode() for body in bundler.waiting] if bundler is not None else []
            files.note()
            if progress is not None:
                progress(state.summary, reader.bytes_read)
        if bundler is not None:
            rest = b"".join(json_line(request.to_json(), pretty=job.recipe.pretty) for request in bundler.rest())
            files.write(Piece(), compressor(job.recipe.output)(rest) if rest else b"")
        files.finish()
        return state.summary


def _maker(job: Job, stack: ExitStack) -> Callable[[Iterable[Unit]], Iterator[Piece]]:
    """What makes the pieces of units, in order; with one job everything happens in this process."""
    transform = Transform(job.recipe, job.program)
    if job.jobs == 1:
        return partial(map, transform.piece)
    from .workers import workers

    job.program.prepare()  # several processes are for many batches, and what is made here none of them makes
    return stack.enter_context(workers(transform, job.jobs))


def _bundled(bundler: Bundler | None, piece: Piece, job: Job) -> bytes:
    if bundler is None:
        return piece.output
    lines = b"".join(json_line(request.to_json(), pretty=job.recipe.pretty) for request in bundler.add(piece.bodies))
    return compressor(job.recipe.output)(lines) if lines else b""


class _Reader:
    """The records of the inputs in units, and which inputs the units that came back are of."""

    def __init__(self, inputs: tuple[str, ...], first: int, skip: int) -> None:
        self.bytes_read = 0
        self._inputs = inputs
        self._first = first
        self._skip = skip
        self._under_way: deque[int] = deque()

    def done(self) -> int:
        """The input of the oldest unit that was not asked for yet."""
        return self._under_way.popleft()

    def units(self) -> Iterator[Unit]:
        finished = 0
        for number, name in enumerate(self._inputs):
            size = Path(name).stat().st_size if name != STDIN and Path(name).is_file() else 0
            if number >= self._first:
                with naming("standard input" if name == STDIN else name), _read(name) as stream:
                    for unit in self._units_of(stream, name, self._skip if number == self._first else 0):
                        self.bytes_read = finished + (stream.tell() if stream.seekable() else 0)
                        self._under_way.append(number)
                        yield unit
            finished += size
            self.bytes_read = finished

    def _units_of(self, stream: BinaryIO, name: str, skip: int) -> Iterator[Unit]:
        """The units of an input, without its first records."""
        source = "<stdin>" if name == STDIN else name
        units = read_units(stream, source, UNIT_BYTES, lines=plain_name(name).endswith((".ndjson", ".jsonl")))
        while skip > 0 and (unit := next(units, None)) is not None:
            records = list(unit)
            if records[skip:]:
                yield records[skip:]
            skip -= len(records)
        yield from units


def _read(name: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if name == STDIN else Path(name).open("rb")


class _Files:
    """The files of a run: partial ones and the journal while it goes on, the real ones at its end."""

    def __init__(self, job: Job, stack: ExitStack) -> None:
        self._job = job
        self._written = time.monotonic()
        self._journal = _beside(job.output, ".journal") if job.output is not None else None
        self.state = _State(_fingerprint(job))
        self._output: BinaryIO = sys.stdout.buffer
        if job.output is not None:
            self._output = stack.enter_context(_opened(job.output))
        self._rejects: BinaryIO | None = None
        if job.rejects is not None:
            self._rejects = stack.enter_context(_opened(job.rejects))
        if job.resume:
            self._continue()
        elif self._journal is not None:
            self._journal.unlink(missing_ok=True)
        for path, file, size in (
            (job.output, self._output, self.state.output),
            (job.rejects, self._rejects, self.state.rejects),
        ):
            if path is not None and file is not None and is_plain(path):
                _cut_back(path, file, size)

    def _continue(self) -> None:
        if self._journal is None or not self._journal.is_file():
            return
        try:
            state = _State.from_json(orjson.loads(self._journal.read_bytes()))
        except (ValueError, KeyError, TypeError):
            raise ResumeError(f"{self._journal} is not a journal of this version; remove it to begin anew") from None
        if state.fingerprint != self.state.fingerprint:
            raise ResumeError(
                f"{self._journal} is of a run with other inputs, options or rules; remove it to begin anew"
            )
        self.state = state

    def write(self, piece: Piece, output: bytes) -> None:
        if output:
            self._output.write(output)
            self.state.output += len(output)
        if self._job.output is None:
            with naming("standard output"):
                self._output.flush()
        if self._rejects is not None and piece.rejects:
            self._rejects.write(piece.rejects)
            self.state.rejects += len(piece.rejects)

    def note(self) -> None:
        """Writes the journal, now and then; what it says is on disk before it says so."""
        now = time.monotonic()
        if self._journal is None or now - self._written < JOURNAL_SECONDS:
            return
        self._written = now
        for file in (self._output, self._rejects):
            if file is not None:
                file.flush()
                os.fsync(file.fileno())
        fresh = _beside(self._journal, ".new")
        with fresh.open("wb") as file:
            file.write(orjson.dumps(self.state.to_json()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._journal)

    def finish(self) -> None:
        """Gives the files their names."""
        self._output.flush()
        for path, file in ((self._job.rejects, self._rejects), (self._job.output, self._output)):
            if path is not None and file is not None and is_plain(path):
                file.flush()
                os.fsync(file.fileno())
                _beside(path, ".partial").replace(path)
        if self._journal is not None:
            self._journal.unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The partial file, for this run alone; a device or a pipe is written to directly."""
    try:
        file = locked(_beside(path, ".partial")) if is_plain(path) else path.open("wb")
    except BusyError:
        raise BusyError(f"{path}: another run is writing it") from None
    except OSError as error:
        error.filename = str(path)
        raise
    with naming(path), file:
        yield file


def _cut_back(path: Path, file: BinaryIO, size: int) -> None:
    """The partial file as it was when it had `size` bytes."""
    if os.fstat(file.fileno()).st_size < size:
        raise ResumeError(
            f"{_beside(path, '.partial')} is shorter than its journal says; remove {path}.journal to begin anew"
        )
    file.truncate(size)
    file.seek(size)


def _fingerprint(job: Job) -> str:
    """What must be the same for a run to be continued: inputs, options, and everything that the mapping is made of."""
    made_of = [
        [(name, _stamp(name)) for name in job.inputs],
        [job.recipe.format, job.recipe.pretty, job.recipe.replays, str(job.output), str(job.rejects)],
        job.program.digest,
    ]
    return hashlib.sha256(orjson.dumps(made_of, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _stamp(name: str) -> Iterable[int]:
    if name == STDIN:
        return ()
    status = Path(name).stat()
    return (status.st_size, status.st_mtime_ns)
