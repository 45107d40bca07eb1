"""The samples of a project: inputs of golden tests, JSON files of examples, and payloads that were pasted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..golden.files import MAX_INPUT_BYTES, GoldenTest, TestFile
from ..source.json_reader import read_value

__all__ = [
    "FOLDERS",
    "LARGE",
    "MAX_TRACED",
    "MOST_SAMPLES",
    "SampleError",
    "StudioSample",
    "of_files",
    "of_tests",
    "pasted",
]

FOLDERS = frozenset({"examples", "example", "samples", "sample", "payloads", "fixtures", "inputs", "data"})
"""The names of folders whose JSON files are samples."""
MOST_SAMPLES = 12
"""The maximum number of samples that are shown at once."""
LARGE = 500_000
"""The size in bytes above which a sample is evaluated in the background, after the others."""
MAX_TRACED = 2_000_000
"""The size in bytes above which a sample is evaluated, but not explained."""
_MOST_FILES = 300
_MOST_BATCHES = 20


class SampleError(ValueError):
    """A sample cannot be read; the text says why."""


@dataclass(frozen=True, slots=True, eq=False)
class StudioSample:
    """An input of the mapping, and the golden test that has it. `index` is its number in a file with a list."""

    id: str
    name: str
    path: Path | None
    size: int
    kind: str
    test: GoldenTest | None = None
    index: int | None = None
    text: str | None = None

    def value(self) -> Any:
        """The JSON value. Raises SampleError."""
        if self.text is not None:
            return _value(self.text)
        if self.kind == "test" and self.test is not None:
            return self.test.batches[self.index or 0]
        found = _read(self.path)
        if isinstance(found, list):
            if self.index is None or self.index >= len(found):
                raise SampleError("the file holds no such batch")
            return found[self.index]
        return found

    def written(self) -> str | None:
        """The text of the input as it is in its file; None if it is not a whole file."""
        if self.text is not None or self.kind != "file" or self.index is not None or self.path is None:
            return self.text
        return _raw(self.path).decode("utf-8", "replace")


def _raw(path: Path | None) -> bytes:
    assert path is not None  # noqa: S101  samples of files have one
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_INPUT_BYTES + 1)
    except OSError as error:
        raise SampleError(f"it cannot be read: {error.strerror}") from None
    if len(raw) > MAX_INPUT_BYTES:
        raise SampleError(f"it has more than {MAX_INPUT_BYTES:,} bytes")
    return raw


def _read(path: Path | None) -> Any:
    return _value(_raw(path))


def _value(text: str | bytes) -> Any:
    try:
        return read_value(text)
    except ValueError as error:
        raise SampleError(f"it {error}") from None


def of_files(files: Iterable[tuple[str, Path]], tests: Iterable[TestFile]) -> Iterator[StudioSample]:
    """The samples in JSON files, by their names; each with the first test that has it as its input file."""
    taken = {
        os.path.realpath(test.input_file): test
        for file in tests
        for test in reversed(file.tests)
        if test.input_file is not None and not test.settings
    }
    for _, (name, path) in zip(range(_MOST_FILES), files, strict=False):
        try:
            size = path.stat().st_size
        except OSError:
            continue
        if not path.is_file():  # opening a pipe may block forever
            continue
        count = _batches(path, size)
        test = taken.get(os.path.realpath(path))
        if count is None:
            yield StudioSample(name, path.stem, path, size, "file", test if test and not test.many else None)
        for index in range(min(count or 0, _MOST_BATCHES)):
            own = test if test and test.many else None
            yield StudioSample(f"{name}#{index}", f"{path.stem} #{index}", path, size, "file", own, index)


def _batches(path: Path, size: int) -> int | None:
    """The number of batches of a file with a list; None for a file with one batch, or if that is not known yet."""
    if size > MAX_INPUT_BYTES:
        return None
    try:
        with path.open("rb") as file:
            if not file.read(64).lstrip().startswith(b"["):
                return None
        found = _read(path)
    except (OSError, SampleError):
        return None
    return len(found) if isinstance(found, list) else None


def of_tests(files: Iterable[tuple[str, TestFile]]) -> Iterator[StudioSample]:
    """The inputs that are written in test files, by the names of the files."""
    for name, file in files:
        for test in file.tests:
            if test.input_file is None or test.settings:
                for index in range(min(len(test.batches), _MOST_BATCHES)):
                    end = f" #{index}" if test.many else ""
                    full, own = f"{test.name}{end}", index if test.many else None
                    yield StudioSample(f"{name}::{full}", full, file.path, 0, "test", test, own)


def pasted(name: str, text: str) -> StudioSample:
    """A payload that was pasted. Raises SampleError."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_INPUT_BYTES:
        raise SampleError(f"it has more than {MAX_INPUT_BYTES:,} bytes")
    if isinstance(_value(text), list):
        raise SampleError("it is a list; give one batch of it")
    return StudioSample(f"pasted:{name}", name, None, size, "pasted", text=text)
