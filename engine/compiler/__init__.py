"""Compiles a Rulebook to Python: the same meaning as the interpreter's, at the speed of code written by hand."""

from __future__ import annotations

from .compiled import Compiled, compile  # noqa: A004 - used as compiler.compile
from .mapping import source_of

__all__ = ["Compiled", "compile", "source_of"]
