"""The functions of expressions: JMESPath's own and those that the language adds.

Comes in: declarations with signature, description and examples. Goes out: the table of functions by name, which the
interpreter, the compiler, inference and the reference page share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .globs import MAX_WILD, flaw_of, is_long, matches_glob
    from .registry import BODIES, Function, Parameter
    from .table import FUNCTIONS, call, reference

__all__ = [
    "BODIES",
    "FUNCTIONS",
    "MAX_WILD",
    "Function",
    "Parameter",
    "call",
    "flaw_of",
    "is_long",
    "matches_glob",
    "reference",
]

__getattr__ = lazily(__name__)
