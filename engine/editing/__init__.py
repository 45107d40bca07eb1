"""Texts of rule files while they are written: their canonical layout, and what editors show of them.

Comes in: the texts of rule, workspace and test files, and positions in them. Goes out: texts in their layout, or
Problems; and what `data` declares: Problems, names and their uses, completions, edits. No types of a protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .files import formatted_source, rule_files
    from .state import EditingState

__all__ = [
    "EditingState",
    "formatted_source",
    "rule_files",
]

__getattr__ = lazily(__name__)
