"""Infers the types of the results of functions from the types of their arguments.

The signature of a function gives the type of its result; `refinements` has more exact ones.
"""

from __future__ import annotations

from ..functions.table import FUNCTIONS
from ..types.types import (
    NULL,
    Type,
    union,
    without_null,
)
from .calls import Call, declared
from .refinements import REFINED

__all__ = ["result"]


def result(call: Call) -> Type:
    """The type of the result for accepted arguments; sets `call.fails` if the function can still fail."""
    nullable = [
        number
        for number, parameter in enumerate(FUNCTIONS[call.name].parameters)
        if "null" in parameter.types and call.of(number).parts.null
    ]
    if not nullable:
        return _of_not_null(call)
    for number in nullable:
        call.arguments = (*call.arguments[:number], without_null(call.of(number)), *call.arguments[number + 1 :])
    if any(call.of(number).never for number in nullable):
        call.fails = call.fails or call.name == "from_unix_ms"  # it checks its precision first
        return NULL
    return union(_of_not_null(call), NULL)


def _of_not_null(call: Call) -> Type:
    """The refined type, if any, else the declared one; a function without a refinement may fail."""
    refined = REFINED.get(call.name)
    if refined is not None:
        return refined(call)
    call.fails = True
    return declared(call.name)
