"""The files, mappings and samples of a project, as Studio lists them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ..configuration.finding import configuration_around
from ..diagnostics.problem import Problem
from ..golden.files import ReadTests, TestFile, read_tests
from ..language.discovery import is_installed, kind_of, yaml_files
from ..language.rulebook import ABSENT, Rulebook, Setting
from ..source.contents import Stamp, stamp
from ..source.nodes import MappingNode, ScalarNode
from ..source.parser import parse
from ..source.text import Source, read
from .files import INSTALLED, ProjectFiles
from .rules import Rules
from .samples import FOLDERS, StudioSample, of_files, of_tests

__all__ = ["StudioProject", "homes_of"]

_MOST_FILES = 2_000
_LEFT_OUT = frozenset({"build", "dist"})
_SCHEMA = ".schema.json"

Json = dict[str, Any]


@dataclass
class StudioProject:
    """The contents of a project, listed by `find`. `start` is the file or folder that Studio was opened with."""

    files: ProjectFiles
    rules: Rules
    start: Path
    kinds: dict[str, str] = field(default_factory=dict)
    samples: dict[str, StudioSample] = field(default_factory=dict)
    pasted: dict[str, StudioSample] = field(default_factory=dict)
    _tests: dict[Path, tuple[Stamp, ReadTests]] = field(default_factory=dict)

    def find(self) -> None:
        """Lists the files of the project again."""
        made = configuration_around(self.files.root)
        homes = homes_of(self.files.root, self.start)
        found: dict[str, str] = {}
        for home in homes:
            for path in islice(yaml_files(home), _MOST_FILES):
                kind = kind_of(path) if _is_wanted(path.relative_to(home)) else None
                if kind is not None:
                    found[self.files.name(path)] = kind
        for path in self.rules.state.opened:  # some may not be saved yet
            if path.suffix != ".json" and (kind := self.rules.state.kind(path)) is not None:
                found[self.files.name(path)] = kind
        for path in islice(_json_files(self.files.root), _MOST_FILES):
            name = self.files.name(path)
            if name.endswith(_SCHEMA):
                found[name] = "schema"
            elif not FOLDERS.isdisjoint(path.relative_to(self.files.root).parts[:-1]):
                found[name] = "sample"
        for corpus in made.samples.values():
            for said in corpus:
                pattern = os.path.relpath(os.path.join(made.folder, said.value), self.files.root)
                if not pattern.startswith(".."):
                    matching = islice(self.files.root.glob(pattern), _MOST_FILES)
                    found |= {self.files.name(one): "sample" for one in matching if one.suffix == ".json"}
        own = ((name, kind) for name, kind in found.items() if not name.startswith(INSTALLED))
        self.kinds = self.files.kinds = dict(sorted(own))

    # Mappings and their tests

    def mains(self) -> list[str]:
        """The names of the mappings and workspaces, those that Studio was opened with first."""
        own = [name for name, kind in self.kinds.items() if kind in ("mapping", "workspace")]
        start = self.files.name(self.start) if self.start != self.files.root else ""
        made = configuration_around(self.files.root)
        default = made.locate(made.default.value) if made.default is not None else None
        first = self.files.name(default) if default is not None else ""
        return sorted(
            own, key=lambda name: (not (start and (name == start or name.startswith(f"{start}/"))), name != first)
        )

    def path(self, name: str) -> Path:
        return self.files.root / name

    def tests_of(self, main: Path) -> list[tuple[str, TestFile]]:
        """The test files of a mapping that can be used, with their names."""
        found = []
        for name, kind in self.kinds.items():
            if kind == "tests":
                file = self.tests_in(name).file
                if file is not None and os.path.realpath(file.mapping) == os.path.realpath(main):
                    found.append((name, file))
        return found

    def problems_of_tests(self, main: Path) -> Iterator[tuple[tuple[Problem, ...], dict[str, Source]]]:
        """The problems of the test files of a mapping, and the sources of their places."""
        for name, kind in self.kinds.items():
            read = self.tests_in(name) if kind == "tests" else None
            if read is not None and (read.main is None or os.path.realpath(read.main) == os.path.realpath(main)):
                _, problems, sources = read.checked(self.rules.state.opening)
                yield problems, sources

    def tests_in(self, name: str) -> ReadTests:
        """A test file, read again if it has changed."""
        path = self.path(name)
        now = stamp(path)
        known = self._tests.get(path)
        if known is None or known[0] != now:
            known = self._tests[path] = (now, read_tests(path, name))
        return known[1]

    def samples_of(self, main: Path | None) -> dict[str, StudioSample]:
        """The samples for a mapping by their ids: files, the inputs of its tests, and what was pasted.

        Files that belong to it come first: those that its tests use or that are in its folder or below, or all files if
        it is the only mapping. Others come last.
        """
        tests = [] if main is None else self.tests_of(main)
        inputs = {
            self.files.name(test.input_file): test.input_file
            for _, file in tests
            for test in file.tests
            if test.input_file is not None and test.input_file.suffix == ".json"
        }
        for name in inputs:
            if not name.startswith(INSTALLED):
                self.kinds.setdefault(name, "sample")
        files = {name: self.path(name) for name, kind in self.kinds.items() if kind == "sample"}
        is_only = sum(kind == "mapping" for kind in self.kinds.values()) <= 1
        near = {
            name: path
            for name, path in files.items()
            if is_only or name in inputs or (main is not None and path.is_relative_to(main.parent))
        }
        of_these = [file for _, file in tests]
        found = [
            *of_files({**near, **inputs}.items(), of_these),
            *of_tests(tests),
            *of_files(((name, path) for name, path in files.items() if name not in near), of_these),
        ]
        self.samples = {**self.pasted, **{one.id: one for one in found}}
        return self.samples

    # In the form of the page

    def mapping_json(self, name: str, *, is_chosen: bool) -> Json:
        """A mapping; only for the chosen one with data that must be loaded."""
        path = self.path(name)
        head = _head(path, name)
        rulebook = self.rules.usable(path) if is_chosen else None
        made: Json = {
            "id": name,
            "path": name,
            "kind": self.kinds.get(name, "mapping"),
            "name": head.get("name") or head.get("workspace") or path.parent.name,
            "version": head.get("version") or (rulebook.version if rulebook is not None else ""),
            "files": None,
            "tests": None,
            "settings": None,
            "schemas": None,
            "broken": None,
        }
        if not is_chosen:
            return made
        joined = self.rules.state.opening(path).joined
        sources = (rulebook or joined).sources.values()
        made["files"] = [self.files.name(source.path) for source in sources if source.path is not None] or [name]
        made["tests"] = [test for test, _ in self.tests_of(path)]
        made["broken"] = self.rules.is_broken(path, {})
        if rulebook is not None:
            made["settings"] = [_setting(rulebook, one) for one in rulebook.settings]
            made["schemas"] = {
                "input": self._schema(rulebook, getattr(rulebook.input, "schema", None)),
                "outputs": {one.name: self._schema(rulebook, one.schema) for one in rulebook.outputs.values()},
            }
        return made

    def _schema(self, rulebook: Rulebook, name: str | None) -> str | None:
        schema = rulebook.schemas.get(name) if name is not None else None
        return None if schema is None or not schema.paths else self.files.name(schema.paths[0])

    def sample_json(self, sample: StudioSample) -> Json:
        test = sample.test
        return {
            "id": sample.id,
            "name": sample.name,
            "path": None if sample.path is None else self.files.name(sample.path),
            "size": sample.size,
            "kind": sample.kind,
            "test": None if test is None else {"path": test.place.file, "name": test.name, "line": test.place.line},
        }


def homes_of(root: Path, start: Path) -> list[Path]:
    """The folders of a project in which rule files are searched, with the one that Studio was opened with."""
    homes = [home for home in configuration_around(root).homes if home.is_dir()] or [root]
    folder = Path(os.path.realpath(start if start.is_dir() else start.parent))
    is_known = any(folder.is_relative_to(os.path.realpath(home)) for home in homes)
    return homes if is_known or folder == root else [*homes, folder]


def _setting(rulebook: Rulebook, name: str) -> Json:
    setting = rulebook.settings[name]
    return {
        "name": name,
        "type": setting.type,
        "default": None if setting.default in (ABSENT, None) or setting.secret else _given(setting, setting.default),
        "values": None if setting.enum is None else [_given(setting, value) for value in setting.enum],
        "description": setting.description,
        "secret": setting.secret,
    }


def _given(setting: Setting, value: Any) -> str:
    """The text that gives a setting a value, as `--set` has it."""
    return value if setting.type == "string" else json.dumps(value, ensure_ascii=False)


def _head(path: Path, name: str) -> dict[str, str]:
    """The names and the version at the top of a file."""
    source, _ = read(path, name)
    node = parse(source)[0] if source is not None else None
    entries = node.entries if isinstance(node, MappingNode) else ()
    return {key.text: value.text for key, value in entries if isinstance(value, ScalarNode)}


def _is_wanted(path: Path) -> bool:
    return _LEFT_OUT.isdisjoint(path.parts)


def _json_files(root: Path) -> Iterator[Path]:
    """The JSON files in a folder and below, without hidden ones, links, and what was installed or built."""
    for inner, folders, names in os.walk(root):
        seen = sorted(one for one in folders if not one.startswith(".") and one not in _LEFT_OUT)
        folders[:] = [one for one in seen if not is_installed(Path(inner, one))]
        for name in sorted(names):
            if name.endswith(".json") and not name.startswith(".") and not os.path.islink(os.path.join(inner, name)):
                yield Path(inner, name)
