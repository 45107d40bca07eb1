"""Regular expressions as sets of texts: is there a text in which some of them are found and others are not?

They are read as jsonschema-rs reads the patterns of a schema. What goes beyond regular languages (references to groups,
looking around) or would take long is not understood; that leaves more texts, never fewer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

__all__ = ["is_empty"]

MAX_PARTS = 5_000
MAX_STATES = 2_000
MAX_LENGTH = 64
MAX_DEPTH = 40
_LAST = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)

_Ranges = tuple[tuple[int, int], ...]
_State = frozenset[int]
_FOUND: _State = frozenset({-1})

_DIGITS: _Ranges = ((0x30, 0x39),)
_WORD: _Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_BLANKS: _Ranges = (
    *((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
_LINE_END: _Ranges = ((0x0A, 0x0A),)


@lru_cache(maxsize=512)
def is_empty(found: frozenset[str], missing: frozenset[str], least: int = 0, most: int | None = None) -> bool:
    """Whether it is certain that no text of `least` to `most` characters has each of `found` in it and none of
    `missing`."""
    wanted = [machine for machine in map(_machine, sorted(found)) if machine is not None]
    unwanted = [machine for machine in map(_machine, sorted(missing)) if machine is not None]
    return _is_empty(wanted, unwanted, min(least, MAX_LENGTH), most if most is None or most <= MAX_LENGTH else None)


def _is_empty(wanted: list[_Machine], unwanted: list[_Machine], least: int, most: int | None) -> bool:
    """Goes through the texts character by character, side by side for all machines."""
    machines = [*wanted, *unwanted]
    characters = _alphabet(machines)
    longest = least if most is None else max(least, most)  # longer texts are all alike
    first = (0, tuple(machine.first for machine in machines))
    seen, left = {first}, [first]
    while left:
        length, states = left.pop()
        if length >= least and all(
            machine.ends(state, length == 0) == (number < len(wanted))
            for number, (machine, state) in enumerate(zip(machines, states, strict=True))
        ):
            return False
        if most is not None and length == most:
            continue
        for character in characters:
            after = tuple(machine.step(state, character) for machine, state in zip(machines, states, strict=True))
            if _FOUND in after[len(wanted) :] or not all(map(_Machine.can_find, wanted, after)):
                continue
            following = (min(length + 1, max(longest, 1)), after)
            if following not in seen:
                if len(seen) >= MAX_STATES:
                    return False
                seen.add(following)
                left.append(following)
    return True


def _alphabet(machines: Iterable[_Machine]) -> list[int]:
    """One character of each kind that the machines tell apart."""
    sets = sorted({ranges for machine in machines for moves in machine.moves for ranges, _ in moves})
    edges = {0, _SURROGATES[1] + 1, *(edge for ranges in sets for low, high in ranges for edge in (low, high + 1))}
    kinds: dict[tuple[bool, ...], int] = {}
    for edge in sorted(edges):
        if edge <= _LAST and not _SURROGATES[0] <= edge <= _SURROGATES[1]:
            kinds.setdefault(tuple(_holds(ranges, edge) for ranges in sets), edge)
    return list(kinds.values())


def _holds(ranges: _Ranges, character: int) -> bool:
    return any(low <= character <= high for low, high in ranges)


# --- machines


@dataclass(slots=True)
class _Machine:
    """An automaton that looks for one pattern. By `moves` it takes a character; by `skips` it goes on without one:
    anywhere (None), at the start of the text (True) or at its end (False)."""

    moves: list[list[tuple[_Ranges, int]]] = field(default_factory=list)
    skips: list[list[tuple[bool | None, int]]] = field(default_factory=list)
    last: int = 0
    known: dict[tuple[_State, int], _State] = field(default_factory=dict)
    hopeful: frozenset[int] = frozenset()
    """From where the last state can be reached, not at the start of the text any more."""

    @property
    def first(self) -> _State:
        return self.reached({0}, start=True, end=False)

    def state(self) -> int:
        if len(self.moves) >= MAX_PARTS:
            raise _NotUnderstoodError
        self.moves.append([])
        self.skips.append([])
        return len(self.moves) - 1

    def step(self, state: _State, character: int) -> _State:
        """Where a character leads; the pattern can begin after it as well."""
        if state is _FOUND:
            return _FOUND
        key = state, character
        if key not in self.known:
            moved = {to for at in state for ranges, to in self.moves[at] if _holds(ranges, character)}
            self.known[key] = self.reached({0, *moved}, start=False, end=False)
        return self.known[key]

    def ends(self, state: _State, empty: bool) -> bool:
        """Whether the pattern is found in the text that led to a state."""
        return state is _FOUND or self.reached({*state}, start=empty, end=True) is _FOUND

    def can_find(self, state: _State) -> bool:
        """Whether the pattern is or can still be found, once there was a character."""
        return state is _FOUND or not self.hopeful.isdisjoint(state)

    def finish(self, last: int) -> None:
        self.last = last
        before: dict[int, list[int]] = {}
        for at, (moves, skips) in enumerate(zip(self.moves, self.skips, strict=True)):
            for to in (*(to for _, to in moves), *(to for where, to in skips if where is not True)):
                before.setdefault(to, []).append(at)
        hopeful, left = {last}, [last]
        while left:
            new = [at for at in before.get(left.pop(), ()) if at not in hopeful]
            hopeful.update(new)
            left += new
        self.hopeful = frozenset(hopeful)

    def reached(self, states: set[int], *, start: bool, end: bool) -> _State:
        left = list(states)
        while left:
            for where, to in self.skips[left.pop()]:
                if to not in states and (where is None or (start if where else end)):
                    states.add(to)
                    left.append(to)
        return _FOUND if self.last in states else frozenset(states)


@lru_cache(maxsize=256)
def _machine(pattern: str) -> _Machine | None:
    try:
        tree = _Parser(pattern).whole()
        machine = _Machine()
        machine.finish(_built(tree, machine, machine.state()))
    except _NotUnderstoodError:
        return None
    return machine


def _built(part: _Part, machine: _Machine, start: int) -> int:
    """Adds what takes the part from a state on; gives the state after it."""
    end = start
    match part:
        case _Characters(ranges):
            end = machine.state()
            machine.moves[start].append((ranges, end))
        case _Edge(at_start):
            end = machine.state()
            machine.skips[start].append((at_start, end))
        case _Sequence(parts):
            for one in parts:
                end = _built(one, machine, end)
        case _Choice(parts):
            end = machine.state()
            for one in parts:
                begin = machine.state()
                machine.skips[start].append((None, begin))
                machine.skips[_built(one, machine, begin)].append((None, end))
        case _Repeated(one, least, most):
            for _ in range(least):
                end = _built(one, machine, end)
            after = machine.state()
            if most is None:
                loop = machine.state()
                machine.skips[end].append((None, loop))
                machine.skips[_built(one, machine, loop)].append((None, loop))
                end = loop
            for _ in range(least, least if most is None else most):
                machine.skips[end].append((None, after))
                end = _built(one, machine, end)
            machine.skips[end].append((None, after))
            end = after
    return end


# --- reading patterns


class _NotUnderstoodError(ValueError):
    """The pattern is not regular, or too large."""


@dataclass(frozen=True, slots=True)
class _Characters:
    ranges: _Ranges


@dataclass(frozen=True, slots=True)
class _Edge:
    start: bool


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Repeated:
    part: _Part
    least: int
    most: int | None


_Part = _Characters | _Edge | _Sequence | _Choice | _Repeated

_REPEAT = re.compile(r"(?:\{([0-9]{1,4})(,([0-9]{1,4})?)?\}|([*+?]))\??(?![*+?{])")
_ESCAPES = {"n": 0x0A, "t": 0x09, "r": 0x0D, "f": 0x0C, "v": 0x0B}
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _BLANKS}
_CODE = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})")
_SETS = ("[", "&&", "--", "~~")


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.depth = 0

    def whole(self) -> _Part:
        part = self.choice()
        if self.at < len(self.text):
            raise _NotUnderstoodError
        return part

    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def takes(self, text: str) -> bool:
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def choice(self) -> _Part:
        parts = [self.sequence()]
        while self.takes("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else _Choice(tuple(parts))

    def sequence(self) -> _Part:
        parts = []
        while self.next() not in ("", "|", ")"):
            part = self.atom()
            repeat = _REPEAT.match(self.text, self.at)
            if repeat is not None:
                self.at = repeat.end()
                part = _repeated(part, repeat)
            elif self.next() in ("*", "+", "?", "{"):
                raise _NotUnderstoodError
            parts.append(part)
        return _Sequence(tuple(parts))

    def atom(self) -> _Part:
        if self.takes("("):
            plain = self.takes("?:") or self.next() != "?"
            self.depth += 1
            if not plain or self.depth > MAX_DEPTH:
                raise _NotUnderstoodError
            part = self.choice()
            self.depth -= 1
            if not self.takes(")"):
                raise _NotUnderstoodError
            return part
        if self.takes("^"):
            return _Edge(True)
        if self.takes("$"):
            return _Edge(False)
        if self.takes("."):
            return _Characters(_others(_LINE_END))
        if self.takes("["):
            return self.characters()
        return _Characters(self.character())

    def characters(self) -> _Part:
        """What stands between brackets."""
        negated = self.takes("^")
        ranges: list[tuple[int, int]] = []
        while not self.takes("]"):
            if any(self.text.startswith(one, self.at) for one in _SETS):
                raise _NotUnderstoodError
            found = self.character()
            if self.next() == "-" and self.text[self.at + 1 : self.at + 2] != "]":
                self.at += 1
                found = ((_only(found), _only(self.character())),)
            ranges += found
        made = tuple(ranges)
        return _Characters(_others(made) if negated else made)

    def character(self) -> _Ranges:
        if self.takes("\\"):
            return self.escape()
        letter = self.next()
        if not letter or letter in "*+?{":
            raise _NotUnderstoodError
        self.at += 1
        return ((ord(letter), ord(letter)),)

    def escape(self) -> _Ranges:
        letter = self.next()
        code = _CODE.match(self.text, self.at)
        if code is not None:
            self.at = code.end()
            number = int(code[1] or code[2], 16)
            if _SURROGATES[0] <= number <= _SURROGATES[1]:
                raise _NotUnderstoodError
            return ((number, number),)
        if not letter or (letter.isalnum() and letter not in _ESCAPES and letter.lower() not in _CLASSES):
            raise _NotUnderstoodError
        self.at += 1
        if letter.lower() in _CLASSES:
            ranges = _CLASSES[letter.lower()]
            return ranges if letter.islower() else _others(ranges)
        number = _ESCAPES.get(letter, ord(letter))
        return ((number, number),)


def _repeated(part: _Part, repeat: re.Match[str]) -> _Part:
    least, more, most, sign = repeat.groups()
    if sign is not None:
        return _Repeated(part, int(sign == "+"), 1 if sign == "?" else None)
    limit = int(least) if more is None else None if most is None else int(most)
    if limit is not None and limit < int(least):
        raise _NotUnderstoodError
    return _Repeated(part, int(least), limit)


def _only(ranges: _Ranges) -> int:
    (low, high), *more = ranges
    if more or low != high:
        raise _NotUnderstoodError
    return low


def _others(ranges: _Ranges) -> _Ranges:
    """All characters but these."""
    return tuple(_gaps(sorted(ranges)))


def _gaps(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    low = 0
    for begin, end in ranges:
        if low < begin:
            yield low, begin - 1
        low = max(low, end + 1)
    if low <= _LAST:
        yield low, _LAST
