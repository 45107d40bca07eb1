"""Finds and checks the mappings, workspaces and test files below some paths."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from os.path import exists
from pathlib import Path
from typing import Any

from .checks.shared.opening import Opening
from .configuration.choice import choose
from .configuration.configuration import Configuration
from .diagnostics.problem import Place, Problem, in_order
from .golden import files as goldenfile
from .insight import explained
from .language.decoder import Keys
from .language.discovery import SkippedFile, kind_of, yaml_files
from .language.file_keys import PART
from .language.installed import candidates, locate
from .language.loader import Loaded
from .language.rulebook import Rulebook, Setting
from .language.settings import values_of
from .source.contents import unsaved
from .source.homes import MAPPINGS, display_name
from .source.parser import parse
from .source.paths import PathError, is_file, lies_inside
from .source.project import Project
from .source.text import Source, read
from .values.recall import Recall, relate

__all__ = ["Inspection", "Inspector", "holds_rules", "inspect_paths", "inspect_project", "renamed", "settings_problems"]

_MAX_LINKS = 40
"""As many links as systems follow."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result of checking some paths.

    It has the names of the files that were checked, the files in folders that were skipped, all Problems in order of
    place, the sources for excerpts, and the rulebooks of mappings and workspaces that could be loaded, by file name.
    """

    files: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    problems: tuple[Problem, ...]
    sources: dict[str, Source]
    rulebooks: dict[str, Rulebook]


def inspect_paths(paths: Iterable[str], texts: Mapping[Path, str] | None = None) -> Inspection:
    """Checks the mappings, workspaces and test files at or below the paths; without paths, the installed mappings.

    A part of a mapping is checked with the files that include it. Each file is checked once, under the name by which it
    was given. `texts` replace the contents of files. Raises PathError for a path that does not exist or has nothing to
    check, and OSError.
    """
    with unsaved(texts):
        return Inspector(_opening_relatives()).inspect(list(paths))


def _opening_relatives() -> Callable[[Path], Opening]:
    """Opens mappings, each once. What a workspace shares with its mapping is read and checked once, too."""
    recalls: dict[str, Recall] = {}

    @cache
    def opening(main: Path) -> Opening:
        recall = recalls[str(main)] = Recall()
        relate(recalls)
        return Opening(main, recall)

    return opening


def inspect_project(made: Configuration, texts: Mapping[Path, str] | None = None) -> Inspection:
    """Checks the rule files of a project and its project file, including the settings of its environments."""
    found = inspect_paths(map(str, made.homes), texts)
    assert made.source is not None  # noqa: S101  the caller has a project file
    problems = in_order((*found.problems, *made.problems, *settings_problems(made, found.rulebooks.values())))
    return replace(
        found, files=(*found.files, made.source.name), problems=problems, sources={**found.sources, **made.sources}
    )


def settings_problems(made: Configuration, rulebooks: Iterable[Rulebook] = ()) -> Iterator[Problem]:
    """The problems of the settings of environments, declared by the default mapping, or else by `rulebooks`."""
    declared: list[Mapping[str, Setting]] = [rulebook.settings for rulebook in rulebooks]
    if made.default is not None:
        file = locate(choose(made, "").reference)
        default = Opening(file).settings if file is not None else None
        if default is None:  # its own problems are reported
            return
        declared = [default]
    for environment in made.environments.values():
        for given in environment.settings:
            takers = [settings for settings in declared if given.name in settings]
            problems: list[Problem] = []
            for settings in takers or declared[:1]:
                values_of(settings, [given], problems)
            yield from problems


def holds_rules(folder: Path) -> bool:
    """Returns whether a file of a mapping lies in a folder or below."""
    return any(kind_of(file) is not None for file in yaml_files(folder))


class Inspector:
    """Checks files, each once: parts are collected by their real paths, others by the paths that `_own` gives.

    `opening` opens mappings, each once, and `read_tests` reads test files: a caller can pass caches.
    """

    def __init__(
        self,
        opening: Callable[[Path], Opening],
        read_tests: Callable[[Path, str], goldenfile.ReadTests] = goldenfile.read_tests,
    ) -> None:
        self.opening = opening
        self.read_tests = read_tests
        self.mains: dict[str, Path] = {}
        self.tests: dict[str, Path] = {}
        self.parts: dict[str, Path] = {}
        self.explained: dict[str, Path] = {}
        self.names: dict[str, str] = {}
        self.skipped: list[SkippedFile] = []
        self.load = cache(lambda main: self.opening(main).inspect())
        self.mains_in = cache(_mains_in)

    def inspect(self, paths: list[str]) -> Inspection:
        for path in paths or [""]:
            self.find(path)
        return self.found()

    def found(self) -> Inspection:
        """The inspection of the files that were taken."""
        lonely = {real: path for real, path in self.parts.items() if not self.is_included(real, path)}
        self.name_the_rest()
        problems: list[Problem] = []
        sources: dict[str, Source] = {}
        rulebooks: dict[str, Rulebook] = {}
        for real, main in self.mains.items():
            loaded = self.load(main)
            names = {name: self.names[of] for name, of in _reals(loaded).items()}
            names[display_name(main)] = self.names[real]  # also of a main file that could not be read
            problems += [renamed(problem, names) for problem in loaded.problems]
            sources |= {names.get(name, name): source for name, source in loaded.sources.items()}
            if loaded.rulebook is not None:
                rulebooks[self.names[real]] = loaded.rulebook
        for real, part in lonely.items():
            problems += self.part_alone(self.names[real], part, sources)
        for real, tests in self.tests.items():
            _, found, read_sources = self.read_tests(tests, self.names[real]).checked(self.opening)
            problems += found
            sources |= read_sources
        for real, path in self.explained.items():
            read_explained = explained.explained_in(path, self.names[real])
            problems += read_explained.problems
            sources |= read_explained.sources or {}
        files = tuple(self.names[real] for real in (*self.mains, *lonely, *self.tests, *self.explained))
        skipped = tuple(sorted(self.skipped, key=lambda one: one.path))
        return Inspection(files, skipped, in_order(problems), sources, rulebooks)

    # Finding

    def find(self, text: str) -> None:
        """Collects the files at a path or of a name; the empty text stands for all installed mappings."""
        path = Path(text) if text else MAPPINGS
        if path.is_dir():
            naming = _as_given if text else display_name
            skipped = len(self.skipped)
            found = [file for file in yaml_files(path, self.skipped.append) if self.take(file, naming, below=path)]
            if not found:
                others = len(self.skipped) - skipped
                more = f", only {others} other {'file' if others == 1 else 'files'}" if others else ""
                raise PathError(f"{text}: no mapping, workspace or test file below it{more}")
            return
        file = locate(text)
        if file is None:
            raise PathError(f"{text}: {'neither a file nor a folder' if exists(text) else 'no such file or mapping'}")
        self.take(file, _as_given if file in candidates(path) else display_name)

    def take(self, path: Path, naming: Callable[[Path], str], *, below: Path | None = None) -> bool:
        """Collects a file by its kind; returns whether it belongs to a mapping, as files found in folders may not."""
        kind, real = kind_of(path), os.path.realpath(path)
        if below is None and kind is None and self.is_included(real, path):
            kind = "part"
        explains = kind is None and path.name == explained.FILE and (below is None or any(self.mains_beside(path)))
        if below is not None and kind is None and not explains:
            self.skipped.append(SkippedFile(path, "does not look like a file of a mapping"))
            return False
        if below is not None and kind == "part" and real not in self.parts and not any(self.mains_above(path)):
            self.skipped.append(
                SkippedFile(path, "looks like a part of a mapping, and no mapping is in a folder above")
            )
            return False
        of_kind = {"tests": self.tests, "part": self.parts}.get(kind or "mapping", self.mains)
        of_kind = self.explained if explains else of_kind
        own = real if kind == "part" else _own(path)
        of_kind.setdefault(own, path)
        self.names.setdefault(own, naming(path))
        return True

    def is_included(self, real: str, part: Path) -> bool:
        """Returns whether a part is checked with a file that includes it, searching for one if none was given.

        The last to count are those that name it and may not read it, which is a Problem of its own.
        """
        places = [part] if os.path.abspath(part) == real else [part, Path(os.path.relpath(real))]  # of a link, both
        mains = [*self.mains.values(), *chain.from_iterable(map(self.mains_above, places))]
        reading = (main for main in mains if real in _reals(self.load(main)).values())
        naming = (main for main in mains if real in self.load(main).included)
        main = next(chain(reading, naming), None)
        if main is not None:
            self.mains.setdefault(_own(main), main)
        return main is not None

    def mains_beside(self, path: Path) -> list[Path]:
        """The mappings and workspaces in the folder of a file."""
        return self.mains_in(path.parent, False)

    def mains_above(self, part: Path) -> Iterator[Path]:
        """The mappings and workspaces that could include a part, the nearest first.

        They are those in its folder and in all folders above, up to its project. Without a project, only files with the
        names of main files count.
        """
        root = Project.around(part.parent).root
        for folder in Path(os.path.abspath(part)).parents:
            yield from self.mains_in(folder if part.is_absolute() else Path(os.path.relpath(folder)), root is None)
            if root is not None and folder.resolve() == root:
                return

    # Reporting

    def name_the_rest(self) -> None:
        """Names the files that were not given: those of a mapping relative to its main file, others by display_name."""
        for main in self.mains.values():
            self.names.setdefault(_own(main), _as_given(main))
        for own in (True, False):
            for real_main, main in self.mains.items():
                given = self.names[real_main] != display_name(main)
                for source in self.load(main).sources.values():
                    if source.path is not None and lies_inside(source.path, main.parent) is own:
                        name = _as_given(source.path) if own and given else source.name
                        self.names.setdefault(os.path.realpath(source.path), name)

    def part_alone(self, name: str, path: Path, sources: dict[str, Source]) -> Iterator[Problem]:
        """The problems of a part that nothing includes."""
        source, unread = read(path, name)
        problems = [*unread]
        if source is not None:
            sources[name] = source
            node, found = parse(source)
            problems += found
            if node is not None:
                Keys(node, "a rule file", problems, PART.keys).finish()
        yield from problems
        above = list(self.mains_above(path))
        codes = {problem.code for main in above for problem in self.load(main).problems}
        if any(code.startswith("M00") or code == "M119" for code in codes):
            return  # a file that cannot be read, or that is one too many, may include it
        hint = f"name it under 'include' in {_as_given(above[0])}, or remove it" if above else None
        yield Problem.of("M133", (source or Source(name, "")).place(0, 0), hint=hint, path=name)


def _mains_in(folder: Path, by_name: bool) -> list[Path]:
    """The mappings and workspaces in a folder; `by_name`: only those with the names of main files."""
    paths = candidates(folder)[1:] if by_name else sorted(folder.glob("*.y*ml"))
    own = [path for path in paths if is_file(path) and not Project.around(folder).refusal(path)]
    return [path for path in own if kind_of(path) in ("mapping", "workspace")]


def _own(path: Path) -> str:
    """The real path of a file, but of a link to another folder that of the link: what it names is beside the link.

    Of a chain of links, that of the last one in the folder of the first.
    """
    folder = os.path.realpath(path.parent)
    own = at = os.path.join(folder, path.name)
    for _ in range(_MAX_LINKS):
        if not os.path.islink(at):
            break
        to = os.path.join(os.path.dirname(at), os.readlink(at))
        at = os.path.join(os.path.realpath(os.path.dirname(to)), os.path.basename(to))
        own = at if os.path.dirname(at) == folder else own
    return own


def _reals(loaded: Loaded) -> dict[str, str]:
    """The real paths of the files that a mapping was read from, by their names."""
    paths = ((name, source.path) for name, source in loaded.sources.items())
    return {name: os.path.realpath(path) for name, path in paths if path is not None}


def _as_given(path: Path) -> str:
    """The normalised name of a file that was given by path, or is named relative to one that was."""
    return Path(os.path.normpath(path)).as_posix()


def renamed(problem: Problem, names: Mapping[str, str]) -> Problem:
    """The Problem with other names of the files in its places."""

    def named(value: Any) -> Any:
        return replace(value, file=names.get(value.file, value.file)) if isinstance(value, Place) else value

    related = tuple(one._replace(place=named(one.place)) for one in problem.related)
    data = {key: named(value) for key, value in problem.data.items()}
    return problem._replace(place=named(problem.place), related=related, data=data)
