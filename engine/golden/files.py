"""Reads the test files of mappings, and reports all problems in them at once.

A test that can never fail is refused, since it would prove nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checks.shared.opening import Opening
from ..diagnostics.problem import Place, Problem, Related, in_order
from ..diagnostics.suggestions import did_you_mean
from ..language.decoder import Keys, found
from ..language.discovery import SkippedFile, kind_of, yaml_files
from ..language.installed import candidates, installed
from ..language.rulebook import ABSENT
from ..language.settings import Given, values_of
from ..source.contents import content, whole
from ..source.homes import MAPPINGS
from ..source.json_reader import read_value
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain
from ..source.parser import parse
from ..source.paths import is_file, is_folder
from ..source.project import Project
from ..source.recovery import lost_names, without_consequences
from ..source.text import Source, read
from .keys import EXPECTATION, OTHER_PARTS, PARTS, RULE_NAME, TEST, TEST_FILE

__all__ = [
    "MAX_INPUT_BYTES",
    "GoldenTest",
    "ReadTests",
    "TestFile",
    "discover",
    "load",
    "mappings_in",
    "read_tests",
]

MAX_INPUT_BYTES = 10_000_000
"""The maximum size of an input file in bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class GoldenTest:
    """A test: batches, and their expected results.

    `input` is one batch or, with `many`, a list of them; `expected` has the same form. `expect_key` and `expect` are
    the nodes of the expectation.
    """

    name: str
    place: Place
    covers: tuple[str, ...]
    settings: dict[str, Any]
    settings_places: dict[str, Place]
    input: Any
    input_file: Path | None
    many: bool
    partial: bool
    node: Node
    expect_key: ScalarNode
    expect: Node
    expected: Any

    @property
    def batches(self) -> list[Any]:
        return self.input if self.many else [self.input]

    @property
    def expectations(self) -> list[dict[str, Any]]:
        return self.expected if self.many else [self.expected]


@dataclass(frozen=True, slots=True, eq=False)
class TestFile:
    """The tests of one file, and the file of the mapping or workspace that they test."""

    path: Path
    source: Source
    node: MappingNode
    mapping: Path
    tests: tuple[GoldenTest, ...]
    description: str | None = None


_RULE_FILE = frozenset({"include", "input", "language", "let", "policies", "routes", "rules", "tables"})
"""Top-level keys that only rule files have."""


def discover(paths: Iterable[Path] = (), skip: Callable[[SkippedFile], object] = lambda _: None) -> list[Path]:
    """Finds test files: files are taken as they are, folders are searched; by default, the installed mappings.

    In a folder, these are the YAML files in the folder `tests` of a mapping or workspace, all others that look like
    test files, and all that cannot be read: loading them reports why. `skip` is called with links that lead elsewhere.
    """
    found: dict[str, Path] = {}
    for path in list(paths) or [MAPPINGS]:
        for file in _yaml_files(path, skip) if path.is_dir() else [path]:
            if file is path or not _is_readable(file) or kind_of(file) == "tests":
                found.setdefault(os.path.realpath(file), file)  # also of a loop of links
    return list(found.values())


def _yaml_files(folder: Path, skip: Callable[[SkippedFile], object]) -> Iterator[Path]:
    """The YAML files in a folder and below, and then what has the name of one and is none, such as a pipe."""
    skipped: list[SkippedFile] = []
    yield from yaml_files(folder, skipped.append)
    for one in skipped:
        if is_file(one.path):
            skip(one)
        elif not is_folder(one.path):
            yield one.path


def _is_readable(path: Path) -> bool:
    try:
        return is_file(path) and content(path, 0) == b""
    except OSError:
        return False


def mappings_in(paths: Iterable[Path]) -> list[Path]:
    """The mappings and workspaces among files, and in folders."""
    files = (file for path in paths for file in (yaml_files(path) if path.is_dir() else [path]))
    return [file for file in files if kind_of(file) in ("mapping", "workspace")]


def load(
    path: Path, name: str, opening: Callable[[Path], Opening] = Opening
) -> tuple[TestFile | None, tuple[Problem, ...], dict[str, Source]]:
    """Reads one test file, which messages call `name`.

    Returns the file, or None if it has an error; all Problems; and the source by its name. `opening` opens the
    mapping, whose settings are needed; a caller can pass one that opens each mapping once.
    """
    return read_tests(path, name).checked(opening)


