"""Finds the rule files below paths, and gives each its canonical layout."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..diagnostics.problem import Problem
from ..language.discovery import kind_of, yaml_files
from ..source.parser import parse
from ..source.paths import PathError, is_file
from ..source.text import Source
from .layout import LayoutError, formatted

__all__ = ["formatted_source", "rule_files"]


def rule_files(paths: Iterable[str]) -> tuple[Path, ...]:
    """The files at the paths, and the rule, workspace and test files in folders and below, each once.

    Raises PathError and OSError.
    """
    found: dict[str, Path] = {}
    for text in paths:
        path = Path(text)
        if not path.is_dir() and not is_file(path):
            raise PathError(f"{text}: {'neither a file nor a folder' if path.exists() else 'no such file or folder'}")
        if not path.is_dir() and path.suffix.lower() not in (".yaml", ".yml"):
            raise PathError(f"{text}: not a rule file: its name ends neither in .yaml nor in .yml")
        files = [file for file in yaml_files(path) if kind_of(file) is not None] if path.is_dir() else [path]
        if not files:
            raise PathError(f"{text}: no mapping, workspace or test file below it")
        for file in files:
            found.setdefault(str(file.resolve()), file)
    return tuple(found.values())


def formatted_source(source: Source) -> tuple[str | None, tuple[Problem, ...]]:
    """The text of a file in its canonical layout, or None and the problems because of which it has none."""
    _, problems = parse(source, wide=True)
    if errors := tuple(problem for problem in problems if problem.severity == "error"):
        return None, errors
    try:
        return formatted(source.text), ()
    except LayoutError as error:
        return None, (Problem.of("M245", source.place(0, 0), reason=str(error)),)
