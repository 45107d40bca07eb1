"""Compiles lets: the code of each is placed where the value is first used, so that it is computed once at most.

Code that is certainly executed before all uses stands in place, and so does short code that does no harm if it is not
needed. A let with a single use below a condition is computed there. Any other becomes a function that the uses call as
long as there is no value. If it reports nothing, its parameters are the values that it reads, since it does not matter
when these are computed; else it is defined inside the mapping's function, and has them computed itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...language.rulebook import Field
from ...language.traversal import can_reject_field, roots_in
from ..python.function import Block, PythonFunction
from ..python.value import VARIABLE, Value, bare, structs_needed
from .emitter import Emitter
from .scope import CodeScope

__all__ = ["Let"]

_SHORT = 14
"""The maximum number of lines that are executed although they may not be needed."""
_HELPER = re.compile(r"\b[a-z_]+_[0-9]+\(")
"""A call of a helper function, most of which go over lists."""
_CALL = re.compile(r"(?<!\btype)\(")
"""A call that may end the function, or a parenthesis."""
_LOOKUP = re.compile(r"CHANGED_\d+\[\w+\]")
_MOST_COPIES = 2
"""The maximum number of copies of code that computes what it needs only under conditions."""
_LONGEST_COPY = 20
"""The maximum number of lines of such code."""
_MOST_LEVELS = 5
"""The maximum number of functions that call each other in one expression."""
_DEEP = 10
"""The maximum number of lets whose code is written within that of each other."""


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
        self._rejects = not fields.mode.of_structs and (scope.rejects or can_reject_field(definition))
        self._is_mentioned = False
        self._is_alone = self._is_quiet = self._is_safe = False
        """Set if the code calls no functions inside the mapping's function, if it reports nothing, and if it cannot end
        the function: code for structs does so at any problem."""
        self._value: Value | None = None
        """The value once its code is written."""
        self._is_pure = False
        """Set if the values that the function reads are its parameters."""
        self._maker = ""
        """The name of the function that computes the value, if there is one."""
        self._parameters: list[str] = []
        self._needs: list[Let] = []
        """The lets that the callers of the function compute first."""
        self._places: list[tuple[Let, Block]] = []
        """Empty blocks in the code, at all places that need one of them."""
        self._level = 1
        self._body = Block(self.home, code_of=self)
        self._calls: list[_Use] = []
        """The places for the statements that compute the value."""
        self._uses: list[_Use] = []
        """All places that need the function."""

    # Uses

    def force(self) -> Value:
        """See `DeferredValue`."""
        if self._value is None and not any(block.header or block.loops for block in self._path(self.writer.block)):
            self._write_in_place()
        value = self.written()
        if self._is_there() or self._is_passed():
            return value
        use = self._use()
        self._calls.append(use)
        use.place.items.append(self._if_unset(use.place, [self._computing()]))
        self.writer.block.made.add(self.variable)
        self.writer.block.names.add(self.variable)  # values derived from it belong to this block
        return value

    def read(self, writer: PythonFunction, *, is_passed: bool) -> Value:
        """See `DeferredValue`. A writer of another function only examines what an expression compiles to."""
        value = self.written()
        if is_passed and self._is_pure and writer is self.writer:  # `:=` in a function would be about its own variable
            return self.force()
        if self._is_there() or (writer is self.writer and self._is_passed()):
            return value
        if writer is self.writer:
            self._use()
        return replace(value, text=self._inline(), stable=False, raises=True)

    def _is_there(self) -> bool:
        """Returns whether the value is certainly computed at this point."""
        value = self.written()
        is_short = value.is_constant or _LOOKUP.fullmatch(value.text) is not None
        return is_short or any(self.variable in block.made for block in self.writer.block.ancestors())

    def _is_passed(self) -> bool:
        """Makes the value a parameter of the code that is being written, if possible; returns whether it is."""
        owner = next((block.code_of for block in self._path(self.writer.block) if block.code_of is not None), None)
        if not isinstance(owner, Let) or not self._is_pure:
            return False
        block = self.writer.block
        place = Block(block)
        block.items.append(place)
        owner._needs.append(self)
        owner._places.append((self, place))
        block.made.add(self.variable)
        block.names.add(self.variable)  # values derived from it belong to this block
        return True

    def _use(self) -> _Use:
        """Records a use of the value, and of those that computing it needs."""
        missing = {need: need._use() for need in self._needs if not need._is_there() and not need._is_passed()}
        self.writer.calls += 1
        use = _Use(Block(self.writer.block), missing)
        self.writer.block.items.append(use.place)
        self._uses.append(use)
        return use

    def _computing(self) -> str:
        """The statement that computes the value."""
        return f"{self.variable} = {self._call()}" if self._is_pure else self._call()

    def _if_unset(self, parent: Block, items: list[str | Block]) -> Block:
        return Block(parent, f"if {self.variable} is UNSET:", items=items)

    def _inline(self) -> str:
        """The value as an expression, which computes it if needed."""
        call = f"({self.variable} := {self._call()})" if self._is_pure else self._call()
        return f"({self.variable} if {self.variable} is not UNSET else {call})"

    def _call(self) -> str:
        needs = {need.variable: need._inline() for need in self._needs if not need._is_there()}
        if self._is_pure:
            return f"{self._maker}({', '.join(needs.get(name, name) for name in self._parameters)})"
        return f"({', '.join(needs.values())}, {self._maker}())[-1]" if needs else f"{self._maker}()"

    def _path(self, block: Block) -> list[Block]:
        """The blocks from inside the home to this block; empty if it is the home, or nowhere in it."""
        found: list[Block] = []
        for one in block.ancestors():
            if one is self.home:
                return found[::-1]
            found.append(one)
        return []

    def is_quiet(self) -> bool:
        """See `DeferredValue`."""
        self.written()
        return self._is_quiet

    def mention(self) -> None:
        """Records that the place of a problem may depend on the value."""
        self._is_mentioned = self._is_mentioned or not self.fields.mode.of_structs

    # Writing

    def written(self) -> Value:
        """The value; if its code is not written yet, it is written apart from the code that uses it."""
        if self._value is None:
            self._write_others()
            value = self._write_apart()
            if value.is_constant and not self._body.items and all(need._is_safe for need in self._needs):
                self._value = value
            elif self.fields.mode.of_structs and (found := self._lookup()) is not None:
                self._value = replace(value, text=found, stable=False)
            elif self._is_harmless():
                self._write_before(value)
            else:
                self._write_function(value)
        assert self._value is not None  # noqa: S101 - it has just been written
        return self._value

    def _compute(self) -> Value:
        """Writes the code that computes the value."""
        writer, block = self.writer, self.writer.block
        start, calls = len(block.items), writer.calls
        writer.depth += 1
        variable = None if self._rejects else self.variable  # which has no value if the computation ends early
        value = self.fields.value(self.definition, self.scope, self.definition.name or "", variable)
        writer.depth -= 1
        words = ("notes.", "unusual") if self.fields.mode.of_structs else ("notes", "skipped.", "hits[")
        lines = [*Block(items=block.items[start:]).lines()]
        self._is_alone = writer.calls == calls
        self._is_quiet = self._is_alone and not any(word in line for line in lines for word in words)
        self._is_safe = self._is_quiet and not (self.fields.mode.of_structs and any(map(_CALL.search, lines)))
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
        before = writer.block, writer.assumed, writer.apart
        self._body.outside = writer.block
        writer.block, writer.assumed, writer.apart = self._body, [], True
        value = self._compute()
        writer.block, writer.assumed, writer.apart = before
        if structs_needed(*self._body.lines()):
            self._body.items, self._is_quiet, value = ["unusual()"], False, replace(value, text="None")
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
        self.home.known |= {key: value for key, value in self._body.known.items() if key not in self.home.known}
        self.home.made.add(self.variable)
        self.writer.finishing.append(lambda: self._finish_in_place(mark))

    def _write_function(self, value: Value) -> None:
        writer = self.writer
        if value.text != self.variable:
            self._body.items.append(f"{self.variable} = {bare(value.text)}")
        self._value = replace(value, text=self.variable, stable=True, constant=VARIABLE)
        writer.declared[self.variable] = value.kinds
        self._needs = list(dict.fromkeys(self._needs))
        self._level = 1 + max((need._level for need in self._needs), default=0)
        is_pure = self._is_alone if self.fields.mode.of_structs else self._is_quiet and not self._rejects
        self._is_pure = is_pure and self._level < _MOST_LEVELS
        if self._is_pure:
            self._maker = writer.pool.fresh("let")
            needed = [need.variable for need in self._needs]  # even if the value does not depend on it
            self._parameters = list(dict.fromkeys([*self._read_names(), *needed]))
        else:
            self._maker = writer.name(f"make_{self.definition.name}", self.home)
            writer.pool.inner.append(self._maker)
        writer.finishing.append(self._finish)

    def _read_names(self) -> list[str]:
        """The names of the mapping's function that the code reads."""
        text = "\n".join(self._body.render(0))
        names = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]
        own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
        return [name for name in dict.fromkeys(node.id for node in names) if name not in own and self.writer.has(name)]

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

    def _lookup(self) -> str | None:
        """The code of a let that looks up what becomes of a name: it is so short that each use has it."""
        lines = [line for line in self._body.lines() if line and line != self._body.header]
        code = lines[0].partition(" = ")[2] if len(lines) == 1 else ""
        return code if _LOOKUP.fullmatch(code) else None

    def _is_harmless(self) -> bool:
        """Returns whether the code can be executed although it may not be needed: it is short and reports nothing."""
        if not self._is_quiet or self._rejects or self._needs:
            return False
        lines = list(self._body.lines())
        is_loop = any(isinstance(item, Block) and item.loops for item in _items(self._body))
        return not is_loop and len(lines) <= _SHORT + 1 and not any(map(_HELPER.search, lines))

    # Finishing

    def _finish_in_place(self, mark: Block) -> None:
        value = self.written()
        if self._is_mentioned and not value.is_constant and value.text != self.variable:
            mark.items.append(f"{self.variable} = {value.text}")
        self._forget()
        if not self._is_mentioned:
            self.writer.early.append((self.variable, self._body))

    def _forget(self) -> None:
        """Writes the code that forgets the value of the element before, which problems must not name."""
        if self._is_mentioned and any(block.loops for block in self.home.ancestors()):
            self.home.items.insert(0, f"{self.variable} = UNSET")

    def _is_inline(self, paths: list[list[Block]]) -> bool:
        """Returns whether the code is written where it is used, not as a function."""
        if len(self._uses) != len(self._calls):
            return False
        is_single = len(self._calls) == 1
        if is_single and not any(block.loops or block.header.startswith("def") for block in paths[0]):
            return True
        if not self._is_pure or any(block.header.startswith("def") for path in paths for block in path):
            return False
        is_short = len(list(self._body.render(0))) <= _LONGEST_COPY
        has_condition = any(place.parent is not self._body for _, place in self._places)
        return is_single or (len(self._calls) <= _MOST_COPIES and is_short and has_condition)

    def _write_inline(self, use: _Use, *, is_certain: bool) -> None:
        """Writes the code, or a copy, where it is used; what it needs is computed where it needs it."""
        copies: dict[int, Block] = {}
        body = self._body
        if len(self._calls) > 1:
            body = _copy(body, use.place, copies)
        body.parent = use.place
        body.header = "" if is_certain else self._if_unset(use.place, []).header
        use.place.items = [body]
        for need, original in self._places:
            if need in use.missing:
                place = copies.get(id(original), original)
                place.items.append(need._if_unset(place, [need._computing()]))
                need._calls.append(_Use(place, use.missing[need].missing))

    def _finish(self) -> None:
        """Places the code that was written apart."""
        paths = [path for use in self._uses if (path := self._path(use.place))]
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
        at = next(number for number, item in enumerate(target.items) if id(item) in first)
        body, items = self._body, self._body.items
        if self._is_inline(paths):
            if len(self._calls) > 1 or target is not self._calls[0].place.parent:
                target.items.insert(at, f"{self.variable} = UNSET")
            for use in self._calls:
                self._write_inline(use, is_certain=target is use.place.parent)
        elif self._is_pure:
            target.items.insert(at, f"{self.variable} = UNSET")
            code = "\n".join(Block(items=[*items, f"return {self.variable}"]).render(1))
            self.writer.pool.functions.append(f"def {self._maker}({', '.join(self._parameters)}):\n{code}")
            body.parent = None
        else:
            placed = Block(target, items=[f"{self.variable} = UNSET", body])
            body.parent, body.header = placed, f"def {self._maker}():"
            start = [f"nonlocal {self.variable}"]
            if self._rejects:
                tried = f"{self._maker}_tried"
                placed.items.insert(0, f"{tried} = False")
                start = [f"nonlocal {self.variable}, {tried}", f"if {tried}:", "    raise Rejected", f"{tried} = True"]
            body.items = [*start, *items, f"return {self.variable}"]
            target.items.insert(at, placed)
        self._forget()


@dataclass(eq=False, frozen=True, slots=True)
class _Use:
    """An empty block where a let is used, and the uses of the lets that computing it there needs."""

    place: Block
    missing: dict[Let, _Use]


def _items(block: Block) -> Iterator[str | Block]:
    """All lines and blocks in a block."""
    for item in block.items:
        yield item
        if isinstance(item, Block):
            yield from _items(item)


def _copy(block: Block, parent: Block, copies: dict[int, Block]) -> Block:
    """A copy of a block; `copies` gets that of each block in it."""
    copied = copies[id(block)] = Block(parent, block.header, block.loops)
    copied.items = [item if isinstance(item, str) else _copy(item, copied, copies) for item in block.items]
    return copied