def read_tests(path: Path, name: str) -> ReadTests:
    """Reads one test file, which messages call `name`, without the mapping that it tests."""
    source, unread = read(path, name)
    if source is None:
        return ReadTests(None, unread, {})
    node, unread = parse(source, wide=True)
    if node is None:
        return ReadTests(None, unread, {name: source})
    reader = _Reader(path, source)
    reader.problems += unread
    file = reader.file(node)
    lost = frozenset(lost_names(node) if unread else ())
    return ReadTests(file, tuple(reader.problems), {name: source}, lost, reader.main, tuple(reader.given))


@dataclass(frozen=True, slots=True, eq=False)
class ReadTests:
    """A test file that was read, and the settings that its tests give to the mapping `main`."""

    file: TestFile | None
    problems: tuple[Problem, ...]
    sources: dict[str, Source]
    lost: frozenset[str] = frozenset()
    main: Path | None = None
    given: tuple[Given, ...] = ()

    def checked(
        self, opening: Callable[[Path], Opening]
    ) -> tuple[TestFile | None, tuple[Problem, ...], dict[str, Source]]:
        """The results of `load`; settings are checked against their declarations, if the mapping can be read."""
        settings = opening(self.main).settings if self.given and self.main is not None else None
        problems = list(self.problems)
        if settings is not None:
            values_of(settings, self.given, problems)
        return (None if problems else self.file), in_order(without_consequences(problems, self.lost)), self.sources


