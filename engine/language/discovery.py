"""Finds the files of mappings below folders, and tells their kinds.

Detection is more lenient than reading: a file that looks like a rule file by its name, its modeline or a combination
of keys is one, so that a misspelt file is reported rather than skipped. One key alone proves nothing: others have
`rules`, `tests`, `outputs` and `language` too.
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from ..diagnostics.suggestions import closest
from ..source.contents import content
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ..source.parser import parse
from ..source.paths import is_file
from ..source.project import Project
from ..source.text import MAX_FILE_BYTES, Source
from .file_keys import MAPPING, PART, WORKSPACE
from .installed import candidates

__all__ = ["FileKind", "SkippedFile", "is_installed", "kind_of", "other_than_main", "yaml_files"]

FileKind = Literal["mapping", "workspace", "tests", "part"]
"""The kinds of files: main file of a mapping, workspace, test file, or part that others include."""

_PART = frozenset(PART.keys) - {"description"}
_MAIN = frozenset({"language", "extends", "input", "outputs", "bulk", "delivery"})
_HEADER = _MAIN | {"name", "version", "workspace", "server", "checks"}
_REQUIRED = ("language", "name", "version", "workspace", "input", "outputs")
"""Keys of main files: one with a key that is like one of these is meant to be one."""
_OF_SCHEMAS = frozenset({"$schema", "$id", "$ref", "$defs", "definitions", "properties", "required"})
_MOST_KEYS = 100
_KNOWN = frozenset({*MAPPING.keys, *WORKSPACE.keys, "tests", "mapping"})
_FEW_KEYS = 20
"""A file with more unknown keys than this belongs to another program."""
_MEMBERS = {"rules": "rule", "tests": "test", "outputs": "request"}
"""Keys that files of others have, too, each with the key by which elements are recognised as ours."""
_PAIRS = (("workspace", "extends"), ("workspace", "tests"), ("mapping", "tests"))
"""Pairs of keys that only our files have, one of which may be misspelt."""
_SHAPES: dict[str, type[Node]] = {
    **dict.fromkeys(("rules", "tests"), SequenceNode),
    **dict.fromkeys(("bulk", "delivery", *_PART - {"rules", "include"}), MappingNode),
    **dict.fromkeys(("workspace", "mapping"), ScalarNode),
}
"""Keys that tell of a file of ours where all others are known, and the kinds of their values."""
_BELOW = {
    "rules": frozenset({"rule"}),
    "routes": frozenset({"each"}),
    "tables": frozenset({"entries"}),
    "policies": frozenset({"when", "skip"}),
    "assert": frozenset({"no_output", "never_in", "only_in"}),
}
"""Keys by which elements are recognised as ours below a misspelt key."""
_BESIDE_NAME = frozenset({"route", "output", "fields", "skip", "reject"})
"""Keys by which a rule is recognised whose key `rule` is misspelt."""
_PACKAGES = frozenset({"node_modules", "site-packages", "__pycache__"})

_MODELINE = re.compile(r"^#[ \t]*yaml-language-server:.*\bmoemap/(rules|workspace|tests)\.schema\.json", re.MULTILINE)
_INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
_KEY = re.compile(r"""^["']?([^\s#"'{\[\-][^:\n]*):(?=\s|$)""", re.MULTILINE)
_GLUED_KEY = re.compile(rf"^[ \t]*({'|'.join(sorted(_KNOWN))}):(?=\S)", re.MULTILINE)
_FLOW_KEY = re.compile(r"""[{,]\s*["']?([^\s#"'{\[,:][^:,{\n]*):(?=\s|$)""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that belongs to no mapping or may not be read, and why in words."""

    path: Path
    reason: str


def yaml_files(folder: Path, skip: Callable[[SkippedFile], object] = lambda _: None) -> Iterator[Path]:
    """The YAML files in a folder and below, sorted by name, without hidden ones and without links to elsewhere.

    Nor those of installed packages. `skip` is called with each file or folder that is left out. Raises OSError.
    """
    project = Project.around(folder)
    for inner, folders, names in os.walk(folder, onerror=_raise):
        seen = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in seen if not is_installed(Path(inner, name))]
        for name in seen:
            if os.path.islink(path := Path(inner, name)):
                skip(SkippedFile(path, "is a link to a folder"))
            elif name not in folders:
                skip(SkippedFile(path, "is a folder of installed packages"))
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


def is_installed(folder: Path) -> bool:
    """Returns whether a folder is one of packages that a tool installed, or a virtual environment of Python."""
    return folder.name in _PACKAGES or is_file(folder / "pyvenv.cfg")


def _raise(error: OSError) -> None:
    raise error


def kind_of(path: Path) -> FileKind | None:
    """The kind of a YAML file; None if nothing about it looks like a file of a mapping.

    A file that cannot be read counts as one of tests in their folder, else as a mapping: loading it reports why.
    """
    try:
        raw = content(path, MAX_FILE_BYTES)
    except OSError:
        return "tests" if _is_beside_a_mapping(path) else "mapping"
    text = raw.decode("utf-16" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig", "replace")
    keys = _keys(text)
    if not _is_ours(keys, text):
        keys = _keys_of_broken(text) or keys
    modeline = _MODELINE.search(text)
    named = path.stem in ("mapping", "workspace")
    if _is_beside_a_mapping(path) or (modeline and modeline[1] == "tests"):
        return "tests"
    if not (modeline or named or _is_ours(keys, text)):
        return "part" if _is_misspelt_part(keys, text) else None
    if keys & {"tests", "mapping"}:
        return "tests"
    if "workspace" in keys or path.stem == "workspace" or (modeline and modeline[1] == "workspace"):
        return "workspace"
    main = named or keys & _MAIN or _has_language(keys, text)
    return "part" if keys & _PART and not main else "mapping"


def _is_ours(keys: set[str], text: str) -> bool:
    """Returns whether a file with these keys is ours: by keys that only our files have, and few unknown ones.

    Misspelt keys do not count as unknown, and those that differ by letter case only count as known.
    """
    cased = {key: key.lower() if key.lower() in _KNOWN else key for key in keys}
    known, others = _KNOWN.intersection(cased.values()), set(cased.values()) - _KNOWN
    meant = {key: closest(key, _KNOWN) for key in others} if len(others) <= _FEW_KEYS else {}
    strangers = sum(meant.get(key) is None for key in others)
    if len(others) > len(known) and strangers >= max(len(known), 1):
        return False
    near = known.union(meant.values())
    return (
        _has_language(keys, text)
        or any(near.issuperset(pair) and not known.isdisjoint(pair) for pair in _PAIRS)
        or any(key in known and _has_key(f"(?i:{member})", text) for key, member in _MEMBERS.items())
        or (keys <= _KNOWN and not keys.isdisjoint(_SHAPES) and _has_shapes(text))
    )


def _is_misspelt_part(keys: set[str], text: str) -> bool:
    """Returns whether all keys are those of a part or near to them, and what is below them is as in a part of ours."""
    meant = {key: key if key in PART.keys else closest(key, PART.keys) for key in list(keys)[:_FEW_KEYS]}
    if len(meant) < len(keys) or None in meant.values() or _BELOW.keys().isdisjoint(meant.values()):
        return False
    node = parse(Source("", text))[0]
    if not isinstance(node, MappingNode):
        return "rules" in meant.values() and _has_key("rule", text)
    return any(_are_ours(meant.get(key.text) or "", value) for key, value in node.entries)


def _are_ours(key: str, value: Node) -> bool:
    """Returns whether one of the elements under a key of ours, perhaps misspelt there, has keys that only ours have."""
    below: Iterable[Node] = ()
    if isinstance(value, MappingNode):
        below = (inner for _, inner in value.entries)
    elif isinstance(value, SequenceNode):
        below = value.items
    if key not in _BELOW or not isinstance(value, _SHAPES[key]):
        return False
    if key == "policies":
        below = (item for policy in below if isinstance(policy, SequenceNode) for item in policy.items)
    members = [set(one.keys()) for one in below if isinstance(one, MappingNode)]
    return any(
        not names.isdisjoint(_BELOW[key])
        or (key == "rules" and names & _BESIDE_NAME and any(closest(name, ("rule",)) for name in names - _BESIDE_NAME))
        for names in members
    )


def _has_language(keys: set[str], text: str) -> bool:
    """Returns whether a key `language`, perhaps misspelt, has a number; in files of others, it has a name."""
    return any(
        _has_key(re.escape(key), text, r"[ \t]*['\"]?[0-9]+['\"]?[ \t\r]*(?:[,}\n#]|\Z)")
        for key in keys
        if key == "language" or (key not in _KNOWN and closest(key, _KNOWN) == "language")
    )


def _has_key(name: str, text: str, value: str = "") -> bool:
    """Returns whether a key, given as a pattern like its value, is at the start of a line or in a flow mapping."""
    key = rf"(?:^[ \t]*(?:-[ \t]*)*|[{{\[,]\s*)['\"]?{name}['\"]?[ \t]*:"
    return re.search(key + value, text, re.MULTILINE) is not None


def _has_shapes(text: str) -> bool:
    """Returns whether all values have the shapes of ours, as far as they can be read."""
    node = parse(Source("", text))[0]
    values = {key: node.get(key) for key in _SHAPES} if isinstance(node, MappingNode) else {}
    elements = [value.items for key in _MEMBERS if isinstance(value := values.get(key), SequenceNode)]
    return not any(elements) and all(value is None or isinstance(value, _SHAPES[key]) for key, value in values.items())


def _keys(text: str) -> set[str]:
    """The top-level keys of a text: those at the start of a line, if any, else those that YAML finds.

    If it is not valid YAML, the keys of all lines count.
    """
    keys = {key.rstrip(" \t\"'") for key in _KEY.findall(text)}
    if keys:
        return keys
    node = parse(Source("", text))[0]
    if node is None:
        return _keys_of_lines(text)
    return set(node.keys()) if isinstance(node, MappingNode) else set()


def _keys_of_lines(text: str) -> set[str]:
    """The keys at the start of all lines, however they are indented, or in a flow mapping."""
    pattern = _FLOW_KEY if text.lstrip().startswith("{") else _KEY
    return {key.rstrip(" \t\"'") for key in pattern.findall(_INDENTATION.sub("", text))}


def _keys_of_broken(text: str) -> set[str]:
    """The keys of all lines, if they make it a file of ours and it is not valid YAML, or a string; else none.

    Our keys also count where they lack the space after them.
    """
    keys = _keys_of_lines(text) | set(_GLUED_KEY.findall(text))
    if not _is_ours(keys, text):
        return set()
    node, problems = parse(Source("", text))
    return keys if problems or isinstance(node, ScalarNode) else set()


def other_than_main(keys: Collection[str]) -> tuple[str, str] | None:
    """The kind in words of a file with these keys, and a hint; None if it may be the main file of a mapping."""
    if not _HEADER.isdisjoint(keys):
        return None
    if "tests" in keys:
        return "a test file", "moemap test runs it"
    if not _PART.isdisjoint(keys):
        return "a part", "give the mapping that includes it"
    if not keys or any(closest(key, _REQUIRED) is not None for key in islice(keys, _MOST_KEYS)):
        return None
    if not _OF_SCHEMAS.isdisjoint(keys):
        return "a JSON Schema", "give the mapping whose schema it is"
    what = "an OpenAPI document" if "openapi" in keys else "a file of another kind"
    return what, "a mapping begins with language, name and version, and has input and outputs"


def _is_beside_a_mapping(path: Path) -> bool:
    """Returns whether a file is in the folder `tests` of a mapping or a workspace."""
    folder = path.absolute().parent
    return folder.name == "tests" and any(map(is_file, candidates(folder.parent)))
