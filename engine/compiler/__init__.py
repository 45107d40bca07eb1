"""Compiles a Rulebook to Python: the same meaning as the interpreter's, at the speed of code written by hand.

Comes in: a Rulebook. Goes out: its generated source, and a program that runs it. What runs a cached mapping needs none
of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exports import lazily

if TYPE_CHECKING:
    from .compiled import Compiled, compile  # noqa: A004 - used as compiler.compile
    from .rules.mapping import source_of
    from .standalone.standalone import StandaloneError, standalone_of

__all__ = ["Compiled", "StandaloneError", "compile", "source_of", "standalone_of"]

__getattr__ = lazily(__name__)
