"""The patterns of JSON Schemas, read: as jsonschema-rs reads them, and as every engine of ECMAScript would.

What goes beyond regular languages (references to groups, looking around) and what engines read differently is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "LAST",
    "Characters",
    "Choice",
    "Edge",
    "Part",
    "PatternError",
    "Ranges",
    "Repeated",
    "Sequence",
    "others",
    "read",
]

MAX_DEPTH = 40
LAST = 0x10FFFF
"""The last character."""
_SURROGATES = (0xD800, 0xDFFF)

Ranges = tuple[tuple[int, int], ...]
"""Characters, from one code to another."""

_DIGITS: Ranges = ((0x30, 0x39),)
_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_BLANKS: Ranges = (
    *((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
_LINE_END: Ranges = ((0x0A, 0x0A),)


class PatternError(ValueError):
    """The pattern has a part that is not understood; the text says which."""


@dataclass(frozen=True, slots=True)
class Characters:
    """One character of these."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Edge:
    """The start or the end of the text."""

    start: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one behind the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the parts."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """A part so many times; `most` None: without a bound."""

    part: Part
    least: int
    most: int | None


Part = Characters | Edge | Sequence | Choice | Repeated

_REPEAT = re.compile(r"(?:\{([0-9]{1,4})(,([0-9]{1,4})?)?\}|([*+?]))\??(?![*+?{])")
_ESCAPES = {"n": 0x0A, "t": 0x09, "r": 0x0D, "f": 0x0C, "v": 0x0B}
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _BLANKS}
_CODE = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})")
_SETS = ("[", "&&", "--", "~~")


def read(pattern: str) -> Part:
    """What a pattern consists of. Raises PatternError."""
    return _Reader(pattern).whole()


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.depth = 0

    def whole(self) -> Part:
        part = self.choice()
        if self.at < len(self.text):
            raise PatternError(f"{self.next()!r} closes nothing")
        return part

    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def takes(self, text: str) -> bool:
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def choice(self) -> Part:
        parts = [self.sequence()]
        while self.takes("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Part:
        parts = []
        while self.next() not in ("", "|", ")"):
            part = self.atom()
            repeat = _REPEAT.match(self.text, self.at)
            if repeat is not None:
                self.at = repeat.end()
                part = _repeated(part, repeat)
            elif self.next() in ("*", "+", "?", "{"):
                raise PatternError(f"{self.next()!r} does not say how often something is repeated")
            parts.append(part)
        return Sequence(tuple(parts))

    def atom(self) -> Part:
        if self.takes("("):
            plain = self.takes("?:") or self.next() != "?"
            self.depth += 1
            if not plain:
                raise PatternError("a group with '(?'")
            if self.depth > MAX_DEPTH:
                raise PatternError("groups are nested too deeply")
            part = self.choice()
            self.depth -= 1
            if not self.takes(")"):
                raise PatternError("a group is not closed")
            return part
        if self.takes("^"):
            return Edge(True)
        if self.takes("$"):
            return Edge(False)
        if self.takes("."):
            return Characters(others(_LINE_END))
        if self.takes("["):
            return self.characters()
        if self.next() and self.next() in "*+?{}]":
            raise PatternError(f"{self.next()!r} where there is nothing to repeat or to close")
        return Characters(self.character())

    def characters(self) -> Part:
        """What stands between brackets."""
        negated = self.takes("^")
        ranges: list[tuple[int, int]] = []
        while not self.takes("]"):
            if any(self.text.startswith(one, self.at) for one in _SETS):
                raise PatternError("a set inside of a set")
            found = self.character()
            if self.next() == "-" and self.text[self.at + 1 : self.at + 2] != "]":
                self.at += 1
                found = (_range(found, self.character()),)
            ranges += found
        if not ranges:
            raise PatternError("an empty set")
        made = tuple(ranges)
        return Characters(others(made) if negated else made)

    def character(self) -> Ranges:
        if self.takes("\\"):
            return self.escape()
        letter = self.next()
        if not letter:
            raise PatternError("it ends too early")
        self.at += 1
        return ((ord(letter), ord(letter)),)

    def escape(self) -> Ranges:
        letter = self.next()
        code = _CODE.match(self.text, self.at)
        if code is not None:
            self.at = code.end()
            number = int(code[1] or code[2], 16)
            if _SURROGATES[0] <= number <= _SURROGATES[1]:
                raise PatternError("half of a surrogate pair")
            return ((number, number),)
        if not letter or (letter.isalnum() and letter not in _ESCAPES and letter.lower() not in _CLASSES):
            raise PatternError(f"'\\{letter}'")
        self.at += 1
        if letter.lower() in _CLASSES:
            ranges = _CLASSES[letter.lower()]
            return ranges if letter.islower() else others(ranges)
        number = _ESCAPES.get(letter, ord(letter))
        return ((number, number),)


def _repeated(part: Part, repeat: re.Match[str]) -> Part:
    least, more, most, sign = repeat.groups()
    if sign is not None:
        return Repeated(part, int(sign == "+"), 1 if sign == "?" else None)
    limit = int(least) if more is None else None if most is None else int(most)
    if limit is not None and limit < int(least):
        raise PatternError("more times at least than at most")
    return Repeated(part, int(least), limit)


def _range(first: Ranges, last: Ranges) -> tuple[int, int]:
    (low, up), (down, high) = first[0], last[-1]
    if len(first) > 1 or len(last) > 1 or low != up or down != high or low > high:
        raise PatternError("a range that is none")
    return low, high


def others(ranges: Ranges) -> Ranges:
    """All characters but these."""
    return tuple(_gaps(sorted(ranges)))


def _gaps(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    low = 0
    for begin, end in ranges:
        if low < begin:
            yield low, begin - 1
        low = max(low, end + 1)
    if low <= LAST:
        yield low, LAST
