"""Texts of rule files: their canonical layout.

Comes in: the text of a rule, workspace or test file. Goes out: the text in its layout, with comments, order and meaning
kept, or Problems.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .files import formatted_source, rule_files

__all__ = [
    "formatted_source",
    "rule_files",
]

__getattr__ = lazily(__name__)
