"""Public names of packages, imported from their modules at their first use.

A package declares the modules of its names under `if TYPE_CHECKING:`, for type checkers. Importing them at once would
make users of one module of the package wait for all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["lazily"]


def lazily(package: str) -> Callable[[str], Any]:
    """The `__getattr__` of a package, which imports the names declared under its `if TYPE_CHECKING:`."""

    @cache
    def homes() -> dict[str, str]:
        # Only here: most processes ask for no name of any package.
        import ast
        from inspect import getsource

        tree = ast.parse(getsource(sys.modules[package]))
        imports = [node for block in tree.body if isinstance(block, ast.If) for node in block.body]
        return {
            alias.name: f".{node.module}"
            for node in imports
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    def attribute(name: str) -> Any:
        if name.startswith("__") or name not in homes():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(homes()[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    return attribute
