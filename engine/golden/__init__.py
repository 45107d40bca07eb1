"""Golden tests of mappings: their files, running them, differences, and updating expectations.

Comes in: a test file. Goes out: an Outcome for each test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .files import TestFile, discover, load
    from .runner import GoldenRunner, Outcome, problems, text
    from .selection import SelectionError, selection
    from .updating import Update, update

__all__ = [
    "GoldenRunner",
    "Outcome",
    "SelectionError",
    "TestFile",
    "Update",
    "discover",
    "load",
    "problems",
    "selection",
    "text",
    "update",
]

__getattr__ = lazily(__name__)
