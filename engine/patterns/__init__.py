"""Patterns: regular expressions as JSON Schema has them, searched for in time in proportion to the text.

Comes in: the text of a pattern. Goes out: its syntax tree, searches for it, and facts about the strings that it is
found in, for schemas, functions of the language, types, proofs and generated code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .builders import BLANK_EDGE, NOT_BLANK, any_case, one_of, pattern_of
    from .emptiness import is_empty
    from .parser import Anchor, CharacterSet, Concatenation, PatternError, PatternNode, read
    from .python import fits_all, is_one
    from .searching import found_in, is_linear, python_text

__all__ = [
    "BLANK_EDGE",
    "NOT_BLANK",
    "Anchor",
    "CharacterSet",
    "Concatenation",
    "PatternError",
    "PatternNode",
    "any_case",
    "fits_all",
    "found_in",
    "is_empty",
    "is_linear",
    "is_one",
    "one_of",
    "pattern_of",
    "python_text",
    "read",
]

__getattr__ = lazily(__name__)
