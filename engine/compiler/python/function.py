"""Python source under construction: lines in nested blocks, names, and what is known at a point of the program.

A block knows the values that were computed in it, so that whatever follows in it or below it uses them again. Reading a
field can neither fail nor have an effect; such reads move out of loops that do not change them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from .pool import Pool
from .value import ANY, Shape, Value, bare

__all__ = ["Block", "Function"]

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
