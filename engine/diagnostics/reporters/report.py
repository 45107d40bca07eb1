"""The input of a reporter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..edits import Lines
from ..problem import Problem

__all__ = ["Lines", "Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """Problems, the names of the checked files, the sources of excerpts by name, and whether to use colours."""

    problems: Sequence[Problem]
    sources: Mapping[str, Lines] = field(default_factory=dict)
    files: Sequence[str] = ()
    color: bool = False
