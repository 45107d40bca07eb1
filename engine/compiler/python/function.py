"""Python source under construction: lines in nested blocks, names, and the facts known at each point.

A block knows the values computed in it, so that everything after it or inside it reuses them. Reading a member can
neither fail nor have an effect; such reads move out of loops that do not change them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from .pool import Pool
from .value import ANY, Shape, Value, bare, structs_needed

__all__ = ["Block", "PythonFunction"]

_INDENT = "    "
_MARKED = re.compile(r"_p[0-9]+$")


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
    code_of: Any = None
    """The let whose code this is, if it is written before its place is known."""
    outside: Block | None = None
    """For code that is written before its place is known, the block that is executed not before it."""

    def ancestors(self) -> Iterator[Block]:
        """The block itself, then the blocks around it."""
        block: Block | None = self
        while block is not None:
            yield block
            block = block.parent

    def owner(self, name: str) -> Block | None:
        """The innermost block in which a name is bound."""
        return next((block for block in self.ancestors() if name in block.names), None)

    def lines(self) -> Iterator[str]:
        """The header, and all lines below it."""
        yield self.header
        for item in self.items:
            if isinstance(item, str):
                yield item
            else:
                yield from item.lines()

    def render(self, depth: int) -> Iterator[str]:
        for item in self.items:
            if isinstance(item, str):
                yield _INDENT * depth + item if item else ""
            elif item.header:
                yield _INDENT * depth + item.header
                yield from item.render(depth + 1) if item.items else [_INDENT * (depth + 1) + "pass"]
            else:
                yield from item.render(depth)


_FEW_NUMBERS = 100


class PythonFunction:
    """A Python function under construction."""

    def __init__(self, pool: Pool, parameters: tuple[str, ...], mark: str = "") -> None:
        self.pool = pool
        self.mark = mark
        """The suffix of each name in the function, so that none hides one of a calling function."""
        self.root = Block()
        self.block = self.root
        self.root.names.update(parameters)
        self.declared: dict[str, int] = {}
        self.assumed: list[Mapping[str, int]] = []
        """The kinds that values are assumed to have, in the part of an expression that is being compiled."""
        self.apart = False
        """Set while code is written that may be placed elsewhere: each of its names is unique in the whole function."""
        self.depth = 0
        """The number of lets whose code is being written."""
        self.calls = 0
        """The number of places that need the function of a let."""
        self.finishing: list[Callable[[], None]] = []
        """Functions that complete the code before it is rendered, the last one first."""
        self.early: list[tuple[str, Block]] = []
        """Variables, each with the code that computes it where it may not be needed."""
        self._everywhere = set(parameters)
        self._numbers: dict[str, int] = {}
        """The last number of each stem with many names."""

    def render(self) -> list[str]:
        """The lines of the function below its header."""
        while self.finishing:
            self.finishing.pop()()
        return list(self.root.render(1))

    # Lines and blocks

    def line(self, text: str) -> None:
        self.block.items.append(text)

    def lines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.line(text)

    @contextmanager
    def inside(self, header: str, *, loops: bool = False) -> Iterator[Block]:
        """Everything written in the `with` block goes into a block below the header."""
        outer, inner = self.block, Block(self.block, header, loops)
        outer.items.append(inner)
        self.block = inner
        try:
            yield inner
        finally:
            self.block = outer

    def only_if(
        self, condition: Value, write: Callable[[], None], facts: Callable[[], Mapping[str, int]] = dict
    ) -> None:
        """Writes code that is executed only if a condition holds, and for which these facts are known then."""
        if condition.is_constant:
            if condition.constant:
                write()
            return
        known = facts()
        with self.inside(f"if {bare(condition.code)}:") as block:
            block.kinds.update(known)
            write()

    @contextmanager
    def loop(self, wishes: tuple[str, str], entries: str) -> Iterator[tuple[str, str]]:
        """A loop over pairs, whose variables are bound inside it."""
        with self.inside("", loops=True) as block:
            first, second = self.name(wishes[0]), self.name(wishes[1])
            block.header = f"for {first}, {second} in {entries}:"
            yield first, second

    # Names

    def name(self, wish: str, block: Block | None = None) -> str:
        """A new name similar to `wish`, bound in the block (by default the current one)."""
        stem = re.sub(r"[^a-z0-9_]+", "_", wish.lower()).strip("_")[:48] or "value"
        stem = f"n{stem}" if stem[0].isdigit() else stem
        # A name bound in an outer block must be unique in the whole function: loops in that block keep its value.
        around = set().union(*(outer.names for outer in self.block.ancestors()))
        taken = around if block is None and not self.apart else self._everywhere
        number = self._numbers.get(stem, 1)
        name = f"{stem}{self.mark}" if number == 1 else f"{stem}_{number}{self.mark}"
        while name in taken or not self.pool.is_free(name) or (not self.mark and _MARKED.search(name)):
            number += 1
            name = f"{stem}_{number}{self.mark}"
        if number > _FEW_NUMBERS:  # a path of thousands of steps would try thousands of numbers at each
            self._numbers[stem] = number
        (self.block if block is None else block).names.add(name)
        self._everywhere.add(name)
        self.declared[name] = ANY
        return name

    def has(self, name: str) -> bool:
        """Returns whether a name is one of the function's variables."""
        return name in self._everywhere or name in ("problems", "skipped")

    # Values

    def kinds(self, value: Value) -> int:
        """The kinds that a value may have at this point."""
        known = value.kinds
        for block in self.block.ancestors():
            known &= block.kinds.get(value.text, ANY)
        for facts in self.assumed:
            known &= facts.get(value.text, ANY)
        return known

    def refined(self, value: Value) -> Value:
        kinds = self.kinds(value) if value.stable and not value.is_constant else value.kinds
        return value if kinds == value.kinds else replace(value, kinds=kinds)

    def unrefined(self, value: Value) -> Value:
        """The value without the facts of conditions, for code that is placed outside of them."""
        kinds = self.declared.get(value.text, value.kinds)
        return value if kinds == value.kinds else replace(value, kinds=kinds)

    @contextmanager
    def assuming(self, facts: Mapping[str, int]) -> Iterator[None]:
        """In the `with` block, the values with these codes have these kinds."""
        self.assumed.append(facts)
        try:
            yield
        finally:
            self.assumed.pop()

    def texts(self, code: str) -> frozenset[str] | None:
        """The strings of which the value is known to be one; None if unknown."""
        return next((block.texts[code] for block in self.block.ancestors() if code in block.texts), None)

    def shared(
        self,
        base: Value,
        what: str,
        wish: str,
        make: Callable[[], tuple[str, int]],
        like: Value | None = None,
        *,
        early: bool = False,
    ) -> Value:
        """A value derived from a stable one that cannot fail: computed once, outside of loops that do not change it.

        If it is `like` another value, it takes over what is known of its elements, shape and strings. An `early` one is
        computed outside of conditions, too, so that it serves what comes after them.
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
            if block.parent is None:
                break
            early = early and block.code_of is None and not block.header.startswith("def")
            if block.loops or early:
                target = block.parent
        code, kinds = make()
        if structs_needed(code):  # which must not be evaluated too early
            return Value(code, kinds)
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
        """Code for the first use of a value, and the value for all later uses in the same expression."""
        return self.once_shaped(value.unshaped)

    def once_shaped(self, value: Value) -> tuple[str, Value]:
        """Like `once`, for code that can handle shapes."""
        if value.repeatable:
            return value.text, value
        name = self.name("t")
        named = Value(name, value.kinds, named=True, items=value.items, shape=value.shape, texts=value.texts)
        return f"({name} := {bare(value.text)})", named

    def bound(self, value: Value, wish: str = "value", variable: str | None = None) -> Value:
        """The value under a stable name: the one it has, else the given variable or a new name."""
        if value.stable:
            return value
        name = variable or self.name(wish)
        self.line(f"{name} = {bare(value.text)}")
        return replace(self.declare(name, value.kinds, value.items, value.shape), texts=value.texts)

    def declare(self, name: str, kinds: int, items: int = ANY, shape: Shape | None = None) -> Value:
        """The value that a name has from here on."""
        self.declared[name] = kinds
        return Value(name, kinds, stable=True, items=items, shape=shape)