class _Reader:
    def __init__(self, path: Path, source: Source) -> None:
        self.path = path
        self.source = source
        self.problems: list[Problem] = []
        self.above = _mapping_above(path)
        self.project = Project.around((self.above or path).parent)
        self.main: Path | None = None
        self.given: list[Given] = []

    def report(
        self, code: str, place: Place, hint: str | None = None, related: Iterable[Related] = (), **data: Any
    ) -> None:
        self.problems.append(Problem.of(code, place, hint=hint, related=related, **data))

    def file(self, node: Node) -> TestFile | None:
        if isinstance(node, MappingNode) and not _RULE_FILE.isdisjoint(node.keys()) and node.get("tests") is None:
            hint = "it is a rule file: check it with moemap check"
            self.report("M602", node.entries[0][0].place, hint)
            return None
        keys = Keys(node, "a test file", self.problems, TEST_FILE.keys)
        description = keys.text("description")
        keys.exactly_one(TEST_FILE.choices, at_most=True)
        self.main = mapping = self.mapping(keys)
        items = keys.items("tests")
        keys.take("tests", required=True)
        if keys.mapping is not None and isinstance(keys.mapping.get("tests"), SequenceNode) and not items:
            self.report("M602", node.place, "add a test, or remove the file")
        tests: dict[str, GoldenTest] = {}
        for item in items:
            test = self.test(item)
            if test is not None and test.name in tests:
                first = tests[test.name].place
                related = [Related(first, "first defined here")]
                self.report("M106", test.place, related=related, kind="test", name=test.name, first=first)
            elif test is not None:
                tests[test.name] = test
        keys.finish()
        if mapping is None or not isinstance(node, MappingNode):
            return None
        return TestFile(self.path, self.source, node, mapping, tuple(tests.values()), description)

    def mapping(self, keys: Keys) -> Path | None:
        """The mapping or workspace that the file names, else the nearest one above it."""
        names = [node for key in TEST_FILE.choices if (node := keys.scalar(key)) is not None]
        if names:
            return self.named(names[0], "the mapping" if "mapping" in keys else "the workspace")
        if "mapping" in keys or "workspace" in keys:
            return None
        if self.above is not None:
            if (refusal := self.project.refusal(self.above)) is None:
                return self.above
            what, (reason, hint) = "the mapping", refusal
            self.report("M107", keys.node.place, hint, what=what, path=self.above.as_posix(), reason=reason)
            return None
        keys.report("M103", keys.node.place, "no folder above it has a mapping.yaml", where=keys.where, key="mapping")
        return None

    def named(self, node: ScalarNode, what: str) -> Path | None:
        for path in candidates(self.path.parent / node.text):
            if refusal := self.project.refusal(path):
                reason, hint = refusal
                self.report("M107", node.place, hint, what=what, path=node.text, reason=reason)
                return None
            if is_file(path):
                return path
        if "/" in node.text or node.text.endswith(".yaml"):
            self.report("M107", node.place, what=what, path=node.text, reason="does not exist")
            return None
        found_installed = installed(node.text)
        if found_installed is None:
            known = sorted(entry.name for entry in MAPPINGS.iterdir() if entry.is_dir())
            self.report("M109", node.place, did_you_mean(node.text.partition("@")[0], known), name=node.text)
        return found_installed

    def test(self, node: Node) -> GoldenTest | None:
        keys = Keys(node, "a test", self.problems, TEST.keys)
        name = keys.scalar("test", required=True)
        if name is not None:
            keys.where = f"the test {name.text!r}"
            if not name.text.strip():
                self.report("M114", name.place, what="'test'", found=repr(name.text), wanted="a name")
        covers, settings = keys.texts("covers"), keys.entries("settings")
        self.given += [Given(one.text, plain(value), one.place, value.place) for one, value in settings]
        input_, input_file = self.input(keys)
        partial = keys.choice("match", TEST.keys["match"].kind.choices, "exact") == "partial"
        many = isinstance(input_, list)
        expect = keys.take("expect", required=True)
        key = None if expect is None or keys.mapping is None else keys.mapping.key("expect")
        if input_ is ABSENT and isinstance(expect, SequenceNode):  # any number of batches is possible
            for item in expect.items:
                self.expectation(item, name.text if name else "?", partial)
        elif expect is not None:
            self.expect(expect, name.text if name else "?", len(input_) if isinstance(input_, list) else None, partial)
        keys.finish()
        if name is None or input_ is ABSENT or expect is None or key is None:
            return None
        return GoldenTest(
            name.text,
            name.place,
            covers,
            {setting.text: plain(value) for setting, value in settings},
            {setting.text: value.place for setting, value in settings},
            input_,
            input_file,
            many,
            partial,
            node,
            key,
            expect,
            plain(expect),
        )

    def input(self, keys: Keys) -> tuple[Any, Path | None]:
        """The JSON value of the input, ABSENT if there is none, and the file it comes from."""
        keys.exactly_one(TEST.choices)
        value, node = keys.value("input", ABSENT), keys.scalar("input_file")
        if node is None:
            return value, None
        path = self.path.parent / node.text
        refusal = self.project.refusal(path)
        if os.path.isabs(node.text):
            refusal = "must be given relative to the test file", None
        if refusal is not None:
            reason, hint = refusal
            self.report("M603", node.place, hint, path=node.text, reason=reason)
            return ABSENT, path
        if not is_file(path) and not os.path.exists(path):
            names = [entry.name for entry in path.parent.glob("*")]
            hint = did_you_mean(path.name, names)
            self.report("M107", node.place, hint, what="the input file", path=node.text, reason="does not exist")
            return ABSENT, path
        try:
            return _read_json(path), path
        except ValueError as error:
            self.report("M603", node.place, path=node.text, reason=str(error))
            return ABSENT, path

    def expect(self, node: Node, test: str, batches: int | None, partial: bool) -> None:
        """Checks the form of an expectation, and that it can fail; `batches` is the number of results in a list."""
        if batches is None:
            self.expectation(node, test, partial)
        elif not isinstance(node, SequenceNode) or len(node.items) != batches:
            wanted = f"a list of {batches}, one for each batch"
            has = f"a list of {len(node.items)}" if isinstance(node, SequenceNode) else found(node)
            self.report("M102", node.place, what="'expect'", wanted=wanted, found=has)
        elif batches == 0:
            self.report("M604", node.place, test=test, reason="it has no batch")
        else:
            for item in node.items:
                self.expectation(item, test, partial)

    def expectation(self, node: Node, test: str, partial: bool) -> None:
        keys = Keys(node, "an expectation", self.problems, EXPECTATION.keys)
        lists = {name: form for name, form in (PARTS | OTHER_PARTS).items() if name != "server"}
        parts = [(f"an element of {name!r}", form, item) for name, form in lists.items() for item in keys.items(name)]
        if (server := keys.take("server")) is not None:
            parts.append(("'server'", OTHER_PARTS["server"], server))
        for what, form, item in parts:
            inner = Keys(item, what, self.problems, form.keys)
            for key in form.keys.values():
                value = inner.take(key.name)
                if key.kind is RULE_NAME and isinstance(value, MappingNode | SequenceNode):
                    inner.wrong(key.name, value, "the name of a rule, or null")
            inner.finish()
        keys.finish()
        if partial and isinstance(node, MappingNode) and not node.entries:
            hint = f"give at least one of {', '.join(PARTS)}"
            self.report("M604", node.place, hint, test=test, reason="it matches partially and expects nothing")


def _mapping_above(path: Path) -> Path | None:
    """The mapping or workspace in the nearest folder above a test file, relative if the path is."""
    for folder in Path(os.path.abspath(path)).parents:
        main = next(filter(is_file, candidates(folder)), None)
        if main is not None:
            return main if path.is_absolute() else Path(os.path.relpath(main))
    return None


def _read_json(path: Path) -> Any:
    """Parses a JSON file. Raises ValueError with the reason."""
    if not is_file(path):
        raise ValueError("is not a file")
    try:
        return read_value(whole(path, MAX_INPUT_BYTES))
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
