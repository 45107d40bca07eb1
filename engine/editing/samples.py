"""Samples of the input of a mapping: from its golden tests, the project file, folders beside it, and given ones.

The number of samples that have a member is counted by patterns: the names that lead to it, with `*` for the elements of
lists. Samples are limited in number and size, and read again when their files change.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from glob import iglob
from itertools import accumulate, islice
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ..configuration.finding import configuration_around
from ..golden.files import discover
from ..language.installed import candidates
from ..source.contents import Stamp, content, note, stamp, used
from ..source.json_reader import read_value
from ..source.nodes import MappingNode, ScalarNode, SequenceNode, plain
from ..source.parser import parse
from ..source.paths import is_file, is_folder
from ..source.project import Project
from ..source.text import Source, read
from ..values.once import cached_property
from .data import Sample
from .state import EditingState

__all__ = ["ELEMENT", "MAX_SAMPLES", "Pattern", "Samples", "give", "samples", "samples_in"]

MAX_SAMPLES = 1_000
MAX_SAMPLE_BYTES = 2_000_000
MAX_BYTES = 10_000_000
"""The maximum number of samples, the maximum size of one in bytes, and that of all files that they are read from."""
MAX_COUNTED_BYTES = 2_000_000
"""The maximum size of the samples whose members are counted."""
MAX_GIVEN = 20
ELEMENT = "*"
"""The step of a pattern that stands for each element of a list."""
_MAX_FILES = 500
_MAX_PATTERNS = 20_000
_MAX_ELEMENTS = 1_000
_MAX_DEPTH = 30
_FOLDERS = ("samples", "examples")
_TESTS = "tests"

Pattern = tuple[str, ...]


@dataclass(frozen=True)
class Samples:
    """The samples of a mapping, given ones first, from these folders; `stamps` are those of all files read."""

    found: tuple[Sample, ...]
    tests: tuple[Sample, ...]
    """The inputs of the golden tests alone, with the settings of each."""
    given: tuple[Sample, ...]
    folders: tuple[Path, ...]
    stamps: Mapping[str, Stamp]

    @cached_property
    def files(self) -> tuple[Sample, ...]:
        """The samples that are whole files, as systems send them; if there are none, those of tests.

        If they are very large, only the first ones.
        """
        own = tuple(one for one in self.found if one.path is None or one.path.suffix == ".json") or self.found
        sizes = accumulate(one.size for one in own)
        return tuple(one for one, size in zip(own, sizes, strict=True) if size <= MAX_COUNTED_BYTES)

    @cached_property
    def counts(self) -> Counter[Pattern]:
        """The number of these that have a value at a place, by its pattern; limited to the first patterns."""
        counts: Counter[Pattern] = Counter()
        for sample in self.files:
            for pattern in set(islice(_patterns(sample.batch), _MAX_PATTERNS)):
                if pattern in counts or len(counts) < _MAX_PATTERNS:
                    counts[pattern] += 1
        return counts

    @cached_property
    def names(self) -> Mapping[Pattern, list[str]]:
        """The names of the members at a place, by its pattern."""
        names: dict[Pattern, list[str]] = {}
        for pattern in self.counts:
            if pattern and pattern[-1] != ELEMENT:
                names.setdefault(pattern[:-1], []).append(pattern[-1])
        return names

    def share(self, pattern: Pattern) -> str:
        """The number of samples that have a value at a pattern, in words."""
        total = len(self.files)
        return f"in {self.counts[pattern]} of {total} sample{'' if total == 1 else 's'}" if total else ""


_KNOWN: WeakKeyDictionary[EditingState, dict[Path, Samples]] = WeakKeyDictionary()


def samples(state: EditingState, main: Path) -> tuple[Sample, ...]:
    """The samples of a mapping or workspace: first those that are files, then the inputs of tests."""
    return samples_in(state, state.named(main)).found


def give(state: EditingState, sample: Sample) -> None:
    """Adds a sample for all mappings, which replaces one of the same name and file, unless it is too large."""
    if any(one == sample and one.batch is sample.batch for one in state.given):
        return
    others = tuple(one for one in state.given if one != sample)[1 - MAX_GIVEN :]
    is_usable = isinstance(sample.batch, dict) and sample.size <= MAX_SAMPLE_BYTES
    state.given = (*others, sample) if is_usable else others


def samples_in(state: EditingState, main: Path) -> Samples:
    """The Samples of a mapping or workspace, read again only if files have changed."""
    rulebook = state.rulebook(main)
    sources = () if rulebook is None else tuple(one.path for one in rulebook.sources.values() if one.path is not None)
    folders = tuple(dict.fromkeys((main.parent, *(path.parent for path in sources))))
    known = _KNOWN.setdefault(state, {})
    last = known.get(main)
    with state.reading():
        if (
            last is None
            or last.given is not state.given
            or last.folders != folders
            or last.stamps != {path: stamp(path) for path in last.stamps}
        ):
            known[main] = last = _read(main, folders, state.given)
    return last


def _read(main: Path, folders: tuple[Path, ...], given: tuple[Sample, ...]) -> Samples:
    reader = _Reader(Project.around(main.parent))
    with used() as stamps:
        for folder in folders:
            for name in (*_FOLDERS, _TESTS):
                note(folder / name)
        for path in _inputs(main, folders):
            reader.input(path)
        for folder in folders:
            if is_folder(folder / _TESTS) and any(map(is_file, candidates(folder))):
                for path in islice(discover([folder / _TESTS]), _MAX_FILES):
                    reader.tests(path)
    found = sorted(reader.found, key=lambda one: one.path is not None and one.path.suffix != ".json")
    return Samples((*given, *found), tuple(reader.tested), given, folders, dict(stamps))


def _inputs(main: Path, folders: Iterable[Path]) -> Iterator[Path]:
    """The JSON files in the folders for samples, and those that the project file names."""
    for folder in folders:
        for name in _FOLDERS:
            yield from islice(sorted((folder / name).glob("*.json")), _MAX_FILES)
    for said in configuration_around(main.parent).samples.values():
        for one in said:
            yield from (path for path in map(Path, islice(iglob(one.value, recursive=True), _MAX_FILES)))


class _Reader:
    """Reads samples until there are enough."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.found: list[Sample] = []
        self.tested: list[Sample] = []
        self.files: dict[Path, list[Sample]] = {}
        self.bytes = 0

    def add(self, name: str, path: Path, value: Any, settings: Mapping[str, Any], size: int) -> list[Sample]:
        """Adds a batch, or each of a list of batches."""
        several = value if isinstance(value, list) else [value]
        added = [
            Sample(name if len(several) == 1 else f"{name} [{number}]", path, batch, settings, size // len(several))
            for number, batch in enumerate(several, 1)
            if isinstance(batch, dict)
        ][: MAX_SAMPLES - len(self.found)]
        self.found += added
        return added

    def input(self, path: Path) -> list[Sample]:
        """Adds the batches of a JSON file, unless it cannot be read or was added before."""
        real = Path(os.path.realpath(path))
        if real not in self.files:
            self.files[real] = []
            if len(self.found) < MAX_SAMPLES and is_file(real) and self.project.refusal(real) is None:
                try:
                    text = content(real, MAX_SAMPLE_BYTES + 1)
                    self.bytes += len(text)
                    if len(text) <= MAX_SAMPLE_BYTES and self.bytes <= MAX_BYTES:
                        self.files[real] = self.add(path.name, real, read_value(text), {}, len(text))
                except (OSError, ValueError):
                    pass
        return self.files[real]

    def tests(self, path: Path) -> None:
        """Adds the inputs of the tests of a file."""
        source, _ = read(path, path.name)
        if source is None or self.bytes + len(source.text) > MAX_BYTES or len(self.found) >= MAX_SAMPLES:
            return
        self.bytes += len(source.text)
        for test in _tests_in(source):
            name, value, file = (test.get(key) for key in ("test", "input", "input_file"))
            title = name.text if isinstance(name, ScalarNode) else path.name
            settings = _settings(test)
            if value is not None:
                self.tested += self.add(title, path, plain(value), settings, value.end - value.start)
            elif isinstance(file, ScalarNode) and isinstance(file.value, str) and not os.path.isabs(file.text):
                found = self.input(path.parent / file.text)
                self.tested += [replace(one, name=title, settings=settings) for one in found]


def _tests_in(source: Source) -> Iterator[MappingNode]:
    node, _ = parse(source, wide=True)
    tests = node.get("tests") if isinstance(node, MappingNode) else None
    for test in tests.items if isinstance(tests, SequenceNode) else ():
        if isinstance(test, MappingNode):
            yield test


def _settings(test: MappingNode) -> Mapping[str, Any]:
    node = test.get("settings")
    value = plain(node) if node is not None else None
    return value if isinstance(value, dict) else {}


def _patterns(batch: Any) -> Iterator[Pattern]:
    """The patterns of all places of a batch."""
    pending: list[tuple[Pattern, Any]] = [((), batch)]
    while pending:
        pattern, value = pending.pop()
        yield pattern
        if len(pattern) < _MAX_DEPTH:
            if isinstance(value, dict):
                pending += [((*pattern, name), inner) for name, inner in islice(value.items(), _MAX_ELEMENTS)]
            elif isinstance(value, list):
                pending += [((*pattern, ELEMENT), inner) for inner in value[:_MAX_ELEMENTS]]
