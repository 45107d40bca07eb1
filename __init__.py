"""Declarative, versioned mappings from one JSON API to another.

    import moemap

    mapping = moemap.load("mparticle-moengage@1")
    result = mapping.transform(batch)

The names below are imported at their first use, so that `import moemap` and short commands stay fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.api import Mapping, load
    from .engine.diagnostics.problem import MappingError, Place, Problem
    from .engine.runtime.result import Request, Result, Skipped

    __version__: str

__all__ = ["Mapping", "MappingError", "Place", "Problem", "Request", "Result", "Skipped", "__version__", "load"]

_HOMES = {
    "Mapping": "api",
    "MappingError": "diagnostics.problem",
    "Place": "diagnostics.problem",
    "Problem": "diagnostics.problem",
    "Request": "runtime.result",
    "Result": "runtime.result",
    "Skipped": "runtime.result",
    "load": "api",
}


def __getattr__(name: str) -> Any:
    """Imports a public name from its module, and keeps it, so that this runs once for each name."""
    if name == "__version__":
        value = import_module("importlib.metadata").version("moemap")
    elif name in _HOMES:
        from .engine.values.once import without_forks

        with without_forks():
            value = getattr(import_module(f".engine.{_HOMES[name]}", __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
