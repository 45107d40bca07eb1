"""What generated code does when something has to be said: problems, and the places that they name.

Generated code hands over a record that was made when it was compiled, and its local variables; everything else is
worked out here, as the interpreter would. Nothing in this module runs for a batch that is mapped without a word.
"""

from __future__ import annotations

import sys
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import FrameType, MappingProxyType
from typing import Any, NamedTuple, NoReturn

from ..pointers import Index, escape, join, value_at
from ..problem import Place, Problem, Severity
from ..result import Skipped
from ..templates import TemplateFailure
from ..values import CoercionError, coerce, kind, shown, with_article

__all__ = ["At", "Here", "Loop", "Notes", "Place", "Read", "Rejected", "Root", "Site", "Skipped", "escape", "reason_of"]

Frame = Mapping[str, Any]


class Rejected(Exception):  # noqa: N818  control flow, not an error
    """Leaves what was being built for the element that it sinks; the Problem is noted already."""


class Here(NamedTuple):
    """Stands in the records of a function for what its caller says in the variable: an At."""

    variable: str


class At(NamedTuple):
    """What the caller of a function says: the rule, the loop that the function runs, and the place of the output."""

    rule: str | None
    loop: Loop
    output: tuple[str, ...] | None
    pointer: str | None
    """The place of what the loop goes over, with a `{}` for each number in it, where that is known."""


class Root(NamedTuple):
    """A root that may be a place of the batch: the input, what a loop goes over, or (with `reads`) a let."""

    variable: str
    loop: Loop | Here | None = None
    reads: tuple[Read, ...] | None = None


class Read(NamedTuple):
    """A place below a root that an expression reads. No path: what a let was made from, where it is no place itself."""

    root: Root
    path: str | None


class Loop(NamedTuple):
    """An iteration: the variables that hold what it goes over, the index or name, and the element."""

    items: str
    key: str
    element: str
    path: Read | None
    reads: tuple[Read, ...]
    outer: Loop | Here | None


class Site(NamedTuple):
    """A point of the rules where a problem can arise.

    In `output`, `#x` is the length of x, `$x` the name that x holds, `@x` the output of the At that x holds.
    """

    code: str
    place: Place
    rule: str | Here | None
    element: Loop | Here | None
    reads: tuple[Read, ...] = ()
    output: tuple[str, ...] | None = None
    rejects: bool = False
    data: Mapping[str, Any] = MappingProxyType({})


class _Variables(Mapping[str, Any]):
    """The variables of the generated functions at work; those of the outer ones are looked at only when needed."""

    def __init__(self, frames: list[FrameType], known: Mapping[str, Any] = MappingProxyType({})) -> None:
        self._frames = frames
        self._known = known
        self._looked_at: list[Mapping[str, Any]] = []

    def knowing(self, known: Mapping[str, Any]) -> _Variables:
        """The same, where some of the variables are known to have had these values."""
        variables = _Variables(self._frames, known)
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


