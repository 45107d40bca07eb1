"""The files of a run: partial files and a journal during the run, the final ones at its end.

A run writes its output to `<output>.partial`, its rejects likewise, and its progress to `<output>.journal`. The journal
is created before all other files, and updated after them: at the end it says that the files are complete, then these
get their final names, then the journal is removed. So a run that was interrupted at any point can be resumed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Any, BinaryIO

import orjson

from ..diagnostics.terminal import printable_lines
from ..source.contents import whole
from .files import BusyError, is_plain, is_stdout, keep_permissions, locked, naming, opened_directly, written_afresh
from .summary import Summary

__all__ = ["ResumeError", "RunFiles", "State", "is_finished", "left_over", "names_of"]

JOURNAL_SECONDS = 0.5
_JOURNAL_VERSION = 3
MAX_JOURNAL_BYTES = 250_000_000
"""More than the bodies that wait to be sent in bulk, which a journal holds, can take as JSON in JSON."""
_RESUME, _RESTART = "--resume continues it", "--restart starts over"
_NO_RESUME = "its input cannot be read again"


class ResumeError(ValueError):
    """The files left by an interrupted run do not fit this run; the text says why."""


@dataclass(slots=True)
class State:
    """The progress of a run: the present input, the number of records read from it, and the sizes of the files.

    `goes_on`: its inputs can be read again; `waiting` are bodies that are not written yet; `is_finished`: the files are
    complete.
    """

    fingerprint: str
    goes_on: bool = True
    input: int = 0
    records: int = 0
    output: int = 0
    rejects: int = 0
    waiting: list[str] = field(default_factory=list)
    is_finished: bool = False
    summary: Summary = field(default_factory=Summary)

    def to_json(self) -> dict[str, Any]:
        names = ("fingerprint", "goes_on", "input", "records", "output", "rejects", "waiting", "is_finished")
        values = {name: getattr(self, name) for name in names}
        return {"version": _JOURNAL_VERSION, **values, "summary": self.summary.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> State:
        if not _is_like(values, cls("").to_json()) or values.pop("version") != _JOURNAL_VERSION:
            raise ValueError
        return cls(**{**values, "summary": Summary.from_json(values["summary"])})


def _is_like(value: Any, example: Any) -> bool:
    """Returns whether a value has the kinds of an example: members and elements too, and no negative numbers."""
    if type(value) is not type(example):
        return False
    match example:
        case int():
            return bool(value >= 0)
        case dict() if example:
            return all(name in value and _is_like(value[name], inner) for name, inner in example.items())
        case dict():
            return all(_is_like(number, 0) for number in value.values())
        case list():
            return all(isinstance(one, str) or _is_like(one, {"count": 0}) for one in value)
    return True


def names_of(output: Path | None, rejects: Path | None) -> Iterator[tuple[Path, str]]:
    """Every path that a run with these files writes to, and its purpose, which is empty for the files themselves."""
    for path in (output, rejects):
        if path is None or not is_plain(path):
            continue
        yield path, ""
        yield _partial(path), f"the partial file of {path}"
        if path == output:
            for journal in (_journal(path), _beside(_journal(path), ".new")):
                yield journal, f"the journal of {path}"


def is_finished(output: Path) -> bool:
    """Returns whether a run has written this file completely."""
    return is_plain(output) and output.exists() and not _journal(output).exists()


def left_over(output: Path | None, rejects: Path | None) -> str | None:
    """A sentence about the files that an interrupted run left, with advice; None if there are none."""
    if output is not None and is_plain(output) and (journal := _journal(output)).is_file():
        state = _read(journal)
        batches = state.summary.batches
        done = "all done except the last step" if state.is_finished else f"{batches} {_batches(batches)} done"
        way = _RESUME if state.goes_on or state.is_finished else _NO_RESUME
        return f"{output}: an interrupted run left {_partial(output).name} ({done}); {way}, {_RESTART}"
    for path in (output, rejects):
        if path is not None and is_plain(path):
            with suppress(FileNotFoundError):
                left = os.lstat(_partial(path))  # what is no file is in the way, also of --restart
                if S_ISREG(left.st_mode) and left.st_size > 0:
                    name = _partial(path).name
                    return f"{path}: {name} is there, and no journal to go on from; --restart writes over it"
    return None


def _batches(number: int) -> str:
    return "batch" if number == 1 else "batches"


class RunFiles:
    """The files of one run, locked for this process until `stack` ends.

    An output of None is standard output. Raises OSError, BusyError, InTheWayError and ResumeError.
    """

    def __init__(
        self,
        output: Path | None,
        rejects: Path | None,
        fingerprint: str,
        stack: ExitStack,
        *,
        goes_on: bool = True,
        resume: bool = False,
        restart: bool = False,
    ) -> None:
        self._paths = output, rejects
        self._written = time.monotonic()
        self._has_begun = False
        self._partial_files: list[BinaryIO] = []
        self._output: BinaryIO | None = None
        self._rejects: BinaryIO | None = None
        self._journal = _journal(output) if output is not None and is_plain(output) else None
        self.state = State(fingerprint, goes_on)
        self._is_new = {path: not _partial(path).exists() for path in self._paths if path is not None}
        self._output = stack.enter_context(_opened(output))
        stack.push(self._abandon)
        if rejects is not None:
            self._rejects = stack.enter_context(_opened(rejects))
        # Read under the lock: from now on nobody else changes these files.
        if resume and self._journal is not None and self._journal.is_file():
            self.state = _read(self._journal)
            if self.state.fingerprint != fingerprint:
                raise ResumeError(f"{self._journal} belongs to a run with other inputs, options or rules; {_RESTART}")
            if self.state.is_finished:
                self._give_names()
                return
        elif not restart and (left := left_over(output, rejects)) is not None:
            raise ResumeError(left)
        for path, file, size in self._files():
            _cut_back(path, file, size)
        self._partial_files = [file for _, file, _ in self._files()]
        self._has_begun = True
        if self.state.summary.batches == 0:
            self._note()

    def _files(self) -> Iterator[tuple[Path, BinaryIO, int]]:
        """The partial files, each with its final path and its size; the rejects first, in the order of renaming."""
        output, rejects = self._paths
        for path, file, size in (
            (rejects, self._rejects, self.state.rejects),
            (output, self._output, self.state.output),
        ):
            if path is not None and file is not None and is_plain(path):
                yield path, file, size

    def write(self, output: bytes, rejects: bytes) -> None:
        """Appends to the files. A pipe is flushed at once."""
        self.state.output += self._add(self._paths[0], self._output, output)
        self.state.rejects += self._add(self._paths[1], self._rejects, rejects)

    def _add(self, path: Path | None, file: BinaryIO | None, text: bytes) -> int:
        if file is None or not text:
            return 0
        with naming("standard output" if path is None else path):
            # A terminal must not obey control characters of payloads; escaped, it is the same JSON.
            file.write(printable_lines(text.decode()).encode() if file.isatty() else text)
            if file not in self._partial_files:
                file.flush()
        return len(text)

    def note(self) -> None:
        """Writes the journal from time to time, after the data whose sizes it has."""
        if self._journal is not None and time.monotonic() - self._written >= JOURNAL_SECONDS:
            self._sync()
            self._note()

    def finish(self) -> None:
        """Gives the files their final names."""
        self._sync()
        self.state.is_finished = True
        self._note()
        self._give_names()

    def _give_names(self) -> None:
        """Renames the complete files that are not renamed yet: the last step of a run."""
        for path, file, size in self._files():
            if size > os.fstat(file.fileno()).st_size == 0 and path.is_file() and path.stat().st_size == size:
                _partial(path).unlink()  # renamed already: this partial file was just created
                continue
            _cut_back(path, file, size)
            keep_permissions(file, path, while_written=False)
            if sys.platform == "win32":  # Windows cannot rename an open file
                file.close()
            _partial(path).replace(path)
        if self._journal is not None:
            self._journal.unlink(missing_ok=True)

    def _sync(self) -> None:
        for _, file, _ in self._files():
            file.flush()
            os.fsync(file.fileno())

    def _note(self) -> None:
        self._written = time.monotonic()
        if self._journal is not None:
            written_afresh(self._journal, orjson.dumps(self.state.to_json()))

    def _abandon(self, kind: object, *_: object) -> None:
        """Removes the files of a run that ends before it did anything; those of an interrupted run are kept."""
        if kind is None or (self._has_begun and self.state.summary.batches > 0):
            return
        for path, _file, _size in self._files():
            if self._has_begun or self._is_new[path]:
                _partial(path).unlink(missing_ok=True)
        if self._has_begun and self._journal is not None and self._journal.is_file():
            self._journal.unlink()


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _partial(path: Path) -> Path:
    return _beside(path, ".partial")


def _journal(output: Path) -> Path:
    return _beside(output, ".journal")


def _read(journal: Path) -> State:
    try:
        return State.from_json(orjson.loads(whole(journal, MAX_JOURNAL_BYTES)))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ResumeError(f"{journal} is not a journal of this version; {_RESTART}") from None


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    """Opens an output: the partial file, locked for this run; a device, a pipe or standard output (None) directly."""
    if path is None or is_stdout(path):
        yield sys.stdout.buffer
        return
    try:
        file = locked(_partial(path)) if is_plain(path) else opened_directly(path)
    except BusyError:
        raise BusyError(f"{path}: another run is writing it") from None
    except OSError as error:
        error.filename = str(path)
        raise
    with naming(path), file:
        if is_plain(path):
            keep_permissions(file, path, while_written=True)
        yield file


def _cut_back(path: Path, file: BinaryIO, size: int) -> None:
    """Truncates a partial file to the size in the journal."""
    if os.fstat(file.fileno()).st_size < size:
        raise ResumeError(f"{_partial(path)} is shorter than its journal says; {_RESTART}")
    file.truncate(size)
    file.seek(size)
