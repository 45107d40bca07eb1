"""The function, or the filter of a template, whose arguments are being written."""

from __future__ import annotations

from pathlib import Path

from ..functions.registry import Function
from ..functions.table import FUNCTIONS
from ..templates.filters import FILTERS
from .cursor import cursor_at
from .data import Position, Signature
from .state import EditingState
from .telling import about_function
from .unfinished import call_at, template_part

__all__ = ["signature"]

_ARGUMENTS = {"default": ("value",), "join": ("separator",), "replace": ("old", "new"), "round": ("digits",)}
"""The names of the arguments of filters."""


def signature(state: EditingState, path: Path, position: Position) -> Signature | None:
    """The function or filter around whose arguments a position is; None outside of arguments."""
    cursor = cursor_at(state, path, position)
    if cursor is None or cursor.kind not in ("expression", "template"):
        return None
    begin = 0
    if cursor.kind == "template":
        part = template_part(cursor.text, cursor.offset)
        if part is None:
            return None
        begin = part[0]
    call = call_at(cursor.text[begin:], cursor.offset - begin)
    if call is None:
        return None
    if cursor.kind == "template":
        return _of_filter(call.name, call.argument)
    function = FUNCTIONS.get(call.name)
    return None if function is None else _of_function(function, call.argument)


def _of_function(function: Function, argument: int) -> Signature:
    label = function.signature
    spans, at = [], len(function.name) + 1
    for parameter in function.parameters:
        text = f"{parameter.name}: {'|'.join(parameter.types) or 'any'}"
        spans.append((at, at + len(text)))
        at += len(text) + len(", ")
    active = min(argument, len(spans) - 1) if function.variadic else argument
    return Signature(label, about_function(function), tuple(spans), active)


def _of_filter(name: str, argument: int) -> Signature | None:
    names = _ARGUMENTS.get(name)
    if name not in FILTERS or names is None:
        return None
    label, spans = f"{name}(", []
    for one in names:
        spans.append((len(label), len(label) + len(one)))
        label += f"{one}, "
    return Signature(f"{label.removesuffix(', ')})", "", tuple(spans), argument)