def _frame() -> _Variables:
    """The variables of the generated functions at work, from the innermost outwards."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _is_generated(frame):
        frame = frame.f_back
    frames = []
    while frame is not None and _is_generated(frame):
        frames.append(frame)
        frame = frame.f_back
    return _Variables(frames)


def _is_generated(frame: FrameType) -> bool:
    return frame.f_code.co_name in frame.f_globals.get("GENERATED", ())


def _here(here: Here, frame: Frame) -> At:
    at: At = frame[here.variable]
    return at


def _loop(loop: Loop | Here, frame: Frame) -> Loop:
    return _here(loop, frame).loop if isinstance(loop, Here) else loop


def _joined(output: tuple[str, ...], frame: Frame) -> str | None:
    place = ""
    for part in output:
        if part.startswith("#"):
            place += f"/{len(frame[part[1:]])}"
        elif part.startswith("$"):
            place += f"/{escape(frame[part[1:]])}"
        elif part.startswith("@"):
            above = _here(Here(part[1:]), frame).output
            if above is None:
                return None
            place += _joined(above, frame) or ""
        else:
            place += part
    return place


def reason_of(error: Exception) -> str:
    """Why an expression failed, in words."""
    if isinstance(error, TypeError):
        return "a string and a number cannot be ordered (<, <=, >, >=)"
    return "the data is nested too deeply" if isinstance(error, RecursionError) else str(error)


class Notes:
    """The problems of one batch; and what says of a body whether a schema, by its name, takes it."""

    __slots__ = ("batch", "index", "last", "problems", "validators")

    def __init__(self, batch: Any, validators: Mapping[str, Callable[[Any], bool]]) -> None:
        self.batch = batch
        self.validators = validators
        self.problems: list[Problem] = []
        self.index: Index | None = None
        self.last: list[int] = []
        """The output, by its number, of each problem of a request: those stand at the end of the problems."""

    # Problems; each method gives None, so that it can stand where a value is wanted

    def failed(self, site: Site, error: Exception) -> None:
        """An expression could not be evaluated."""
        self._of_value(site, _frame(), reason=reason_of(error))

    def undecided(self, site: Site, error: Exception) -> None:
        """What decides over whole elements could not be evaluated: which rule takes one, or what is gone over."""
        self._of_value(site, _frame(), "error", reason=reason_of(error))

    def converted(self, value: Any, type: str, site: Site) -> Any:
        """The value as one of the types of the rule language."""
        try:
            return coerce(value, type)
        except CoercionError as error:
            self.unconverted(site, value, error)

    def unconverted(self, site: Site, value: Any, error: CoercionError) -> None:
        self._of_value(site, _frame(), value=shown(value), reason=str(error))

    def unfilled(self, site: Site, error: TemplateFailure) -> None:
        """A template could not be rendered."""
        self._of_value(site, _frame(), reason=error.reason)

    def missing(self, site: Site) -> NoReturn:
        frame = _frame()
        output = self._output(site, frame)
        name = site.data.get("name")
        name = (output or "").rpartition("/")[2] or "value" if name is None else name
        self._add(site, frame, self._input(site, frame), output, None, {"name": name})
        raise Rejected

    def unlisted(self, site: Site, value: Any) -> NoReturn:
        frame = _frame()
        self._add(site, frame, self._input(site, frame), self._output(site, frame), "error", {"value": shown(value)})
        raise Rejected

    def not_iterable(self, site: Site, value: Any) -> None:
        self._of_value(site, _frame(), found=with_article(kind(value)))

    def not_a_source(self, site: Site, loop: Loop, value: Any) -> None:
        """What a route or a spread goes over is of the wrong kind."""
        frame = _frame()
        place = self._base(loop, frame)
        where = self._where(site.element, frame) if place is None else place
        self._add(
            site, frame, where, self._output(site, frame), None, {**site.data, "found": with_article(kind(value))}
        )

    def reason(self, site: Site, written: str, fill: Callable[..., str], *arguments: Any) -> str:
        """The text of a reason; where it cannot be filled, that is said, and it stands as it is `written`."""
        try:
            return fill(*arguments)
        except TemplateFailure as error:
            self.reported(site, error.reason)
            return written

    def reported(self, site: Site, reason: str) -> None:
        frame = _frame()
        self._add(site, frame, self._where(site.element, frame), None, None, {"reason": reason})

    def unnamed(self, site: Site, value: Any) -> None:
        frame = _frame()
        self._add(site, frame, self._where(site.element, frame), None, None, {"value": shown(value)})

    def _of_value(self, site: Site, frame: Frame, severity: Severity | None = None, **data: Any) -> None:
        severity = "error" if site.rejects else severity
        self._add(site, frame, self._input(site, frame), self._output(site, frame), severity, {**site.data, **data})
        if site.rejects:
            raise Rejected

    def _add(
        self, site: Site, frame: Frame, place: str, output: str | None, severity: Severity | None, data: dict[str, Any]
    ) -> None:
        rule = _here(site.rule, frame).rule if isinstance(site.rule, Here) else site.rule
        self.problems.insert(
            len(self.problems) - len(self.last),
            Problem.of(site.code, site.place, rule=rule, input=place, output=output or None, severity=severity, **data),
        )

    def add_last(self, output: int, problems: Sequence[Problem]) -> None:
        """Adds the problems of the requests of an output. They come after all others, in the order of the outputs."""
        at = bisect(self.last, output)
        end = len(self.problems) - len(self.last) + at
        self.problems[end:end] = problems
        self.last[at:at] = [output] * len(problems)

    # Places

    def _input(self, site: Site, frame: Frame) -> str:
        place = self._nearest(site.reads, frame)
        return self._where(site.element, frame) if place is None else place

    def _output(self, site: Site, frame: Frame) -> str | None:
        return None if site.output is None else _joined(site.output, frame)

    def where(self, loop: Loop | Here | None) -> str:
        """The place of the element that is being mapped, or the nearest one."""
        return self._where(loop, _frame())

    def elements(self, mapped: Iterable[tuple[Loop | None, Sequence[Any]]]) -> list[str]:
        """The places of elements that were mapped before: of each its loop, and its index or name there with itself."""
        frame = _frame()
        return [
            "" if loop is None else self._where(loop, frame.knowing({loop.key: entry[0], loop.element: entry[1]}))
            for loop, entry in mapped
        ]

    def entry(self, at: At, numbers: tuple[Any, ...], name: str) -> str:
        """The place of an entry that a function goes over, with the numbers that its caller gave."""
        if at.pointer is None:
            return self._where(at.loop, _frame())
        return f"{at.pointer.format(*numbers)}/{escape(name)}"

    def _where(self, loop: Loop | Here | None, frame: Frame) -> str:
        if loop is None:
            return ""
        loop = _loop(loop, frame)
        place = self._element(loop, frame)
        if place is None:
            place = self._base(loop, frame)
        if place is None:
            place = self._nearest(loop.reads, frame)
        return self._where(loop.outer, frame) if place is None else place

    def _element(self, loop: Loop | Here, frame: Frame) -> str | None:
        loop = _loop(loop, frame)
        base = self._base(loop, frame)
        return self._find(frame[loop.element]) if base is None else join(base, frame[loop.key])

    def _base(self, loop: Loop, frame: Frame) -> str | None:
        """The place of what a loop goes over."""
        of_let = loop.path is not None and loop.path.root.reads is not None
        place = None if loop.path is None or of_let else self._place(loop.path, frame)
        if place is None:
            place = self._find(frame[loop.items])
        return self._place(loop.path, frame) if place is None and loop.path is not None and of_let else place

    def _nearest(self, reads: tuple[Read, ...], frame: Frame) -> str | None:
        """The first place that is read and that holds something, else the first one."""
        first = None
        for place in self._places(reads, frame):
            if value_at(self.batch, place) is not None:
                return place
            first = place if first is None else first
        return first

    def _places(self, reads: tuple[Read, ...], frame: Frame) -> Iterator[str]:
        for read in reads:
            if read.path is not None:
                place = self._place(read, frame)
                if place is not None:
                    yield place
            elif self._root(read.root, frame) is None:
                yield from self._places(read.root.reads or (), frame)

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
