"""Evaluates a Rulebook on a batch with jmespath itself, and records each step: the oracle of the compiler.

Comes in: a Rulebook and a batch. Goes out: a Result, and on demand the steps that led to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .interpreter import NAME_TAKEN, NO_ENTRY_RULE, NOTHING, Interpreter, Step

__all__ = ["NAME_TAKEN", "NOTHING", "NO_ENTRY_RULE", "Interpreter", "Step"]

__getattr__ = lazily(__name__)
