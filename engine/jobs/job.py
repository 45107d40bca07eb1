"""The description of a run over many batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .program import Program
from .summary import SAMPLE, Summary
from .transform import Recipe

__all__ = ["Job", "Progress"]


Progress = Callable[[Summary, int], None]


class Job(NamedTuple):
    """A run. `inputs` are paths or STDIN, `output` and `rejects` paths; without `output`, standard output is used.

    The first `sample` batches are its sample, see `Summary`. `resume` continues an interrupted run, `restart` discards
    its files; without either, such files are an error.
    """

    inputs: tuple[str, ...]
    recipe: Recipe
    program: Program
    output: Path | None = None
    rejects: Path | None = None
    jobs: int = 1
    resume: bool = False
    restart: bool = False
    sample: int = SAMPLE
