"""Compiles a Rulebook to Python: the meaning of the interpreter at the speed of handwritten code.

Comes in: a Rulebook. Goes out: its generated source, and a program that runs it. Running a cached mapping needs none of
this.
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
