"""Exact edits of rule files that resolve a Problem, where its hint is one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .problem import Place, Problem

__all__ = ["Lines", "TextEdit", "edit_of"]


class Lines(Protocol):
    """A file whose lines can be shown in excerpts."""

    def line_text(self, line: int) -> str:
        """The text of a line, counted from 1, without its line end."""


@dataclass(frozen=True, slots=True)
class TextEdit:
    """A span of a file, and the text that replaces it."""

    place: Place
    text: str


def edit_of(problem: Problem, sources: Mapping[str, Lines]) -> TextEdit | None:
    """The edit that the hint of a Problem proposes; None if it proposes none, or if its span is not certain."""
    place, change = problem.place, problem.change
    if place is None or change is None or place.line != place.end_line or place.file not in sources:
        return None
    line = sources[place.file].line_text(place.line)
    written = line[place.column - 1 : place.end_column - 1]
    found = [match.start() for match in re.finditer(re.escape(change.old), written)]
    if len(found) > 1:
        whole = rf"(?<![\w$-]){re.escape(change.old)}(?![\w$-])"
        found = [match.start() for match in re.finditer(whole, written)]
    if len(found) != 1:
        return None
    start = place.column + found[0]
    return TextEdit(Place(place.file, place.line, start, place.line, start + len(change.old)), change.new)
