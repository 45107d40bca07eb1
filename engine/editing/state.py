"""The rule files of some folders while they are written: their texts, trees, rulebooks and problems.

Everything is computed in memory, by the code of `moemap check`, and only after changes.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..checks.shared.opening import Opening
from ..checks.shared.registry import SIZE_CHECKS
from ..diagnostics.problem import Problem
from ..golden.files import ReadTests, TestFile, read_tests
from ..inspection import Inspector, renamed
from ..language.discovery import FileKind, kind_of, yaml_files
from ..language.loader import Loaded
from ..language.rulebook import Rulebook
from ..source.contents import Stamp, content, stamp, unsaved, used
from ..source.homes import SCHEMAS
from ..source.nodes import MappingNode
from ..source.parser import parse
from ..source.text import Source, decoded
from ..values.recall import Recall, relate
from .data import Sample
from .scanning import closed

__all__ = ["EditingState"]

_T = TypeVar("_T")


@dataclass(slots=True)
class _Used:
    """The files that a result was made from, with their stamps, and the version of the state at which it was valid."""

    files: Mapping[str, Stamp]
    version: int
    reals: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.reals = frozenset(map(os.path.realpath, self.files))

    def holds(self, version: int, stamps: dict[str, Stamp]) -> bool:
        """Returns whether all files are unchanged; `stamps` caches those of this version."""
        if self.version != version:
            for path, before in self.files.items():
                if path not in stamps:
                    stamps[path] = stamp(path)
                if stamps[path] != before:
                    return False
            self.version = version
        return True


@dataclass(slots=True)
class _Main:
    """A mapping or workspace that was read, and the Recall of its checks."""

    opening: Opening
    used: _Used
    is_checked: bool = False


class EditingState:
    """The rule files of some folders, with the texts of open ones. Not to be shared by threads.

    Files on the disk are examined again only after `refresh`, `open` and `close`. All results have absolute paths; an
    open file has the path by which it was opened.
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        self.roots = tuple(Path(os.path.abspath(root)) for root in roots)
        self._texts: dict[Path, str] = {}
        self._names: dict[str, Path] = {}
        self._known_as: dict[str, Path] = {}
        self._version = 0
        self._stamps: dict[str, Stamp] = {}
        self._files: tuple[Path, ...] | None = None
        self._kinds: dict[Path, tuple[FileKind | None, _Used]] = {}
        self._sources: dict[Path, Source] = {}
        self._trees: dict[Path, tuple[Source, MappingNode | None, bool]] = {}
        self._openings: dict[str, _Main] = {}
        self._tests: dict[str, tuple[ReadTests, _Used]] = {}
        self._recalls: dict[str, Recall] = {}
        self._rulebooks: dict[str, Rulebook] = {}
        self._shown: dict[Path, set[Path]] = {}
        self._nearest: dict[Path, Path | None] = {}
        self.given: tuple[Sample, ...] = ()
        """Samples for all mappings besides those that are found; they count like samples in whole files."""
        self._chosen: dict[Path, Sample | None] = {}
        self._made: dict[tuple[str, Path], tuple[object, Any]] = {}

    # Texts

    def open(self, path: Path, text: str) -> None:
        """Sets the text of an open file, when it is opened and after each change."""
        path = Path(os.path.abspath(path))
        if path not in self._texts:
            self._names[os.path.realpath(path)] = path
            self._known_as.clear()
            self._files = None if not self._is_known(path) else self._files
        self._texts[path] = text
        self._changed()

    def close(self, path: Path) -> None:
        """Closes a file, so that its content on the disk counts again."""
        path = Path(os.path.abspath(path))
        if self._texts.pop(path, None) is not None:
            self._names.pop(os.path.realpath(path), None)
            self._known_as.clear()
            self._changed()

    def refresh(self) -> None:
        """Examines the disk again, where files may have been changed, added or removed."""
        self._files = None
        self._known_as.clear()
        self._changed()

    def _changed(self) -> None:
        self._version += 1
        self._stamps.clear()

    @property
    def opened(self) -> tuple[Path, ...]:
        """The files that are open."""
        return tuple(self._texts)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Replaces the contents of open files by their texts for all code within the context."""
        with unsaved(self._texts):
            yield

    def text(self, path: Path) -> str | None:
        """The text of a file; None if it cannot be read."""
        source = self.source(path)
        return None if source is None else source.text

    def source(self, path: Path) -> Source | None:
        """The Source of a file, named by its path; None if it cannot be read."""
        path = self.named(path)
        text = self._texts.get(path)
        if text is None:
            try:
                found, _ = decoded(content(path), str(path), path)
            except (OSError, ValueError):
                return None
            if found is None:
                return None
            text = found.text
        last = self._sources.get(path)
        if last is None or last.text != text:
            last = self._sources[path] = Source(str(path), text, path)
        return last

    def tree(self, path: Path) -> MappingNode | None:
        """The YAML tree of a file: the present one, or the last good one while the text is broken.

        A text in which only quotes or brackets are not closed yet has a tree in which they are.
        """
        path, source = self.named(path), self.source(path)
        if source is None:
            return None
        known = self._trees.get(path)
        if known is None or known[0] is not source:
            node, _ = parse(source, wide=True)
            if not isinstance(node, MappingNode) and (text := closed(source.text)) != source.text:
                node, _ = parse(Source(source.name, text, source.path), wide=True)
            is_new = isinstance(node, MappingNode)
            tree = node if isinstance(node, MappingNode) else known[1] if known is not None else None
            known = self._trees[path] = source, tree, is_new
        return known[1]

    def present(self, path: Path) -> MappingNode | None:
        """The YAML tree of a file; None while its text is broken."""
        tree = self.tree(path)
        return tree if tree is not None and tree.source is self.source(path) else None

    def latest(self, path: Path) -> MappingNode | None:
        """The YAML tree of the present text of a file, also if quotes or brackets of it are not closed yet."""
        tree = self.tree(path)
        return tree if tree is not None and self._trees[self.named(path)][2] else None

    def named(self, path: Path) -> Path:
        """The absolute path by which a file is known."""
        name = str(path)
        found = self._known_as.get(name)
        if found is None:
            real = os.path.realpath(name)
            found = self._known_as[name] = self._names.get(real) or Path(os.path.abspath(name))
        return found

    # Files

    def files(self) -> tuple[Path, ...]:
        """All YAML files of the folders, and those that are open."""
        if self._files is None:
            found: dict[Path, None] = {}
            for root in self.roots:
                try:
                    for path in yaml_files(root):
                        found[self.named(path)] = None
                except OSError:  # of a folder that may not be read, nothing can be shown
                    continue
            self._files = tuple(found)
        return tuple(dict.fromkeys((*self._files, *(path for path in self._texts if _is_yaml(path)))))

    def kind(self, path: Path) -> FileKind | None:
        """The kind of a YAML file; None if it does not belong to a mapping."""
        if not _is_yaml(path):
            return None
        with self.reading():
            return self._kind(self.named(path))

    def _kind(self, path: Path) -> FileKind | None:
        known = self._kinds.get(path)
        if known is None or not known[1].holds(self._version, self._stamps):
            with used() as files:
                kind = kind_of(path)
            known = self._kinds[path] = kind, _Used(files, self._version)
        return known[0]

    def _is_known(self, path: Path) -> bool:
        return self._files is None or path in self._files or not any(path.is_relative_to(root) for root in self.roots)

    def mains(self, path: Path) -> tuple[Path, ...]:
        """The mappings and workspaces that a file belongs to or that use it, itself first, then the nearest ones."""
        with self.reading():
            return self._mains(self.named(path))

    def _mains(self, path: Path) -> tuple[Path, ...]:
        real = os.path.realpath(path)
        found = [main for main in self._all_mains() if main == path or real in self._opened(main).used.reals]
        if not found and self._kind(path) == "part":
            found = [main for main in self._above(path) if real in self._opened(main).used.reals][:1]
        if self._kind(path) == "tests" and (main := self._read_tests(path, "").main) is not None:
            found.append(self.named(main))

        def order(main: Path) -> tuple[bool, int, bool]:
            return main != path, _distance(main, path), self._kind(main) == "workspace"

        return tuple(sorted(dict.fromkeys(found), key=order))

    def _all_mains(self) -> Iterator[Path]:
        yield from (path for path in self.files() if self._kind(path) in ("mapping", "workspace"))

    def _above(self, path: Path) -> list[Path]:
        """The mappings that could include a part and are in folders above it, outside of those of the state."""
        return [self.named(main) for main in Inspector(self._opening).mains_above(path)]

    def mappings(self) -> tuple[Path, ...]:
        """All mappings and workspaces of the folders."""
        with self.reading():
            return tuple(self._all_mains())

    def sources(self, main: Path) -> tuple[Path, ...]:
        """The rule files of a mapping or workspace, and of those that it extends."""
        with self.reading():
            return self._sources_of(self.named(main))

    def draft(self, main: Path) -> Rulebook | None:
        """The readable part of the present rules of a mapping or workspace, which cannot be run."""
        with self.reading():
            return self._opened(main).opening.joined.draft

    def tests(self, main: Path) -> tuple[Path, ...]:
        """The files with golden tests of a mapping or workspace."""
        with self.reading():
            return tuple(path for path, read in self._all_tests() if self._is_main(read, {self.named(main)}))

    def test_file(self, path: Path) -> TestFile | None:
        """A file of golden tests; None if it cannot be used."""
        with self.reading():
            return self._read_tests(path, str(path)).file

    def _all_tests(self) -> Iterator[tuple[Path, ReadTests]]:
        for path in self.files():
            if self._kind(path) == "tests":
                yield path, self._read_tests(path, str(path))

    def _is_main(self, read: ReadTests, mains: set[Path]) -> bool:
        return read.main is not None and self.named(read.main) in mains

    # Mappings

    def rulebook(self, main: Path) -> Rulebook | None:
        """The rules of a mapping or workspace: the present ones if they can be read, else the last readable ones.

        They can be run, even if checks find errors in them.
        """
        main = self.named(main)
        with self.reading():
            opened = self._opened(main)
        rulebook = opened.opening.joined.with_settings({}).rulebook
        if rulebook is not None:
            last = self._rulebooks.get(str(main))
            recall = opened.opening.recall or Recall()
            if last is not None and last.main is rulebook.main and last.sources == rulebook.sources:
                return last
            if not any(True for run in SIZE_CHECKS for _ in run(rulebook, recall)):
                self._rulebooks[str(main)] = rulebook
        return self._rulebooks.get(str(main))

    def opening(self, main: Path) -> Opening:
        """The Opening of a mapping or workspace, by its present files."""
        with self.reading():
            return self._opening(main)

    def inspect(self, main: Path, settings: Mapping[str, Any] | None = None) -> Loaded:
        """The mapping or workspace with these settings, and all problems of its own files."""
        with self.reading():
            opened = self._opened(self.named(main))
            opened.is_checked = True
            return opened.opening.inspect(settings)

    def recall(self, main: Path) -> Recall:
        """The Recall of a mapping, with which its types are inferred again quickly."""
        with self.reading():
            return self._opened(self.named(main)).opening.recall or Recall()

    def _opening(self, main: Path) -> Opening:
        return self._opened(main).opening

    def _opened(self, main: Path) -> _Main:
        main = self.named(main)
        known = self._openings.get(str(main))
        if known is None or not known.used.holds(self._version, self._stamps):
            recall = self._recalls.pop(str(main), None) or Recall()
            self._recalls[str(main)] = recall
            relate(self._recalls)  # a workspace shares most of its rules with the mapping that it extends
            if known is None or known.is_checked:  # else what the last check found out would be forgotten
                recall.begin()
            with used() as files:
                opening = Opening(main, recall)
            known = self._openings[str(main)] = _Main(opening, _Used(files, self._version))
        return known

    def _read_tests(self, path: Path, _name: str) -> ReadTests:
        path = self.named(path)
        known = self._tests.get(str(path))
        if known is None or not known[1].holds(self._version, self._stamps):
            with used() as files:
                read = read_tests(path, str(path))
            known = self._tests[str(path)] = read, _Used(files, self._version)
        return known[0]

    # Problems

    def diagnostics(self, path: Path) -> Mapping[Path, tuple[Problem, ...]]:
        """The problems of a file, and of all mappings, workspaces and test files that depend on it, by their files.

        They are those that `moemap check` finds; the files in their places are named by absolute paths. The result has
        all files that were checked, even those without problems, and those in the last result for this file. A file
        that belongs to no mapping has no problems.
        """
        path = self.named(path)
        with self.reading(), _without_collections():
            mains = () if self._kind(path) == "tests" else self._mains(path)
            self._nearest[path] = next(iter(mains), None)
            tests = [one for one, read in self._all_tests() if one == path or self._depends(one, read, path, mains)]
            lonely = set(self._lonely())
            parts = [one for one in lonely if one == path or not set(mains).isdisjoint(self._above(one))]
            shown = {path, *mains, *tests, *parts, *(file for main in mains for file in self._sources_of(main))}
            files = shown | self._shown.get(path, set())
            self._shown[path] = shown
            inspector = Inspector(self._opening, self._read_tests)
            # Other mappings may find problems in the same files.
            mappings = {main for main in self._all_mains() if not files.isdisjoint((main, *self._sources_of(main)))}
            for one in sorted(
                mappings | {one for one in files if self._kind(one) == "tests" or one in lonely | {path}}
            ):
                inspector.take(one, str, below=one.parent)
            if not inspector.names:
                return {}
            inspection = inspector.found()
            for main in map(self.named, inspector.mains.values()):
                self._openings[str(main)].is_checked = True
            for main in mains[:1]:
                self.rulebook(main)  # which stands for those that cannot be read any more
        found: dict[Path, list[Problem]] = {file: [] for file in files}
        sources = inspection.sources.items()
        names = _Names({name: self.named(source.path) for name, source in sources if source.path is not None})
        for problem in inspection.problems:
            there = renamed(problem, names)
            place = path if there.place is None else Path(there.place.file)
            if place in found:
                found[place].append(there)
        return {file: tuple(problems) for file, problems in found.items()}

    def first_problems(self, path: Path) -> tuple[Problem, ...]:
        """The problems of a file that the nearest mapping finds, before other mappings are checked.

        They are a part of those of `diagnostics`, in a third of the time if three mappings share the file.
        """
        path = self.named(path)
        with self.reading():
            main = self._nearest.get(path)
            if main is None or self._kind(path) == "tests":
                return ()
            loaded = self._opened(main).opening.inspect()
            self._openings[str(main)].is_checked = True
        names = _Names({name: self.named(one.path) for name, one in loaded.sources.items() if one.path is not None})
        problems = (renamed(problem, names) for problem in loaded.problems)
        return tuple(one for one in problems if one.place is not None and Path(one.place.file) == path)

    def _sources_of(self, main: Path) -> tuple[Path, ...]:
        """The rule files of a mapping or workspace, and of those that it extends."""
        sources = self._opened(main).opening.joined.sources.values()
        return tuple(self.named(source.path) for source in sources if source.path is not None)

    def _depends(self, tests: Path, read: ReadTests, path: Path, mains: tuple[Path, ...]) -> bool:
        return self._is_main(read, set(mains)) or os.path.realpath(path) in self._tests[str(tests)][1].reals

    def _lonely(self) -> Iterator[Path]:
        """The parts of mappings that no mapping includes."""
        included = frozenset(file for main in self._all_mains() for file in self._sources_of(main))
        yield from (path for path in self.files() if self._kind(path) == "part" and path not in included)

    def made(self, what: str, path: Path, of: object, make: Callable[[], _T]) -> _T:
        """The result `what` for a file, made from the object `of`; it is made again only for another object."""
        known = self._made.get((what, path))
        if known is None or known[0] is not of or of is None:
            known = self._made[what, path] = of, make()
        result: _T = known[1]
        return result

    # Samples

    def choose(self, main: Path, sample: Sample | None) -> None:
        """Sets the sample whose values are shown for a mapping."""
        self._chosen[self.named(main)] = sample

    def chosen(self, main: Path) -> Sample | None:
        """The sample that was chosen for a mapping."""
        return self._chosen.get(self.named(main))


class _Names(dict[str, str]):
    """The absolute paths of files by their names in messages."""

    def __init__(self, names: Mapping[str, Path]) -> None:
        super().__init__({name: str(path) for name, path in names.items()})

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        """The path of a file; that of an installed schema, which has no source, follows from its name."""
        return self[name] if name in self else str(SCHEMAS / name) if (SCHEMAS / name).exists() else default


@contextmanager
def _without_collections() -> Iterator[None]:
    """Delays garbage collections, each of which takes as long as a check, since results of checks are kept anyway."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _is_yaml(path: Path) -> bool:
    return path.suffix.lower() in (".yaml", ".yml")


def _distance(main: Path, path: Path) -> int:
    """The number of folders between two files."""
    common = os.path.commonpath((main.parent, path.parent))
    return len(main.parent.parts) + len(path.parent.parts) - 2 * len(Path(common).parts)
