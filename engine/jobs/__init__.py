"""Runs over many batches: inputs, formats, workers, outputs, rejects, and resuming after an interruption.

Comes in: a Job. Goes out: files of results, and a Summary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .compression import plain_name
    from .files import STDOUT, BusyError, InTheWayError, is_plain, is_stdout, real_path, written_whole
    from .program import Program, RulesChangedError, open_program
    from .runfiles import is_finished, left_over, names_of
    from .summary import Summary
    from .transform import Recipe, WorkerError

__all__ = [
    "STDOUT",
    "BusyError",
    "InTheWayError",
    "Program",
    "Recipe",
    "RulesChangedError",
    "Summary",
    "WorkerError",
    "is_finished",
    "is_plain",
    "is_stdout",
    "left_over",
    "names_of",
    "open_program",
    "plain_name",
    "real_path",
    "written_whole",
]

__getattr__ = lazily(__name__)
