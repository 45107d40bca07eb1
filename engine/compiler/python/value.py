"""Values in generated code: a Python expression, and the facts known of it at compile time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ...diagnostics.terminal import printable
from ...values.kinds import KIND_CLASSES, TYPE_NAMES

__all__ = [
    "ANY",
    "BOOLEAN",
    "CLASS_BITS",
    "DICT",
    "FLOAT",
    "INTEGER",
    "KIND_BITS",
    "LIST",
    "NULL",
    "NUMBER",
    "STRING",
    "VARIABLE",
    "DeferredValue",
    "Shape",
    "Texts",
    "Value",
    "bare",
    "bits_of",
    "comment",
    "kinds_of",
    "structs_needed",
]


CLASS_BITS = {class_: 1 << number for number, class_ in enumerate(TYPE_NAMES)}
"""The bit of each kind by the class of its values."""

NULL, BOOLEAN, INTEGER, FLOAT, STRING, LIST, DICT = CLASS_BITS.values()


NUMBER = INTEGER | FLOAT


ANY = NULL | BOOLEAN | NUMBER | STRING | LIST | DICT


_TESTED = ("string", "integer", "double", "boolean", "array", "object", "null")
KIND_BITS = {kind: CLASS_BITS[KIND_CLASSES[kind]] for kind in _TESTED}
"""The bit of each kind by its name, in the order in which generated code tests them."""

_STRUCT = re.compile(r"\bunusual\((STRUCT_[0-9]+)\)")
_MARK = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|:=|[][(){},]")


class Shape(Protocol):
    """The shape of a value that is a struct or a list of structs."""

    @property
    def whole(self) -> str:
        """The code that stands for the value where any JSON value can be: it names the struct, and raises Unusual."""

    @property
    def items(self) -> Shape | None:
        """The shape of the elements of a list."""


class DeferredValue(Protocol):
    """A value that is computed when it is first used."""

    def force(self) -> Value:
        """Writes the code that computes it here, unless that is certainly done; returns the value under its name."""

    def read(self, writer: Any, *, is_passed: bool) -> Value:
        """The value, for a part of an expression that may not be evaluated.

        If it `is_passed` to another function, its code may become a function of its own.
        """

    def is_quiet(self) -> bool:
        """Returns whether computing it reports nothing."""

    def mention(self) -> None:
        """Records that the place of a problem may depend on the value."""


class Texts(Protocol):
    """An origin of strings, and the facts known of all of them."""

    @property
    def language(self) -> str | None:
        """A regular expression that matches each of them completely; None if unknown."""

    @property
    def texts(self) -> frozenset[str] | None:
        """All of the strings; None if unknown."""

    def within(self, length: int) -> bool:
        """Returns whether none has more characters than this."""


class _Variable:
    def __repr__(self) -> str:
        return "VARIABLE"


VARIABLE = _Variable()
"""Stands for "not a constant", since null is a constant."""


def kinds_of(value: Any) -> int:
    """The kind of a JSON value, as a set of one."""
    return CLASS_BITS[type(value)]


def bits_of(classes: Iterable[type]) -> int:
    """The kinds of the values of these classes."""
    return sum(CLASS_BITS[class_] for class_ in classes)


@dataclass(frozen=True, slots=True)
class Value:
    """A Python expression with a JSON value, and the facts known of it.

    `kinds` are the kinds that the value may have. A `stable` value is a constant, or a name that keeps the value in its
    whole scope; a `named` one is a name that keeps it in the rest of the same Python expression only. `raises` says
    that evaluating it can raise one of the errors of the language; `items` are the kinds of a list's elements, `inner`
    those of the elements of lists among them. A value with a `shape` is a struct or a list of structs; code that can
    handle those uses its `text`. A value that `fits` is known to be valid at its place in the output. `texts` are the
    origins of all strings in the value, including those in members and elements; it is empty if they are unknown.
    `is_name` says that the value is the name of an entry of an object: the same names occur in many batches. Of a
    `lazy` value nothing else is known here.
    """

    text: str
    kinds: int = ANY
    stable: bool = False
    named: bool = False
    raises: bool = False
    constant: Any = VARIABLE
    items: int = ANY
    inner: int = ANY
    shape: Shape | None = None
    fits: bool = False
    texts: tuple[Texts, ...] = ()
    is_name: bool = False
    lazy: DeferredValue | None = None

    @property
    def code(self) -> str:
        """The expression for code that takes any JSON value, so that no part of it can be a struct."""
        return self.text if self.shape is None else self.shape.whole

    @property
    def unshaped(self) -> Value:
        """The value for code that takes any JSON value."""
        return self if self.shape is None else replace(self, text=self.code, shape=None)

    @property
    def is_constant(self) -> bool:
        return self.constant is not VARIABLE

    def forced(self) -> Value:
        """The value after code was written that computes it, if it is lazy."""
        return self if self.lazy is None else self.lazy.force()

    @property
    def repeatable(self) -> bool:
        return self.stable or self.named


def structs_needed(*codes: str) -> frozenset[str]:
    """The names of the structs that code would need as objects: see `Shape.whole`."""
    return frozenset(name for code in codes for name in _STRUCT.findall(code))


def bare(code: str) -> str:
    """The expression without parentheses around the whole of it."""
    if not (code.startswith("(") and code.endswith(")")):
        return code
    depth = 0
    for match in _MARK.finditer(code):
        mark = match.group()
        depth += 1 if mark in "([{" else -1 if mark in ")]}" else 0
        if depth == 0 and match.end() < len(code):
            return code
        if depth == 1 and mark in (":=", ","):  # cannot stand alone everywhere
            return code
    return code[1:-1]


def comment(text: str) -> str:
    """A comment; characters that could end its line are escaped."""
    return "# " + printable(text)
