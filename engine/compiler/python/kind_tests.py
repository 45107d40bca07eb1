"""Tests of kinds in generated code, some of them decided at compile time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...values.kinds import TYPE_CLASSES
from .function import PythonFunction
from .struct_layouts import StructShape, struct_truth
from .value import BOOLEAN, CLASS_BITS, DICT, LIST, NULL, NUMBER, Value, bits_of

__all__ = ["FALSE", "NOTHING", "TRUE", "TYPE_KINDS", "first_of", "is_kind", "kinds_equal_to", "truth"]

TYPE_KINDS = {type_: bits_of(classes) for type_, classes in TYPE_CLASSES.items()}
"""The kinds of the values of each type of JMESPath."""
_CLASSES = {bit: class_.__name__ for class_, bit in CLASS_BITS.items() if bit != NULL}
NOTHING = Value("None", NULL, stable=True, constant=None)
FALSE = Value("False", BOOLEAN, stable=True, constant=False)
TRUE = Value("True", BOOLEAN, stable=True, constant=True)


def is_kind(value: Value, again: Value, wanted: int) -> str:
    """Python code for "the value is of one of these kinds"; `value` is used first, `again` only after it."""
    possible = value.kinds & wanted
    if possible == 0 and not value.raises:
        return "False"
    if possible == value.kinds and value.repeatable:
        return "True"
    if possible == NULL:
        return f"{value.text} is None"
    if value.kinds & ~possible == NULL:
        return f"{value.text} is not None"
    names = [name for kind, name in _CLASSES.items() if possible & kind]
    if possible & NULL:
        return f"({value.code} is None or {is_kind(again, again, wanted & ~NULL)})"
    if len(names) == 1:
        return f"type({value.code}) is {names[0]}"
    if possible & (NUMBER | BOOLEAN) == NUMBER and len(names) == 2:
        return f"type({value.code}) in NUMBERS"
    if possible == LIST | DICT:
        return f"type({value.code}) in CONTAINERS"
    return f"type({value.code}) in ({', '.join(names)})"


def truth(writer: PythonFunction, value: Value) -> str:
    """Python code that is true if JMESPath considers the value true: all but null, false and empty values."""
    if value.is_constant:
        return str(value.constant is not None and value.constant is not False and value.constant not in ("", [], {}))
    if isinstance(value.shape, StructShape):
        return struct_truth(value, value.shape)
    if not value.kinds & NUMBER:
        return value.text
    if not value.kinds & ~(NUMBER | NULL):
        return f"({value.code} is not None)"
    first, again = writer.once(value)
    known = "" if not value.kinds & NULL else f"{again.code} is not None and "  # the fastest test that is false
    return f"({first} or {known}{is_kind(again, again, NUMBER)})"


def kinds_equal_to(constant: Any) -> int:
    """The kinds besides its own whose values can equal a constant."""
    return NUMBER if isinstance(constant, int | float) and not isinstance(constant, bool) else 0


def first_of(code: str, value: Value) -> Value:
    """The value at its first use, at which this is its code."""
    return replace(value, text=code)
