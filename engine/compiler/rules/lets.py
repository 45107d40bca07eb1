"""Compiles lets: the code of each is placed where the value is first used, so that it is computed once at most.

Code that is certainly executed before all uses stands in place, and so does short code that does no harm if it is not
needed. A let with a single use below a condition is computed there. Any other becomes a function inside the function,
which the uses call as long as there is no value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...language.rulebook import Field
from ...language.traversal import can_reject_field, roots_in
from ..python.function import Block, PythonFunction
from ..python.value import VARIABLE, Value, bare
from .emitter import Emitter
from .scope import CodeScope

__all__ = ["Let"]

_SHORT = 8
"""The maximum number of lines that are executed although they may not be needed."""
_DEEP = 10
"""The number of lets whose code is written within that of others."""


class Let:
    """The code of a let."""

    def __init__(self, fields: Emitter, definition: Field, scope: CodeScope) -> None:
        self.fields = fields
        self.definition = definition
        self.scope = scope
        self.writer = fields.writer
        self.home = self.writer.block
        self.variable = self.writer.name(definition.name or "", self.home)
        self._number = len(scope.lets)
        self._rejects = not fields.of_structs and (scope.rejects or can_reject_field(definition))
        self._is_mentioned = False
        self._is_alone = True
        """Set if the code calls no function of another let."""
        self._value: Value | None = None
        """The value once its code is written."""
        self._maker = ""
        """The name of the function that computes the value, if there is one."""
        self._body = Block(self.home)
        self._calls: list[Block] = []
        """Empty blocks for the statements that compute the value."""
        self._uses: list[Block] = []
        """Empty blocks at all places that need the function."""

    # Uses

    def force(self) -> Value:
        """See `Lazy`."""
        if self._value is None and not any(block.header or block.loops for block in self._path(self.writer.block)):
            self._write_in_place()
        value = self.written()
        if self._is_there():
            return value
        self._calls.append(self._use())
        self.writer.block.made.add(self.variable)
        self.writer.block.names.add(self.variable)  # values derived from it belong to this block
        return value

    def read(self, writer: PythonFunction) -> Value:
        """See `Lazy`. A writer of another function only examines what an expression compiles to."""
        value = self.written()
        if self._is_there():
            return value
        if writer is self.writer:
            self._use()
        code = f"({self.variable} if {self.variable} is not UNSET else {self._maker}())"
        return replace(value, text=code, stable=False, raises=True)

    def mention(self) -> None:
        """Records that the place of a problem may depend on the value."""
        self._is_mentioned = self._is_mentioned or not self.fields.of_structs

    def _is_there(self) -> bool:
        """Returns whether the value is certainly computed at this point."""
        value = self.written()
        return value.is_constant or any(self.variable in block.made for block in self.writer.block.ancestors())

    def _use(self) -> Block:
        self.writer.calls += 1
        mark = Block(self.writer.block)
        self.writer.block.items.append(mark)
        self._uses.append(mark)
        return mark

    def _path(self, block: Block) -> list[Block]:
        """The blocks from inside the home to this block; empty if it is the home, or nowhere in it."""
        found: list[Block] = []
        for one in block.ancestors():
            if one is self.home:
                return found[::-1]
            found.append(one)
        return []

    # Writing

    def written(self) -> Value:
        """The value; if its code is not written yet, it is written apart from the code that uses it."""
        if self._value is None:
            self._write_others()
            value = self._write_apart()
            if value.is_constant and not self._body.items:
                self._value = value
            elif self._is_harmless():
                self._write_before(value)
            else:
                self._write_function(value)
        assert self._value is not None  # noqa: S101 - it has just been written
        return self._value

    def _compute(self) -> Value:
        self.writer.depth += 1
        variable = None if self._rejects else self.variable  # which has no value if the computation ends early
        value = self.fields.value(self.definition, self.scope, self.definition.name or "", variable)
        self.writer.depth -= 1
        return value

    def _write_in_place(self) -> None:
        self._write_others()
        self._value = self._compute()
        self.home.made.add(self.variable)
        mark = Block(self.writer.block)
        self.writer.block.items.append(mark)
        self.writer.finishing.append(lambda: self._finish_in_place(mark))

    def _write_apart(self) -> Value:
        writer, self._body.header = self.writer, "def"
        before, calls = (writer.block, writer.assumed, writer.apart), writer.calls
        self._body.outside = writer.block
        writer.block, writer.assumed, writer.apart = self._body, [], True
        is_unusual, value = self.fields.tried(self._compute)
        writer.block, writer.assumed, writer.apart = before
        if is_unusual:
            self._body.items = ["unusual()"]
        self._is_alone = writer.calls == calls
        return value

    def _write_before(self, value: Value) -> None:
        """Places the code before the statement of the home that is being written."""
        self._value, block = value, self.writer.block
        self._body.header = ""
        while (path := self._path(block)) and path[0].outside is not None:  # inside code whose place is not known yet
            block = path[0].outside
        mark = Block(self.home)
        at = next((n for n, item in enumerate(self.home.items) if path and item is path[0]), len(self.home.items))
        self.home.items[at:at] = [self._body, mark]
        self._body.outside = None
        self.home.names |= self._body.names
        self.home.made.add(self.variable)
        self.writer.finishing.append(lambda: self._finish_in_place(mark))

    def _write_function(self, value: Value) -> None:
        writer = self.writer
        if value.text != self.variable:
            self._body.items.append(f"{self.variable} = {bare(value.text)}")
        self._value = replace(value, text=self.variable, stable=True, constant=VARIABLE)
        writer.declared[self.variable] = value.kinds
        self._maker = writer.name(f"make_{self.definition.name}", self.home)
        writer.pool.inner.append(self._maker)
        writer.finishing.append(self._finish)

    def _write_others(self) -> None:
        """Writes first what this let depends on, if the code of many lets is being written."""
        if self.writer.depth < _DEEP:
            return
        found: dict[int, Let] = {}
        pending = [self]
        while pending:
            let = pending.pop()
            for name in roots_in(let.definition):
                value = let.scope.values.get(name)
                other = None if value is None else value.lazy
                if isinstance(other, Let) and other._value is None and id(other) not in found:
                    found[id(other)] = other
                    pending.append(other)
        for let in sorted(found.values(), key=lambda let: let._number):
            let.written()

    def _is_harmless(self) -> bool:
        """Returns whether the code is short and reports nothing."""
        lines = list(_lines(self._body))
        reports = ("notes.", "unusual") if self.fields.of_structs else ("notes",)
        is_quiet = not any(word in line for line in lines for word in reports)
        return is_quiet and self._is_alone and len(lines) <= _SHORT and not self._rejects

    # Finishing

    def _finish_in_place(self, mark: Block) -> None:
        value = self.written()
        if self._is_mentioned and not value.is_constant and value.text != self.variable:
            mark.items.append(f"{self.variable} = {value.text}")
        self._forget()

    def _forget(self) -> None:
        """Writes the code that forgets the value of the element before, which problems must not name."""
        if self._is_mentioned and any(block.loops for block in self.home.ancestors()):
            self.home.items.insert(0, f"{self.variable} = UNSET")

    def _finish(self) -> None:
        """Places the code that was written apart."""
        paths = [path for path in map(self._path, self._uses) if path]
        self._body.outside = None
        if not paths:  # it is not used by anything that is used
            self._body.parent = None
            return
        target, path = self.home, paths[0]
        for level, block in enumerate(path[:-1]):
            if block.loops or block.header.startswith("def") or any(other[level] is not block for other in paths):
                break
            target = block
        first = {id(path[len(self._path(target))]) for path in paths}
        if len(self._uses) == len(self._calls) == 1 and target is self._calls[0].parent:
            self._calls[0].items.append(self._body)
            self._body.parent, self._body.header = self._calls[0], ""
            self._forget()
            return
        body, items = self._body, self._body.items
        placed = Block(target, items=[f"{self.variable} = UNSET", body])
        body.parent, body.header = placed, f"def {self._maker}():"
        start = [f"nonlocal {self.variable}"]
        if self._rejects:
            tried = f"{self._maker}_tried"
            placed.items.insert(0, f"{tried} = False")
            start = [f"nonlocal {self.variable}, {tried}", f"if {tried}:", "    raise Rejected", f"{tried} = True"]
        body.items = [*start, *items, f"return {self.variable}"]
        at = next(number for number, item in enumerate(target.items) if id(item) in first)
        target.items.insert(at, placed)
        for mark in self._calls:
            mark.items.append(Block(mark, f"if {self.variable} is UNSET:", items=[f"{self._maker}()"]))
        self._forget()


def _lines(block: Block) -> Iterator[str]:
    for item in block.items:
        if isinstance(item, str):
            yield item
        else:
            yield f"{item.header} notes unusual" if item.loops else item.header
            yield from _lines(item)
