"""All functions of the language by name, and how one is called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..diagnostics.suggestions import closest, did_you_mean
from . import library, reference_page  # noqa: F401 - the library declares the functions
from .errors import FunctionError, found
from .registry import BODIES, DECLARED, Function

__all__ = ["FUNCTIONS", "call", "function_meant", "name_meant", "reference"]


def call(name: str, *arguments: Any) -> Any:
    """Calls a function with JSON values, and callables for `&expressions`. Raises FunctionError."""
    parameters = FUNCTIONS[name].parameters
    for index, argument in enumerate(arguments):
        parameter = parameters[min(index, len(parameters) - 1)]
        if not parameter.takes(argument):
            raise FunctionError(f"argument {index + 1} of {name}() must be {parameter.wanted}, not {found(argument)}")
    return BODIES[name](*arguments)


FUNCTIONS: Mapping[str, Function] = MappingProxyType(dict(sorted(DECLARED.items())))
"""Every function of the language by name."""


_ELSEWHERE = {
    **dict.fromkeys(("to_int", "to_integer", "to_float", "to_double", "int", "float", "number"), "to_number"),
    **dict.fromkeys(("to_text", "str", "string", "text"), "to_string"),
    **dict.fromkeys(("len", "count"), "length"),
}
"""Names that functions have in other languages, with the name of the function that does the same here."""


def name_meant(name: str) -> str | None:
    """The function that a name stands for: its own, or for an unknown name, what was most likely meant."""
    return name if name in FUNCTIONS else _ELSEWHERE.get(name.casefold()) or closest(name, FUNCTIONS)


def function_meant(name: str) -> str | None:
    """A hint that suggests the function that an unknown name most likely stands for; None if there is none."""
    same = _ELSEWHERE.get(name.casefold())
    return did_you_mean(name, FUNCTIONS) if same is None else f"did you mean {same!r}?"


def reference() -> str:
    """The function reference, in Markdown; `docs/functions.md` is this text."""
    return reference_page.reference(FUNCTIONS.values())
