"""Answers for the page: problems, places and the data of `editing` as JSON, with the page's names of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from ..diagnostics.problem import Place, Problem
from ..golden.diff import Difference
from ..language.rulebook import ABSENT
from ..source.text import Source
from .rows import printed

__all__ = ["PageAnswers", "value_or_none"]

MOST_FINDINGS = 500
MOST_DIFFERENCES = 100

Json = dict[str, Any]


def value_or_none(value: Any) -> str | None:
    """A printed value; None for no value."""
    return None if value is ABSENT else printed(value)


class PageAnswers:
    """Writes answers. `name` gives the page's name of a file; `sources` have the files of places by their names."""

    def __init__(self, name: Callable[[Path], str], sources: Mapping[str, Source]) -> None:
        self._name = name
        self._sources = sources
        self._names: dict[str, str] = {}

    def path(self, file: str) -> str:
        """The page's name of the file that is called `file` in places."""
        if file not in self._names:
            source = self._sources.get(file)
            self._names[file] = self._name(Path(file) if source is None or source.path is None else source.path)
        return self._names[file]

    def place(self, place: Place | None) -> Json | None:
        if place is None:
            return None
        return {
            "path": self.path(place.file),
            "line": place.line,
            "column": place.column,
            "end_line": place.end_line,
            "end_column": place.end_column,
        }

    def finding(self, problem: Problem) -> Json:
        """A Problem of a check, or of a run."""
        change = problem.change
        return {
            "code": problem.code,
            "severity": problem.severity,
            "message": problem.message,
            "hint": problem.hint,
            "rule": problem.rule,
            "input": problem.input,
            "output": problem.output,
            "place": self.place(problem.place),
            "related": [{"text": one.text, "place": self.place(one.place)} for one in problem.related],
            "change": None if change is None else {"old": change.old, "new": change.new},
        }

    def differences(self, found: tuple[Difference, ...]) -> list[Json]:
        """Differences from an expectation, with the places of the rules that gave the actual values."""
        return [
            {
                "pointer": one.headline,
                "expected": value_or_none(one.expected),
                "actual": value_or_none(one.actual),
                "rules": [self.place(rule.place) for rule in one.rules if rule.place is not None],
            }
            for one in found[:MOST_DIFFERENCES]
        ]

    def data(self, value: Any) -> Any:
        """The dataclasses of `editing` as objects, with the page's names of files for paths."""
        if isinstance(value, Path):
            return self._name(value)
        if is_dataclass(value) and not isinstance(value, type):
            return {one.name: self.data(getattr(value, one.name)) for one in fields(value)}
        if isinstance(value, tuple) and hasattr(value, "_asdict"):
            return {name: self.data(part) for name, part in value._asdict().items()}
        if isinstance(value, tuple | list):
            return [self.data(one) for one in value]
        if isinstance(value, Mapping):
            return {str(name): self.data(part) for name, part in value.items()}
        return value
