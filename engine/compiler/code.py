"""Python source under construction: lines in nested blocks, names, and what is known at a point of the program.

A block knows the values that were computed in it, so that whatever follows in it or below it uses them again. Reading a
field can neither fail nor have an effect; such reads move out of loops that do not change them.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..terminal import printable

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
    "Block",
    "Function",
    "Pool",
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
_INDENT = "    "
_MARKED = re.compile(r"_p[0-9]+$")
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


@dataclass(eq=False, slots=True)
class Block:
    """Lines and blocks below a header such as `for event in events:`."""

    parent: Block | None = None
    header: str = ""
    loops: bool = False
    items: list[str | Block] = field(default_factory=list)
    known: dict[tuple[str, str], Value] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    texts: dict[str, frozenset[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)

    def ancestors(self) -> Iterator[Block]:
        """The block itself, then those around it."""
        block: Block | None = self
        while block is not None:
            yield block
            block = block.parent

    def owner(self, name: str) -> Block | None:
        """The block in which a name is bound."""
        return next((block for block in self.ancestors() if name in block.names), None)

    def render(self, depth: int) -> Iterator[str]:
        for item in self.items:
            if isinstance(item, str):
                yield _INDENT * depth + item if item else ""
            elif item.header:
                yield _INDENT * depth + item.header
                yield from item.render(depth + 1) if item.items else [_INDENT * (depth + 1) + "pass"]
            else:
                yield from item.render(depth)


class Function:
    """One Python function that is being written."""

    def __init__(self, pool: Pool, parameters: tuple[str, ...], mark: str = "") -> None:
        self.pool = pool
        self.mark = mark
        """Ends every name in the function: so that none hides one of a function that calls it."""
        self.root = Block()
        self.block = self.root
        self.root.names.update(parameters)
        self.declared: dict[str, int] = {}
        self.deferred: dict[str, Callable[[], None]] = {}
        """What writes the code that computes a variable, for those that are only computed where they are used."""
        self._everywhere = set(parameters)

    # Lines and blocks

    def line(self, text: str) -> None:
        self.block.items.append(text)

    def lines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.line(text)

    @contextmanager
    def inside(self, header: str, *, loops: bool = False) -> Iterator[Block]:
        """Everything written meanwhile goes into a block below the header."""
        outer, inner = self.block, Block(self.block, header, loops)
        outer.items.append(inner)
        self.block = inner
        try:
            yield inner
        finally:
            self.block = outer

    @contextmanager
    def loop(self, wishes: tuple[str, str], entries: str) -> Iterator[tuple[str, str]]:
        """A loop over pairs; its variables are bound inside of it."""
        with self.inside("", loops=True) as block:
            first, second = self.name(wishes[0]), self.name(wishes[1])
            block.header = f"for {first}, {second} in {entries}:"
            yield first, second

    # Names

    def name(self, wish: str, block: Block | None = None) -> str:
        """A new name like `wish`, bound in the block (the current one)."""
        stem = re.sub(r"[^a-z0-9_]+", "_", wish.lower()).strip("_")[:48] or "value"
        stem = f"n{stem}" if stem[0].isdigit() else stem
        # A name in another block than the current one lives on while the loops in that block go round.
        around = set().union(*(outer.names for outer in self.block.ancestors()))
        taken = around if block is None else self._everywhere
        name, number = f"{stem}{self.mark}", 1
        while name in taken or not self.pool.is_free(name) or (not self.mark and _MARKED.search(name)):
            number += 1
            name = f"{stem}_{number}{self.mark}"
        (self.block if block is None else block).names.add(name)
        self._everywhere.add(name)
        self.declared[name] = ANY
        return name

    # Values

    def kinds(self, value: Value) -> int:
        """The kinds that a value may have here."""
        known = value.kinds
        for block in self.block.ancestors():
            known &= block.kinds.get(value.text, ANY)
        return known

    def present(self, value: Value) -> Value:
        """The value; where its computation was put off, it is computed now, unless that was done above."""
        make = self.deferred.get(value.text)
        if make is not None and not any(value.text in block.made for block in self.block.ancestors()):
            with self.inside(f"if {value.text} is UNSET:"):
                make()
            self.block.made.add(value.text)
            self.block.names.add(value.text)  # what is made of it stays here
        return value

    def refined(self, value: Value) -> Value:
        return replace(value, kinds=self.kinds(value)) if value.stable and not value.is_constant else value

    def unrefined(self, value: Value) -> Value:
        """The value as it is known without any condition: what is computed outside of conditions is made from it."""
        return replace(value, kinds=self.declared.get(value.text, value.kinds))

    @contextmanager
    def assuming(self, facts: Mapping[str, int]) -> Iterator[None]:
        """While this holds, the values with these codes are of these kinds."""
        kinds = self.block.kinds
        before = dict(kinds)
        for code, possible in facts.items():
            kinds[code] = kinds.get(code, ANY) & possible
        try:
            yield
        finally:
            kinds.clear()
            kinds.update(before)

    def texts(self, code: str) -> frozenset[str] | None:
        """The texts of which the value is known to be one."""
        return next((block.texts[code] for block in self.block.ancestors() if code in block.texts), None)

    def shared(
        self, base: Value, what: str, wish: str, make: Callable[[], tuple[str, int]], like: Value | None = None
    ) -> Value:
        """A value made from a stable one by what cannot fail: computed once, outside of loops that do not change it.

        Where it is `like` another value, its elements, its shape and its texts are known too.
        """
        key = (base.text, what)
        for block in self.block.ancestors():
            if key in block.known:
                return self.refined(block.known[key])
        home = self.block.owner(base.text) or self.root
        target = self.block
        for block in self.block.ancestors():
            if block is home:
                break
            if block.loops and block.parent is not None:
                target = block.parent
        code, kinds = make()
        moved = target is not self.block
        name = self.name(wish, target if moved else None)
        line = f"{name} = {bare(code)}"
        if moved:
            below = next(block for block in self.block.ancestors() if block.parent is target)
            target.items.insert(target.items.index(below), line)
        else:
            target.items.append(line)
        value = self.declare(name, kinds)
        if like is not None:
            value = replace(value, items=like.items, shape=like.shape, texts=like.texts)
        target.known[key] = value
        return value

    def once(self, value: Value) -> tuple[str, Value]:
        """Code for the first mention of a value, and the value for all later ones in the same expression."""
        return self.once_shaped(replace(value, text=value.code, shape=None))

    def once_shaped(self, value: Value) -> tuple[str, Value]:
        """The same for what knows of shapes."""
        if value.repeatable:
            return value.text, value
        name = self.name("t")
        named = Value(name, value.kinds, named=True, items=value.items, shape=value.shape, texts=value.texts)
        return f"({name} := {bare(value.text)})", named

    def bound(self, value: Value, wish: str = "value") -> Value:
        """The value under a stable name."""
        if value.stable:
            return value
        name = self.name(wish)
        self.line(f"{name} = {bare(value.text)}")
        return replace(self.declare(name, value.kinds, value.items, value.shape), texts=value.texts)

    def declare(self, name: str, kinds: int, items: int = ANY, shape: Shape | None = None) -> Value:
        """The value that a name holds from here on."""
        self.declared[name] = kinds
        return Value(name, kinds, stable=True, items=items, shape=shape)


class Pool:
    """The constants and small functions of a module, each written once."""

    def __init__(self, reserved: frozenset[str]) -> None:
        self._reserved = reserved
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self.constants: list[str] = []
        self.functions: list[str] = []

    def copy(self) -> Pool:
        """The same constants and functions, to go back to."""
        pool = Pool(self._reserved)
        pool.restore(self)
        return pool

    def restore(self, other: Pool) -> None:
        """Makes the constants and functions those of the other pool."""
        self._names, self._counts = dict(other._names), dict(other._counts)
        self.constants, self.functions = list(other.constants), list(other.functions)

    def is_free(self, name: str) -> bool:
        """Whether a name is not one of Python's, of the support code, or of a constant (those have capitals)."""
        return not (keyword.iskeyword(name) or hasattr(builtins, name) or name in self._reserved)

    def constant(self, value: Any) -> Value:
        """A JSON value that is known now."""
        code = self.name("VALUE", repr(value)) if isinstance(value, list | dict) else repr(value)
        return Value(code, kinds_of(value), stable=True, constant=value)

    def texts(self, values: frozenset[str]) -> str:
        """A set of texts."""
        return self.name("TEXTS", f"frozenset({sorted(values)!r})")

    def name(self, prefix: str, code: str) -> str:
        """The name of a constant that has this code."""
        if code not in self._names:
            name = self._names[code] = self.fresh(prefix)
            self.constants.append(f"{name} = {code}")
        return self._names[code]

    def function(self, prefix: str, parameter: str, body: str, note: str) -> str:
        """The name of a small function of one parameter, with this body."""
        if body not in self._names:
            name = self._names[body] = self.fresh(prefix)
            self.functions.append(f"def {name}({parameter}):  {comment(note)}\n{body}")
        return self._names[body]

    def fresh(self, prefix: str) -> str:
        """A new name for a constant or a function."""
        self._counts[prefix] = self._counts.get(prefix, 0) + 1
        return f"{prefix}_{self._counts[prefix]}"
