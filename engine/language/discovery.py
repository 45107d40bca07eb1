"""Finds the files of mappings below folders, and tells their kinds.

Detection is more lenient than reading: a file that looks like a rule file by its name, a key or its modeline is one, so
that a misspelt file is reported rather than skipped.
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..diagnostics.suggestions import closest
from ..source.contents import content
from ..source.nodes import MappingNode
from ..source.parser import parse
from ..source.paths import is_file
from ..source.project import Project
from ..source.text import MAX_FILE_BYTES, Source
from .file_keys import MAPPING, PART, WORKSPACE
from .installed import candidates

__all__ = ["FileKind", "SkippedFile", "kind_of", "other_than_main", "yaml_files"]

FileKind = Literal["mapping", "workspace", "tests", "part"]
"""The kinds of files: main file of a mapping, workspace, test file, or part that others include."""

_PART = frozenset(PART.keys) - {"description"}
_MAIN = frozenset({"language", "extends", "input", "outputs", "bulk", "delivery"})
_HEADER = _MAIN | {"name", "version", "workspace", "server", "checks"}
_TELLING = (_PART - {"include"}) | (_MAIN - {"input"}) | {"workspace", "tests", "mapping"}
_KNOWN = _TELLING | {*MAPPING.keys, *WORKSPACE.keys}
_FEW_KEYS = 20
"""A file with more unknown keys than this belongs to another program."""

_MODELINE = re.compile(r"^#[ \t]*yaml-language-server:.*\bmoemap/(rules|workspace|tests)\.schema\.json", re.MULTILINE)
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
_KEY = re.compile(r"""^["']?([^\s#"'{\[\-][^:\n]*):(?=\s|$)""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that belongs to no mapping or may not be read, and why in words."""

    path: Path
    reason: str


def yaml_files(folder: Path, skip: Callable[[SkippedFile], object] = lambda _: None) -> Iterator[Path]:
    """The YAML files in a folder and below, sorted by name, without hidden ones and without links to elsewhere.

    `skip` is called with each file that is left out. Raises OSError.
    """
    project = Project.around(folder)
    for inner, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if os.path.islink(link := Path(inner, name)):
                skip(SkippedFile(link, "is a link to a folder"))
        for name in sorted(names):
            if name.startswith(".") or not name.lower().endswith((".yaml", ".yml")):
                continue
            path = Path(inner, name)
            if not is_file(path):
                skip(SkippedFile(path, "is not a file"))
            elif refusal := project.refusal(path):
                skip(SkippedFile(path, f"is a link that {refusal[0]}"))
            else:
                yield path


def _raise(error: OSError) -> None:
    raise error


def kind_of(path: Path) -> FileKind | None:
    """The kind of a YAML file; None if nothing about it looks like a file of a mapping.

    A file that cannot be read counts as a mapping: loading it reports why.
    """
    try:
        raw = content(path, MAX_FILE_BYTES)
    except OSError:
        return "mapping"
    text = raw.decode("utf-16" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig", "replace")
    keys = _keys(text)
    modeline = _MODELINE.search(text)
    named = path.stem in ("mapping", "workspace")
    if _is_beside_a_mapping(path) or (modeline and modeline[1] == "tests"):
        return "tests"
    if not (modeline or named or (keys & _TELLING and _are_ours(keys))):
        return None
    if "tests" in keys:
        return "tests"
    if "workspace" in keys or path.stem == "workspace" or (modeline and modeline[1] == "workspace"):
        return "workspace"
    return "part" if keys & _PART and not (named or keys & _MAIN) else "mapping"


def _are_ours(keys: set[str]) -> bool:
    """Returns whether at least half of the keys are known. Misspelt ones are not held against a file."""
    known, others = len(keys & _KNOWN), keys - _KNOWN
    if len(others) <= known:
        return True
    return len(others) <= _FEW_KEYS and sum(closest(key, _KNOWN) is None for key in others) < known


def _keys(text: str) -> set[str]:
    """The top-level keys of a text: those at the start of a line, if any, else those that YAML finds.

    If it is not valid YAML, the keys of all lines count.
    """
    keys = {key.rstrip(" \t\"'") for key in _KEY.findall(text)}
    if keys:
        return keys
    node = parse(Source("", text))[0]
    if node is None:
        return {key.rstrip(" \t\"'") for key in _KEY.findall(_INDENTATION.sub("", text))}
    return set(node.keys()) if isinstance(node, MappingNode) else set()


def other_than_main(keys: Collection[str]) -> tuple[str, str] | None:
    """The kind in words of a file with these keys, and a hint; None if it may be the main file of a mapping."""
    if not _HEADER.isdisjoint(keys):
        return None
    if "tests" in keys:
        return "a test file", "moemap test runs it"
    return None if _PART.isdisjoint(keys) else ("a part", "give the mapping that includes it")


def _is_beside_a_mapping(path: Path) -> bool:
    """Returns whether a file is in the folder `tests` of a mapping or a workspace."""
    folder = path.absolute().parent
    return folder.name == "tests" and any(map(is_file, candidates(folder.parent)))
