"""Executes a run over files: inputs in order, one output, rejects; it can be interrupted and resumed without loss.

The journal (see `runfiles`) records the progress: the last record, the sizes of the files, and the counts. `resume`
truncates the files to these sizes and continues.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import BinaryIO

import orjson

from ..source.paths import STDIN, text_of_name
from .compression import compressor
from .dispatch import Bundler
from .files import naming
from .formats import FORMATS, json_line
from .input import MAX_RECORD_BYTES, Unit, opened, sampled, units_of
from .job import Job, Progress
from .rejects import MAX_REJECT_BYTES
from .runfiles import ResumeError, RunFiles
from .summary import Summary
from .transform import Piece, Transform

__all__ = ["Reader", "ResumeError", "run"]

UNIT_BYTES = 1 << 19
"""The size in bytes of the input that a worker gets at once."""


def run(job: Job, progress: Progress | None = None) -> Summary:
    """Executes a job. `progress` is called with the counts so far and the bytes read of the inputs, first at the start.

    Raises OSError for files that cannot be read or written, BusyError, InTheWayError, ResumeError, MappingError and
    WorkerError.
    """
    with ExitStack() as stack:
        pieces_of = _maker(job, stack)  # first, since forked workers would keep open all that is open
        goes_on = all(name != STDIN and Path(name).is_file() for name in job.inputs)
        how = {"goes_on": goes_on, "resume": job.resume, "restart": job.restart}
        files = RunFiles(job.output, job.rejects, _fingerprint(job), stack, **how)
        state = files.state
        if state.is_finished:
            return state.summary
        bulk = job.program.dispatch.bulk
        bundler = Bundler(bulk) if bulk is not None and FORMATS[job.recipe.format].bundled else None
        if bundler is not None:
            list(bundler.add(body.encode() for body in state.waiting))
        most = MAX_REJECT_BYTES if job.recipe.replays else MAX_RECORD_BYTES
        reader = Reader(job.inputs, most, state.input, state.records)
        if progress is not None:
            progress(state.summary, 0)
        for piece in pieces_of(sampled(reader.units(), job.sample - state.summary.sample.batches)):
            files.write(_bundled(bundler, piece, job), piece.rejects)
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
            state.waiting = []
            files.write(compressor(job.recipe.output)(rest) if rest else b"", b"")
        # An empty compressed file is not an empty file.
        output, rejects = compressor(job.recipe.output), compressor(job.recipe.rejects or "")
        files.write(b"" if state.output else output(b""), b"" if state.rejects else rejects(b""))
        files.finish()
        return state.summary


def _maker(job: Job, stack: ExitStack) -> Callable[[Iterable[Unit]], Iterator[Piece]]:
    """The function that makes pieces from units, in order; with one worker or for little input, in this process."""
    transform = Transform(job.recipe, job.program)
    if job.jobs == 1 or _is_little(job.inputs):
        return partial(map, transform.piece)
    # Imported late: one process needs no workers.
    from .workers import workers

    job.program.prepare()  # several processes are used for many batches, and inherit what is prepared here
    return stack.enter_context(workers(transform, job.jobs))


def _is_little(inputs: Iterable[str]) -> bool:
    """Returns whether workers would take longer to start than the inputs take, which is so for many small files."""
    size = 0
    for name in inputs:
        if name == STDIN or not Path(name).is_file():
            return False
        size += Path(name).stat().st_size
    return size <= UNIT_BYTES // 8


def _bundled(bundler: Bundler | None, piece: Piece, job: Job) -> bytes:
    if bundler is None:
        return piece.output
    lines = b"".join(json_line(request.to_json(), pretty=job.recipe.pretty) for request in bundler.add(piece.bodies))
    return compressor(job.recipe.output)(lines) if lines else b""


class Reader:
    """Reads the records of the inputs in units, and remembers the input of each unit in progress."""

    def __init__(self, inputs: tuple[str, ...], most: int, first: int, skip: int) -> None:
        self.bytes_read = 0
        self._inputs = inputs
        self._most = most
        self._first = first
        self._skip = skip
        self._under_way: deque[int] = deque()

    def done(self) -> int:
        """The index of the input of the oldest unit in progress, which is removed: it is done."""
        return self._under_way.popleft()

    def units(self) -> Iterator[Unit]:
        finished = 0
        for number, name in enumerate(self._inputs):
            size = Path(name).stat().st_size if name != STDIN and Path(name).is_file() else 0
            if number >= self._first:
                with naming("standard input" if name == STDIN else name), opened(name) as stream:
                    for unit in self._units_of(stream, name, self._skip if number == self._first else 0):
                        self.bytes_read = finished + (stream.tell() if stream.seekable() else 0)
                        self._under_way.append(number)
                        yield unit
            finished += size
            self.bytes_read = finished

    def _units_of(self, stream: BinaryIO, name: str, skip: int) -> Iterator[Unit]:
        """The units of an input, without its first `skip` records."""
        units = units_of(stream, name, UNIT_BYTES, self._most)
        while skip > 0 and (unit := next(units, None)) is not None:
            records = list(unit)
            if records[skip:]:
                yield records[skip:]
            skip -= len(records)
        yield from units


def _fingerprint(job: Job) -> str:
    """A digest of the inputs, the options and the mapping, all of which must be unchanged to resume a run."""
    written = str(job.output), str(job.rejects)
    made_of = [
        [(text_of_name(name), _stamp(name)) for name in job.inputs],
        [
            job.recipe.format,
            job.recipe.pretty,
            job.recipe.replays,
            *(report.__name__ for report in job.recipe.reports),
            *map(text_of_name, written),
        ],
        job.program.digest,
    ]
    return hashlib.sha256(orjson.dumps(made_of, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _stamp(name: str) -> Iterable[int]:
    if name == STDIN:
        return ()
    status = Path(name).stat()
    return (status.st_size, status.st_mtime_ns)
