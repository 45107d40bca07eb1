"""Reads the values of a project file, with all its problems."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..diagnostics.problem import Place, Problem, Problems, TooManyProblems, in_order
from ..diagnostics.suggestions import did_you_mean
from ..language.decoder import Keys, each_named
from ..language.installed import candidates, installed
from ..language.settings import Given
from ..source.homes import MAPPINGS
from ..source.nodes import MappingNode, Node, ScalarNode, plain
from ..source.paths import is_file, is_folder
from ..source.project import Project
from ..source.text import Source
from .configuration import Configuration, Environment, PlacedValue

__all__ = ["MAGIC", "read"]

MAGIC = frozenset("*?[")
"""The characters that make the name of a file a pattern."""
_PLACE = r"(?:env:[A-Za-z_][A-Za-z0-9_]*|file:[^,\s]+|keyring:[^,/\s]+/[^,\s]+|stdin)"
_WANTED = "env:NAME, file:PATH, keyring:SERVICE/USER, stdin, or basic: and two of them"
_SECRET = re.compile(rf"{_PLACE}|basic:{_PLACE},{_PLACE}", re.ASCII)


def read(path: Path, source: Source, node: MappingNode, main: Path | None) -> Configuration:
    """The Configuration that the table of a project file gives, with all its problems."""
    return _Reader(path, source, main).configuration(node)


class _Reader:
    def __init__(self, path: Path, source: Source, main: Path | None) -> None:
        self.folder = path.parent
        self.source = source
        self.main = main
        self.project = Project.around(path.parent)
        self.problems = Problems()

    def configuration(self, node: MappingNode) -> Configuration:
        made = Configuration(self.folder, self.source, main=self.main)
        with suppress(TooManyProblems):
            made = self.read(Keys(node, "a project file", self.problems))
        return made._replace(problems=in_order(self.problems))

    def read(self, keys: Keys) -> Configuration:
        mappings, workspaces = self.folders(keys, "mappings"), self.folders(keys, "workspaces")
        default = self.said(keys.scalar("default"))
        environment = self.said(keys.scalar("environment"))
        level = keys.choice("fail_level", ("error", "warning"), "")
        strict = keys.flag("strict")
        samples: dict[str, tuple[PlacedValue[str], ...]] = each_named(keys, "samples", self.sample, what="corpus")
        environments: dict[str, Environment] = each_named(keys, "environments", self.environment, what="environment")
        keys.finish()
        if environment is not None and environment.value not in environments:
            hint = did_you_mean(environment.value, environments)
            self.report("M112", environment.place, hint, kind="environment", name=environment.value)
        made = Configuration(
            self.folder,
            self.source,
            mappings,
            workspaces,
            default,
            environment,
            self.at(keys, "fail_level", level) if level else None,
            self.at(keys, "strict", strict) if "strict" in keys else None,
            samples,
            environments,
            self.main,
        )
        if default is not None:
            self.check_default(made, default)
        return made

    def report(self, code: str, place: Place, hint: str | None = None, **data: Any) -> None:
        self.problems.append(Problem.of(code, place, hint=hint, **data))

    def said(self, node: ScalarNode | None) -> PlacedValue[str] | None:
        return None if node is None else PlacedValue(node.text, node.place)

    def at(self, keys: Keys, key: str, value: Any) -> PlacedValue[Any]:
        return PlacedValue(value, ((keys.mapping and keys.mapping.get(key)) or keys.node).place)

    # Files

    def folders(self, keys: Keys, key: str) -> tuple[PlacedValue[Path], ...]:
        """The folders under a key, which must be in the project."""
        folders = []
        for item in keys.items(key):
            if not (isinstance(item, ScalarNode) and isinstance(item.value, str)):
                keys.wrong(key, item, "a list of folders")
                continue
            path = self.folder / item.text
            refusal = self.refusal(item.text, path)
            if refusal is None and not is_folder(path):
                refusal = "is not a folder" if is_file(path) else "does not exist"
            if refusal is None:
                folders.append(PlacedValue(path, item.place))
            else:
                self.report("M107", item.place, what="the folder", path=item.text, reason=refusal)
        return tuple(folders)

    def refusal(self, text: str, path: Path) -> str | None:
        if os.path.isabs(text):
            return "must be given relative to the project file"
        refusal = self.project.refusal(path)
        return None if refusal is None else refusal[0]

    def sample(self, name: ScalarNode, node: Node) -> tuple[PlacedValue[str], ...]:
        """The files and patterns of a corpus of samples, seen from the working folder."""
        keys = Keys(MappingNode(node.source, node.start, node.end, ((name, node),)), "samples", self.problems)
        found = []
        for item in keys.items(name.text):
            if not (isinstance(item, ScalarNode) and isinstance(item.value, str)):
                keys.wrong(name.text, item, "a list of files and patterns")
                continue
            path, is_pattern = self.folder / item.text, not MAGIC.isdisjoint(item.text)
            refusal = "leads upwards" if ".." in path.parts[len(self.folder.parts) :] else self.refusal(item.text, path)
            if refusal is None and not (is_pattern or os.path.exists(path)):
                refusal = "does not exist"
            if refusal is None:
                found.append(PlacedValue(str(path), item.place))
            else:
                self.report("M107", item.place, what="the sample", path=item.text, reason=refusal)
        return tuple(found)

    def check_default(self, made: Configuration, default: PlacedValue[str]) -> None:
        """Checks that the default names a mapping: one of the project, a file of it, or an installed one."""
        name = default.value
        path = self.folder / name
        if made.locate(name) is not None or installed(name) is not None:
            return
        refusal = self.refusal(name, path)
        if "/" in name or name.startswith(".") or name.endswith((".yaml", ".yml")):
            if refusal is None and not any(map(is_file, candidates(path))):
                refusal = "has neither mapping.yaml nor workspace.yaml" if is_folder(path) else "does not exist"
            if refusal is not None:
                self.report("M107", default.place, what="the mapping", path=name, reason=refusal)
            return
        known = [*made.names(), *(entry.name for entry in MAPPINGS.iterdir() if entry.is_dir())]
        self.report("M109", default.place, did_you_mean(name.partition("@")[0], known), name=name)

    # Environments

    def environment(self, name: ScalarNode, node: Node) -> Environment:
        keys = Keys(node, f"the environment {name.text!r}", self.problems)
        settings = tuple(
            Given(one.text, plain(value), one.place, value.place) for one, value in keys.entries("settings")
        )
        secrets = {}
        for placeholder, value in keys.entries("secrets"):
            # The value is not shown: it may be the secret itself.
            if not isinstance(value, ScalarNode) or not _SECRET.fullmatch(value.text):
                hint = "a project file says where secrets come from, and never holds them"
                what = f"the source of the secret {placeholder.text!r}"
                self.report("M157", placeholder.place, hint, what=what, wanted=_WANTED)
            else:
                secrets[placeholder.text] = PlacedValue(value.text, value.place)
        keys.finish()
        return Environment(name.place, settings, secrets)
