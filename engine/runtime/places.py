"""Computes the places of problems in the input and output from the variables of generated code.

Generated code names its loops, roots and reads in constants created when it was compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType, MappingProxyType
from typing import Any, NamedTuple

from ..diagnostics.problem import Place
from ..values.pointers import Index, escape, join, value_at

__all__ = [
    "Caller",
    "CodePlaces",
    "Here",
    "Loop",
    "Read",
    "Root",
    "Site",
    "Variables",
    "output_place",
    "variables_at_work",
]

Frame = Mapping[str, Any]


class Here(NamedTuple):
    """Stands in the constants of a generated function for the Caller that this variable holds."""

    variable: str


class Caller(NamedTuple):
    """The context of a call of a generated function: the rule, the loop that it runs, the place of the output."""

    rule: str | None
    loop: Loop
    output: tuple[str, ...] | None
    pointer: str | None
    """The pointer of the value that the loop iterates over, with a `{}` for each index in it; None if unknown."""


class Root(NamedTuple):
    """A root that may be a place of the batch: the input, an element of a loop, or (with `reads`) a let."""

    variable: str
    loop: Loop | Here | None = None
    reads: tuple[Read, ...] | None = None


class Read(NamedTuple):
    """A place below a root that an expression reads.

    Without a path, it stands for the reads of a let whose value is not a part of the batch.
    """

    root: Root
    path: str | None


class Loop(NamedTuple):
    """An iteration: the variables that hold the iterated value, the index or key, and the element."""

    items: str
    key: str
    element: str
    path: Read | None
    reads: tuple[Read, ...]
    outer: Loop | Here | None


class Site(NamedTuple):
    """A point of the rules where a problem can arise.

    In `output`, `#x` is the length of the variable x, `$x` the name that x holds, `@x` the output of the Caller in x.
    """

    code: str
    place: Place
    rule: str | Here | None
    element: Loop | Here | None
    reads: tuple[Read, ...] = ()
    output: tuple[str, ...] | None = None
    rejects: bool = False
    data: Mapping[str, Any] = MappingProxyType({})


class Variables(Mapping[str, Any]):
    """The variables of the active generated functions; those of outer functions are read only if needed."""

    def __init__(self, frames: list[FrameType], known: Mapping[str, Any] = MappingProxyType({})) -> None:
        self._frames = frames
        self._known = known
        self._looked_at: list[Mapping[str, Any]] = []

    def knowing(self, known: Mapping[str, Any]) -> Variables:
        """The same variables, some of them with the given values."""
        variables = Variables(self._frames, known)
        variables._looked_at = self._looked_at
        return variables

    def __getitem__(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        for number in range(len(self._frames)):
            if number == len(self._looked_at):
                self._looked_at.append(self._frames[number].f_locals)
            if name in self._looked_at[number]:
                return self._looked_at[number][name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({name for frame in self._frames for name in frame.f_locals})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def variables_at_work() -> Variables:
    """The variables of the active generated functions, from the innermost outwards.

    They are read from the stack, and only where a problem needs them: passing them along would cost every call.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _is_generated(frame):
        frame = frame.f_back
    frames = []
    while frame is not None and _is_generated(frame):
        frames.append(frame)
        frame = frame.f_back
    return Variables(frames)


def _is_generated(frame: FrameType) -> bool:
    return frame.f_code.co_name in frame.f_globals.get("GENERATED", ())


def said_by_caller(here: Here, frame: Frame) -> Caller:
    at: Caller = frame[here.variable]
    return at


def loop_of(loop: Loop | Here, frame: Frame) -> Loop:
    return said_by_caller(loop, frame).loop if isinstance(loop, Here) else loop


