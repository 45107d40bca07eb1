"""Finds problems of a mapping before any data. Each check has a module; `check` runs them all.

Comes in: a Rulebook. Goes out: Problems. The module of a check declares its codes, with the texts of their pages, and
registers a function; it is found, not listed. `shared` has what several checks need.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from .shared.running import check, check_names

__all__ = ["check", "check_names"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
