"""Compiles a Rulebook to Python: the same meaning as the interpreter's, at the speed of code written by hand.

The names below are imported when they are first used: what runs a cached mapping needs none of the compiler.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compiled import Compiled, compile  # noqa: A004 - used as compiler.compile
    from .mapping import source_of

__all__ = ["Compiled", "compile", "source_of"]

_HOMES = {"Compiled": "compiled", "compile": "compiled", "source_of": "mapping"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
