"""Values in generated code: an expression of Python, and what is known of its kinds without running it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from ...diagnostics.terminal import printable

__all__ = [
    "ANY",
    "BOOLEAN",
    "DICT",
    "FLOAT",
    "INTEGER",
    "LIST",
    "NULL",
    "NUMBER",
    "STRING",
    "VARIABLE",
    "Shape",
    "Texts",
    "Value",
    "bare",
    "comment",
    "kinds_of",
]


NULL, BOOLEAN, INTEGER, FLOAT, STRING, LIST, DICT = (1 << bit for bit in range(7))


NUMBER = INTEGER | FLOAT


ANY = NULL | BOOLEAN | NUMBER | STRING | LIST | DICT


_KINDS = {type(None): NULL, bool: BOOLEAN, int: INTEGER, float: FLOAT, str: STRING, list: LIST, dict: DICT}


_MARK = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|:=|[][(){},]")


class Shape(Protocol):
    """That a value is a record, or a list of records."""

    def spoil(self) -> None:
        """Notes that it has to be an object after all."""

    @property
    def items(self) -> Shape | None:
        """The shape of the elements of a list."""


class Texts(Protocol):
    """Where texts come from, and what is known of all of them."""

    @property
    def language(self) -> str | None:
        """A pattern that fits each from its start to its end."""

    @property
    def texts(self) -> frozenset[str] | None:
        """All of them."""

    def within(self, length: int) -> bool:
        """Whether none has more characters."""


class _Variable:
    def __repr__(self) -> str:
        return "VARIABLE"


VARIABLE = _Variable()
"""Stands for "not a constant": null is one."""


def kinds_of(value: Any) -> int:
    """The kind of a JSON value, as a set of one."""
    return _KINDS[type(value)]


@dataclass(frozen=True, slots=True)
class Value:
    """A Python expression that has a JSON value, and what is known of it.

    `kinds` are those that the value may have. A `stable` value is a name that holds it wherever the name is known, or a
    constant; a `named` one is a name that holds it in the rest of the same Python expression only. `raises` says that
    evaluating it can raise one of the errors that the language knows; `items` are the kinds of the elements of a list.
    A value with a `shape` is a record or a list of such; what takes it must know of that and use its `text`. One that
    `fits` is what the schemas ask for at its place in the output. `texts` say where all texts in the value come from,
    those of its members and elements too; there are none where that is not known.
    """

    text: str
    kinds: int = ANY
    stable: bool = False
    named: bool = False
    raises: bool = False
    constant: Any = VARIABLE
    items: int = ANY
    shape: Shape | None = None
    fits: bool = False
    texts: tuple[Texts, ...] = ()

    @property
    def code(self) -> str:
        """The expression, for what takes any JSON value: so nothing of it can be a record."""
        if self.shape is not None:
            self.shape.spoil()
        return self.text

    @property
    def is_constant(self) -> bool:
        return self.constant is not VARIABLE

    @property
    def repeatable(self) -> bool:
        return self.stable or self.named


def bare(code: str) -> str:
    """The expression without a pair of parentheses around all of it."""
    if not (code.startswith("(") and code.endswith(")")):
        return code
    depth = 0
    for match in _MARK.finditer(code):
        mark = match.group()
        depth += 1 if mark in "([{" else -1 if mark in ")]}" else 0
        if depth == 0 and match.end() < len(code):
            return code
        if depth == 1 and mark in (":=", ","):  # neither can stand alone everywhere
            return code
    return code[1:-1]


def comment(text: str) -> str:
    """A comment; what could end its line is escaped."""
    return "# " + printable(text)
