"""The draft of a mapping that an importer makes: rules and outputs, and their files as YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..engine.authoring.writing import yaml_text
from ..engine.checks.shared.opening import inspect
from ..engine.diagnostics.problem import Problem
from ..engine.insight.coverage import CountingInterpreter, coverage_of
from ..engine.insight.suggestions import suggestions
from ..engine.insight.suggestions import text as text_of_suggestions
from ..engine.jobs.files import written_whole
from ..engine.source.nodes import MappingNode, Node, SequenceNode
from ..engine.source.parser import parse
from ..engine.source.text import Source, read
from ..engine.values.pointers import index_of

__all__ = [
    "Draft",
    "ImportReader",
    "Imported",
    "put",
    "steps_of",
    "template_path",
    "write",
]

_STEP = re.compile(r"""([^.\[\]]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]""")
_SEPARATOR = re.compile(r"\.|(?=\[)|\Z")
_TRIES = 1000
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$comment": "review: nothing is known about this yet, so any object is valid",
    "type": "object",
}


@dataclass(frozen=True)
class Imported:
    """The result of an importer: texts by the names of their files in the folder of the mapping, and problems.

    `sources` has the files that were read, for excerpts; `converted` counts the fields that were made. A draft has
    rules of its own, to be reviewed.
    """

    files: Mapping[str, str]
    problems: tuple[Problem, ...]
    sources: Mapping[str, Source]
    converted: int
    is_draft: bool = False


def write(imported: Imported, folder: Path) -> None:
    """Writes the files of a mapping into a new folder; for a draft, also golden tests with made-up inputs."""
    for name, text in imported.files.items():
        _write(folder / name, text)
    if imported.is_draft:
        loaded = inspect(folder / "mapping.yaml")
        if loaded.rulebook is not None:
            found = suggestions(
                loaded.rulebook, coverage_of([CountingInterpreter(loaded.rulebook)]), (), _TRIES, lambda _line: None
            )
            _write(folder / "tests" / "suggested.yaml", text_of_suggestions(found))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write(text.encode())


class ImportReader:
    """Reads files as nodes with places, and collects problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.sources: dict[str, Source] = {}

    def root(self, path: Path, tool: str) -> MappingNode | SequenceNode | None:
        """The list or object in a file of JSON, or None and a problem."""
        name = path.as_posix()
        source, problems = read(path, name)
        self.problems += problems
        if source is None:
            return None
        self.sources[name] = source
        node, problems = parse(source)
        self.problems += problems
        if isinstance(node, MappingNode | SequenceNode):
            return node
        if not problems:
            self.problems.append(Problem.of("M703", source.place(0, 0), tool=tool, reason="it has no list or object"))
        return None

    def refuse(self, node: Node, what: str, reason: str, hint: str | None = None) -> None:
        """Reports a part that is not converted (M701)."""
        self.problems.append(Problem.of("M701", node.place, hint=hint, what=what, reason=reason))

    def differ(self, node: Node, what: str, reason: str, hint: str | None = None) -> None:
        """Reports a part that is converted to something with another meaning (M702)."""
        self.problems.append(Problem.of("M702", node.place, hint=hint, what=what, reason=reason))


@dataclass
class Draft:
    """The draft of a mapping: its rules and outputs; `root` is the name of the input in its expressions."""

    name: str
    root: str
    tool: str
    outputs: dict[str, Any]
    rules: list[dict[str, Any]]

    def files(self) -> dict[str, str]:
        """The files of the mapping, and its tests, by name."""
        mapping = {
            "language": 1,
            "name": self.name,
            "version": "0.1.0",
            "description": f"Imported from {self.tool}; to be reviewed.",
            "input": {"as": self.root, "schema": "./input.schema.json"},
            "outputs": self.outputs,
            "rules": self.rules,
        }
        schemas = {"input.schema.json", *(output["schema"].removeprefix("./") for output in self.outputs.values())}
        return {
            "mapping.yaml": yaml_text(mapping),
            **{name: json.dumps(_SCHEMA, indent=2) + "\n" for name in sorted(schemas)},
        }

    def add_output(self, name: str) -> None:
        """Adds an output whose schema accepts anything and whose path is its name."""
        request = {"path": f"/{name}"}
        self.outputs[name] = {"schema": f"./{name}.schema.json", "request": request}


def put(fields: dict[str, Any], path: Iterable[str], field: Any) -> bool:
    """Puts a field at a path of names, making objects on the way; returns False if another value is there."""
    *way, last = path
    for name in way:
        below = fields.setdefault(name, {"fields": {}})
        if not isinstance(below, dict) or "fields" not in below:
            return False
        fields = below["fields"]
    if last in fields:
        return False
    fields[last] = field
    return True


def steps_of(path: str) -> list[str | int] | None:
    """The steps of a path such as `a.b[0].c`, `a.0` or `a['b c']`; None for other texts."""
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            return None
        name, index, *quoted = found.groups()
        if name is not None:
            number = index_of(name)
            steps.append(name if number is None else number)
        elif index is None:
            steps.append(next(one for one in quoted if one is not None))
        elif (number := index_of(index)) is not None:
            steps.append(number)
        else:
            return None
        between = _SEPARATOR.match(path, found.end())
        if between is None or (between.end() == len(path) and between[0]):
            return None
        at = between.end()
    return steps


def template_path(root: str, steps: Iterable[str | int]) -> str:
    """The expression of a template that reads a path of names and list indexes from a root."""
    parts = [f".{step}" if _PLAIN_NAME.fullmatch(str(step)) else f"[{json.dumps(step)}]" for step in steps]
    return "".join([root, *parts])
