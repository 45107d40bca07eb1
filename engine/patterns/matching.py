"""Finds where patterns match in a text, and what their groups capture, in time in proportion to both.

The first match is the leftmost one; of those that begin there, the one that the pattern prefers (earlier alternatives,
as many repetitions as there can be, or as few with `?`), as in ECMA-262. Patterns whose matches languages disagree on
are refused: a repetition of what may be empty, a group that is repeated, looking around for more than one character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from .automaton import holds
from .parser import (
    Alternation,
    Anchor,
    CharacterSet,
    Concatenation,
    Group,
    Lookaround,
    PatternError,
    PatternNode,
    Repetition,
    read,
)
from .searching import python_text, repeats, ways

__all__ = ["Matcher", "Spans", "TextTooLongError", "matcher_of"]

MAX_PATTERN = 10_000
MAX_STEPS = 5_000
MAX_WORK = 20_000_000
_QUICK_WORK = 1_000_000

Spans = tuple[int, ...]
"""The start and end of a match, then those of each group, -1 where it took no part."""


class TextTooLongError(ValueError):
    """The text is too long to look for this pattern in it."""


class Matcher(NamedTuple):
    """A pattern as steps: each has a kind, its data, and the numbers of the steps after it, the preferred one first."""

    steps: tuple[tuple[str, Any, tuple[int, ...]], ...]
    groups: int
    quick: Any
    """The pattern as an expression of `re`; None if its time could grow faster than the square of the text."""
    ways: int

    def matches(self, text: str) -> Iterator[Spans]:
        """All matches, none of which overlap. Raises TextTooLongError."""
        find = (
            self._quickly
            if self.quick is not None and len(text) ** 2 * self.ways <= _QUICK_WORK
            else self._finder(text)
        )
        begin = 0
        while begin <= len(text) and (spans := find(text, begin)) is not None:
            yield spans
            begin = spans[1] + (spans[0] == spans[1])

    def _quickly(self, text: str, begin: int) -> Spans | None:
        found = self.quick.search(text, begin)
        return found and tuple(at for number in range(self.groups + 1) for at in found.span(number))

    def _finder(self, text: str) -> Callable[[str, int], Spans | None]:
        if len(self.steps) * (len(text) + 1) > MAX_WORK:
            raise TextTooLongError(f"the text has {len(text)} characters, too many for this pattern")
        size = len(self.steps)
        seen = bytearray(size * (len(text) + 1))

        def find(text: str, begin: int) -> Spans | None:
            for at in range(begin, len(text) + 1):
                spans = self._from(text, at, seen)
                if spans is not None:
                    # A step that failed at an offset always fails there; but steps at the end of a match did not fail.
                    seen[spans[1] * size : (spans[1] + 1) * size] = bytes(size)
                    return spans
            return None

        return find

    def _from(self, text: str, begin: int, seen: bytearray) -> Spans | None:
        """The match that begins at a place."""
        size, steps = len(text), self.steps
        pending: list[tuple[int, int, Spans]] = [(0, begin, (-1,) * (2 * self.groups))]
        while pending:
            number, at, groups = pending.pop()
            if seen[at * len(steps) + number]:
                continue
            seen[at * len(steps) + number] = 1
            kind, data, after = steps[number]
            match kind:
                case "found":
                    return begin, at, *groups
                case "character":
                    if at == size or not holds(data, ord(text[at])):
                        continue
                    at += 1
                case "edge":
                    if at != (0 if data else size):
                        continue
                case "look":
                    ranges, ahead, negated = data
                    beside = at if ahead else at - 1
                    if (0 <= beside < size and holds(ranges, ord(text[beside]))) == negated:
                        continue
                case "mark":
                    groups = (*groups[:data], at, *groups[data + 1 :])
            pending.extend((following, at, groups) for following in reversed(after))
        return None


@lru_cache(maxsize=1024)
def matcher_of(pattern: str) -> Matcher:
    """The Matcher of a pattern. Raises PatternError."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"it has more than {MAX_PATTERN} characters")
    part = read(pattern, groups=True)
    built = _Steps()
    built.finish(built.of(part, repeated=False))
    is_quick = repeats(part, False) <= 1
    return Matcher(tuple(built.steps), built.groups, re.compile(python_text(part)) if is_quick else None, ways(part))


