"""A run over many batches, as a command asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .program import Program
from .summary import Summary
from .transform import Recipe

__all__ = ["STDIN", "Job", "Progress"]


STDIN = "-"


Progress = Callable[[Summary, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What to do. `inputs` are paths or STDIN; `output` and `rejects` paths, an absent output being standard output.

    `resume` goes on where an interrupted run stopped, `restart` throws away what it left; without, that is an error.
    """

    inputs: tuple[str, ...]
    recipe: Recipe
    program: Program
    output: Path | None = None
    rejects: Path | None = None
    jobs: int = 1
    resume: bool = False
    restart: bool = False
