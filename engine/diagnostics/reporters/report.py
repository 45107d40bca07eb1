"""What a reporter renders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..problem import Problem

__all__ = ["Lines", "Report"]


class Lines(Protocol):
    """The lines of a file, for excerpts."""

    def line_text(self, line: int) -> str:
        """The text of a line, counted from 1, without its end."""


@dataclass(frozen=True, slots=True)
class Report:
    """Problems; the files that were looked at; the sources by name that excerpts come from; whether to use colours."""

    problems: Sequence[Problem]
    sources: Mapping[str, Lines] = field(default_factory=dict)
    files: Sequence[str] = ()
    color: bool = False