class _Steps:
    """The steps of a Matcher while they are built; `link` says later which steps follow one."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, Any, tuple[int, ...]]] = []
        self.groups = 0
        self.add("go")

    def add(self, kind: str, data: Any = None) -> int:
        if len(self.steps) >= MAX_STEPS:
            raise PatternError("it is too large")
        self.steps.append((kind, data, ()))
        return len(self.steps) - 1

    def link(self, number: int, *after: int) -> None:
        kind, data, before = self.steps[number]
        self.steps[number] = kind, data, (*before, *after)

    def finish(self, last: int) -> None:
        self.link(last, self.add("found"))

    def then(self, number: int, kind: str, data: Any = None) -> int:
        """Adds a step after another one."""
        added = self.add(kind, data)
        self.link(number, added)
        return added

    def of(self, part: PatternNode, *, repeated: bool, start: int = 0) -> int:
        """Adds the steps of a node after the step `start`; returns the last one."""
        match part:
            case CharacterSet(ranges):
                return self.then(start, "character", ranges)
            case Anchor(at_start):
                return self.then(start, "edge", at_start)
            case Lookaround(one, ahead, negated):
                ranges = _single(one)
                return self.then(start, "look", (ranges, ahead, negated))
            case Concatenation(parts):
                for one in parts:
                    start = self.of(one, repeated=repeated, start=start)
                return start
            case Alternation(parts):
                ends = [self.of(one, repeated=repeated, start=self.then(start, "go")) for one in parts]
                joined = self.add("go")
                for end in ends:
                    self.link(end, joined)
                return joined
            case Group(one):
                if repeated:
                    raise PatternError("a group is repeated; (?:...) groups without capturing")
                self.groups += 1
                slot = 2 * self.groups - 2
                return self.then(self.of(one, repeated=False, start=self.then(start, "mark", slot)), "mark", slot + 1)
            case Repetition(one, least, most, lazy):
                return self.repeated(one, least, most, lazy, start, inside=repeated)
        raise AssertionError(part)

    def repeated(self, one: PatternNode, least: int, most: int | None, lazy: bool, start: int, *, inside: bool) -> int:
        if _may_be_empty(one):
            raise PatternError("a repetition of what may be empty")
        inside = inside or most is None or most > 1
        for _ in range(least):
            start = self.of(one, repeated=inside, start=start)
        leave = self.add("go")
        if most is None:
            fork = self.then(start, "go")
            self.fork(fork, one, fork, leave, lazy, inside)
            return leave
        for _ in range(least, most):
            fork, after = self.then(start, "go"), self.add("go")
            self.fork(fork, one, after, leave, lazy, inside)
            start = after
        self.link(start, leave)
        return leave

    def fork(self, fork: int, one: PatternNode, after: int, leave: int, lazy: bool, inside: bool) -> None:
        """Makes the step `fork` lead through a node to `after`, or to `leave`, which is preferred if `lazy`."""
        if lazy:
            self.link(fork, leave)
        enter = self.then(fork, "go")
        if not lazy:
            self.link(fork, leave)
        self.link(self.of(one, repeated=inside, start=enter), after)


def _single(part: PatternNode) -> Any:
    """The one character that a lookaround looks for, as ranges. Raises PatternError."""
    while isinstance(part, Concatenation) and len(part.parts) == 1:
        (part,) = part.parts
    if not isinstance(part, CharacterSet):
        raise PatternError("it looks around for more than one character")
    return part.ranges


def _may_be_empty(part: PatternNode) -> bool:
    match part:
        case CharacterSet():
            return False
        case Concatenation(parts):
            return all(map(_may_be_empty, parts))
        case Alternation(parts):
            return any(map(_may_be_empty, parts))
        case Repetition(one, least, _):
            return least == 0 or _may_be_empty(one)
        case Group(one):
            return _may_be_empty(one)
    return True
