"""Finds the project file around a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..language.installed import candidates
from ..source.contents import content
from ..source.paths import is_file
from ..source.project import PROJECT_FILE, PYPROJECT
from ..source.text import Source, read
from .configuration import Configuration

__all__ = ["configuration_around"]

_MINE = re.compile(r"^[\s\ufeff]*\[+\s*tool\s*\.\s*moemap\b", re.MULTILINE)
_MOST_BYTES = 10_000_000
"""The number of bytes in which the table of a file that is too large is looked for."""


def configuration_around(folder: Path) -> Configuration:
    """The Configuration of the nearest project file, from a folder upwards to the top of its git working tree.

    Problems of the file are among those of the Configuration, which then has what could be read.
    """
    main: Path | None = None
    try:
        above = [folder, *(Path(os.path.relpath(one, folder.resolve())) for one in folder.resolve().parents)]
    except OSError:  # the working folder is gone
        return Configuration(folder)
    for place in above:
        if main is None:
            main = next(filter(is_file, candidates(place)[1:]), None)
        own, pyproject = place / PROJECT_FILE, place / PYPROJECT
        if os.path.lexists(own):
            return _read(own, main)
        if is_file(pyproject) and (read_here := _read(pyproject, main)).source is not None:
            return read_here
        if os.path.lexists(place / ".git"):
            break
    return Configuration(folder, main=main)


def _read(path: Path, main: Path | None) -> Configuration:
    name = path.as_posix()
    source, problems = read(path, name)
    text = _start(path) if source is None else source.text
    if path.name == PYPROJECT and "moemap" not in text:
        return Configuration(path.parent)
    # Imported late: most working folders have no project file and do not need these.
    from ..diagnostics.problem import Problem
    from ..language.decoder import found
    from ..source.nodes import MappingNode
    from ..source.toml import parse
    from . import reader

    node, unread = parse(source) if source is not None else (None, ())
    source, problems = source or Source(name, "", path), (*problems, *unread)
    if path.name == PYPROJECT:
        tool = None if node is None else node.get("tool")
        inner = tool.get("moemap") if isinstance(tool, MappingNode) else None
        if inner is None and (node is not None or not _MINE.search(text)):
            return Configuration(path.parent)
        if inner is not None and not isinstance(inner, MappingNode):
            wrong = Problem.of("M102", inner.place, what="'tool.moemap'", wanted="a table", found=found(inner))
            problems = (*problems, wrong)
        node = inner if isinstance(inner, MappingNode) else None
    if node is None:
        return Configuration(path.parent, source, main=main, problems=problems)
    made = reader.read(path, source, node, main)
    return made._replace(problems=(*problems, *made.problems))


def _start(path: Path) -> str:
    """The text of a file that cannot be read as one of ours, as far as it goes; nothing of a pipe, which may block."""
    try:
        return content(path, _MOST_BYTES).decode("utf-8", "replace") if is_file(path) else ""
    except OSError:
        return ""
