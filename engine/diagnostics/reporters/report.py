"""The input of a reporter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..problem import Problem

__all__ = ["Lines", "Report"]


class Lines(Protocol):
    """A file whose lines can be shown in excerpts."""

    def line_text(self, line: int) -> str:
        """The text of a line, counted from 1, without its line end."""


@dataclass(frozen=True, slots=True)
class Report:
    """Problems, the files that were checked, the sources of excerpts by name, and whether to use colours."""

    problems: Sequence[Problem]
    sources: Mapping[str, Lines] = field(default_factory=dict)
    files: Sequence[str] = ()
    color: bool = False