def output_place(output: tuple[str, ...], frame: Frame) -> str | None:
    """The JSON pointer of a place of the output (see `Site`); None if the caller passed none."""
    place = ""
    for part in output:
        if part.startswith("#"):
            place += f"/{len(frame[part[1:]])}"
        elif part.startswith("$"):
            place += f"/{escape(frame[part[1:]])}"
        elif part.startswith("@"):
            above = said_by_caller(Here(part[1:]), frame).output
            if above is None:
                return None
            place += output_place(above, frame) or ""
        else:
            place += part
    return place


class CodePlaces:
    """Computes places in one batch from the variables of generated code."""

    __slots__ = ("batch", "index")

    def __init__(self, batch: Any) -> None:
        self.batch = batch
        self.index: Index | None = None

    def input_of(self, site: Site, frame: Frame) -> str:
        place = self.nearest(site.reads, frame)
        return self.place_of(site.element, frame) if place is None else place

    def output_of(self, site: Site, frame: Frame) -> str | None:
        return None if site.output is None else output_place(site.output, frame)

    def where(self, loop: Loop | Here | None) -> str:
        """The place of the element being mapped, or the nearest known one."""
        return self.place_of(loop, variables_at_work())

    def elements(self, mapped: Iterable[tuple[Loop | None, Sequence[Any]]]) -> list[str]:
        """The places of elements mapped before, each given by its loop and its entry (index or key, and element)."""
        frame = variables_at_work()
        return [
            "" if loop is None else self.place_of(loop, frame.knowing({loop.key: entry[0], loop.element: entry[1]}))
            for loop, entry in mapped
        ]

    def entry(self, at: Caller, numbers: tuple[Any, ...], name: str) -> str:
        """The place of an entry that a function iterates over, with the indexes that its caller passed."""
        if at.pointer is None:
            return self.place_of(at.loop, variables_at_work())
        return f"{at.pointer.format(*numbers)}/{escape(name)}"

    def place_of(self, loop: Loop | Here | None, frame: Frame) -> str:
        if loop is None:
            return ""
        loop = loop_of(loop, frame)
        place = self._element(loop, frame)
        if place is None:
            place = self.base_of(loop, frame)
        if place is None:
            place = self.nearest(loop.reads, frame)
        return self.place_of(loop.outer, frame) if place is None else place

    def _element(self, loop: Loop | Here, frame: Frame) -> str | None:
        loop = loop_of(loop, frame)
        base = self.base_of(loop, frame)
        return self._find(frame[loop.element]) if base is None else join(base, frame[loop.key])

    def base_of(self, loop: Loop, frame: Frame) -> str | None:
        """The place of the value that a loop iterates over."""
        of_let = loop.path is not None and loop.path.root.reads is not None
        place = None if loop.path is None or of_let else self._place(loop.path, frame)
        if place is None:
            place = self._find(frame[loop.items])
        return self._place(loop.path, frame) if place is None and loop.path is not None and of_let else place

    def nearest(self, reads: tuple[Read, ...], frame: Frame) -> str | None:
        """The first place read that has a value, else the first one."""
        first = None
        for place in self._places(reads, frame):
            if value_at(self.batch, place) is not None:
                return place
            first = place if first is None else first
        return first

    def _places(self, reads: tuple[Read, ...], frame: Frame) -> Iterator[str]:
        pending = [*reversed(reads)]
        seen: set[int] = set()  # lets may depend on each other in many ways, and in long chains
        while pending:
            read = pending.pop()
            if read.path is not None:
                place = self._place(read, frame)
                if place is not None:
                    yield place
            elif id(read.root) not in seen:
                seen.add(id(read.root))
                if self._root(read.root, frame) is None:
                    pending += reversed(read.root.reads or ())

    def _place(self, read: Read, frame: Frame) -> str | None:
        place = self._root(read.root, frame)
        return None if place is None or read.path is None else place + read.path

    def _root(self, root: Root, frame: Frame) -> str | None:
        if root.reads is not None:
            return self._find(frame.get(root.variable))
        return "" if root.loop is None else self._element(root.loop, frame)

    def _find(self, value: Any) -> str | None:
        if self.index is None:
            self.index = Index(self.batch)
        return self.index.find(value)
