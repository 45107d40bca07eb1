"""Exact edits of rule files, made from the hints of Problems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .problem import Place, Problem

__all__ = ["Lines", "TextEdit", "edit_of"]

_BLANKS = re.compile(r"\s+")


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
    if place is None or change is None or place.file not in sources:
        return None
    written = _written(place, sources[place.file])
    # A text that is folded or indented in the file differs from it in blanks only.
    wanted = r"\s+".join(map(re.escape, _BLANKS.split(change.old)))
    found = [*re.finditer(wanted, written)]
    if len(found) > 1:
        found = [*re.finditer(rf"(?<![\w$-]){wanted}(?![\w$-])", written)]
    text = _as_written(change.new, found[0][0]) if len(found) == 1 else None
    if text is None:
        return None
    start, end = (_at(place, written[:offset]) for offset in found[0].span())
    return TextEdit(Place(place.file, *start, *end), text)


def _as_written(new: str, old: str) -> str | None:
    """The new text with the line ends and blanks of the old one; None if that has another number of words."""
    if "\n" not in old:
        return new
    words, blanks = _BLANKS.split(new), _BLANKS.findall(old)
    if len(words) != len(blanks) + 1:
        return None
    return "".join(part for pair in zip(words, (*blanks, ""), strict=True) for part in pair)


def _written(place: Place, source: Lines) -> str:
    """The text of a span."""
    lines = [source.line_text(number) for number in range(place.line, place.end_line + 1)]
    lines[-1] = lines[-1][: place.end_column - 1]
    lines[0] = lines[0][place.column - 1 :]
    return "\n".join(lines)


def _at(place: Place, before: str) -> tuple[int, int]:
    """The line and the column at which `before`, the beginning of the text of a span, ends."""
    left = before.rpartition("\n")[2]
    return place.line + before.count("\n"), len(left) + (place.column if len(left) == len(before) else 1)
