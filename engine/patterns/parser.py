"""Parses patterns of JSON Schemas: regular expressions of ECMA-262 with the flag `u`, as JSON Schema requires.

This module alone defines the syntax; no library is involved. Constructs that are not supported (references to groups,
properties other than those of Python's Unicode data) are refused. As without the flag, characters without a special
meaning may have a backslash before them, and `]` and `}` may stand alone.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "LAST",
    "Alternation",
    "Anchor",
    "CharacterSet",
    "Concatenation",
    "Group",
    "Lookaround",
    "PatternError",
    "PatternNode",
    "Ranges",
    "Repetition",
    "joined",
    "others",
    "read",
]

MAX_DEPTH = 40
MAX_TIMES = 9999
LAST = 0x10FFFF
"""The code point of the last character."""

Ranges = tuple[tuple[int, int], ...]
"""Ranges of characters: first and last code point of each."""

_DIGITS: Ranges = ((0x30, 0x39),)
_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_BLANKS: Ranges = (
    *((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
_LINE_ENDS: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))


class PatternError(ValueError):
    """A pattern with a construct that is not supported; the text says which."""


class CharacterSet(NamedTuple):
    """One character of a set."""

    ranges: Ranges


class Anchor(NamedTuple):
    """The start or the end of the string."""

    start: bool


class Concatenation(NamedTuple):
    """Nodes that match one after the other."""

    parts: tuple[PatternNode, ...]


class Alternation(NamedTuple):
    """Alternatives, of which one matches."""

    parts: tuple[PatternNode, ...]


class Repetition(NamedTuple):
    """A node that matches `least` to `most` times (None: without an upper bound); with `lazy`, as few as possible."""

    part: PatternNode
    least: int
    most: int | None
    lazy: bool = False


class Lookaround(NamedTuple):
    """A lookahead or lookbehind, possibly negated."""

    part: PatternNode
    ahead: bool
    negated: bool


class Group(NamedTuple):
    """A capturing group; only `read` with `groups` makes these nodes."""

    part: PatternNode


PatternNode = CharacterSet | Anchor | Concatenation | Alternation | Repetition | Lookaround | Group

_REPEAT = re.compile(r"(?:\{([0-9]+)(,([0-9]+)?)?\}|([*+?]))(\??)(?![*+?{])")
_LOOKS = {"?=": (True, False), "?!": (True, True), "?<=": (False, False), "?<!": (False, True)}
_GROUP_NAME = re.compile(r"\?<[A-Za-z_$][A-Za-z0-9_$]*>")
_ESCAPES = {"n": 0x0A, "t": 0x09, "r": 0x0D, "f": 0x0C, "v": 0x0B}
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _BLANKS}
_CODE = re.compile(
    r"x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,8})\}|u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})"
    r"|u([0-9A-Fa-f]{4})|c([A-Za-z])|(0)(?![0-9])"
)
_PROPERTY = re.compile(r"([pP])\{(?:(?:General_Category|gc)=)?([A-Za-z_]+)\}")


def read(pattern: str, *, groups: bool = False) -> PatternNode:
    """The syntax tree of a pattern, with `groups` including those that capture. Raises PatternError."""
    return _PatternParser(pattern, groups).whole()


class _PatternParser:
    def __init__(self, pattern: str, groups: bool) -> None:
        self.text = pattern
        self.groups = groups
        self.at = 0
        self.depth = 0

    def whole(self) -> PatternNode:
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

    def choice(self) -> PatternNode:
        parts = [self.sequence()]
        while self.takes("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Alternation(tuple(parts))

    def sequence(self) -> PatternNode:
        parts = []
        while self.next() not in ("", "|", ")"):
            part = self.atom()
            repeat = _REPEAT.match(self.text, self.at)
            if repeat is not None:
                self.at = repeat.end()
                if isinstance(part, Anchor | Lookaround):
                    raise PatternError("a repetition of what is no character")
                part = _repeated(part, repeat)
            elif self.next() in ("*", "+", "?", "{"):
                raise PatternError(f"{self.next()!r} does not say how often something is repeated")
            parts.append(part)
        return Concatenation(tuple(parts))

    def atom(self) -> PatternNode:
        if self.takes("("):
            captures = self.groups and (self.next() != "?" or _GROUP_NAME.match(self.text, self.at) is not None)
            look = self.opening()
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise PatternError("groups are nested too deeply")
            part = self.choice()
            self.depth -= 1
            if not self.takes(")"):
                raise PatternError("a group is not closed")
            if look is not None:
                return Lookaround(part, *look)
            return Group(part) if captures else part
        if self.takes("^"):
            return Anchor(True)
        if self.takes("$"):
            return Anchor(False)
        if self.takes("."):
            return CharacterSet(others(_LINE_ENDS))
        if self.takes("["):
            return self.characters()
        if self.takes("\\b"):
            return _EDGE_OF_WORD
        if self.takes("\\B"):
            return _NO_EDGE_OF_WORD
        if self.next() and self.next() in "*+?{":
            raise PatternError(f"{self.next()!r} where there is nothing to repeat")
        return CharacterSet(self.character())

    def opening(self) -> tuple[bool, bool] | None:
        """Reads the start of a group after its bracket; returns (ahead, negated) for a lookaround, else None."""
        for sign, look in _LOOKS.items():
            if self.takes(sign):
                return look
        if self.next() != "?" or self.takes("?:"):
            return None
        name = _GROUP_NAME.match(self.text, self.at)
        if name is None:
            raise PatternError("a group with '(?'")
        self.at = name.end()
        return None

    def characters(self) -> PatternNode:
        """Reads a character class between brackets."""
        negated = self.takes("^")
        ranges: list[tuple[int, int]] = []
        while not self.takes("]"):
            found = self.of_set()
            if self.next() == "-" and self.text[self.at + 1 : self.at + 2] != "]":
                self.at += 1
                found = (_range(found, self.of_set()),)
            ranges += found
        made = tuple(ranges)
        return CharacterSet(others(made) if negated else joined(made))

    def of_set(self) -> Ranges:
        return ((0x08, 0x08),) if self.takes("\\b") else self.character()

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
            number = _code_point(code)
            if number > LAST:
                raise PatternError(f"'\\{code[0]}' is beyond the last character")
            return ((number, number),)
        property_ = _PROPERTY.match(self.text, self.at)
        if property_ is not None:
            self.at = property_.end()
            ranges = _with_property(property_[2])
            return ranges if property_[1] == "p" else others(ranges)
        if letter in ("p", "P"):
            raise PatternError(f"'\\{letter}' with a property that is not known")
        if letter.isdecimal() or letter == "k":
            raise PatternError("a reference to a group")
        if not letter or (letter.isalnum() and letter not in _ESCAPES and letter.lower() not in _CLASSES):
            raise PatternError(f"'\\{letter}'")
        self.at += 1
        if letter.lower() in _CLASSES:
            ranges = _CLASSES[letter.lower()]
            return ranges if letter.islower() else others(ranges)
        number = _ESCAPES.get(letter, ord(letter))
        return ((number, number),)


def _repeated(part: PatternNode, repeat: re.Match[str]) -> PatternNode:
    least, more, most, sign, lazy = repeat.groups()
    if sign is not None:
        return Repetition(part, int(sign == "+"), 1 if sign == "?" else None, bool(lazy))
    if any(times is not None and (len(times) > 4 or int(times) > MAX_TIMES) for times in (least, most)):
        raise PatternError(f"more than {MAX_TIMES} times")
    limit = int(least) if more is None else None if most is None else int(most)
    if limit is not None and limit < int(least):
        raise PatternError("more times at least than at most")
    return Repetition(part, int(least), limit, bool(lazy))


def _range(first: Ranges, last: Ranges) -> tuple[int, int]:
    (low, up), (down, high) = first[0], last[-1]
    if len(first) > 1 or len(last) > 1 or low != up or down != high or low > high:
        raise PatternError("a range that is none")
    return low, high


def _code_point(code: re.Match[str]) -> int:
    """The code point of an escape."""
    two, braced, high, low, four, control, _ = code.groups()
    if high is not None:
        return 0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00)
    if control is not None:
        return ord(control) % 32
    return int(two or braced or four or "0", 16)


_BINARY: dict[str, Ranges] = {
    "Any": ((0, LAST),),
    "ASCII": ((0, 0x7F),),
    "ASCII_Hex_Digit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
    "AHex": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
    "White_Space": ((0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), *_BLANKS[2:-1]),
}
_CATEGORIES = {
    "Letter": "L",
    "Cased_Letter": "LC",
    "Uppercase_Letter": "Lu",
    "Lowercase_Letter": "Ll",
    "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm",
    "Other_Letter": "Lo",
    "Mark": "M",
    "Combining_Mark": "M",
    "Nonspacing_Mark": "Mn",
    "Spacing_Mark": "Mc",
    "Enclosing_Mark": "Me",
    "Number": "N",
    "Decimal_Number": "Nd",
    "digit": "Nd",
    "Letter_Number": "Nl",
    "Other_Number": "No",
    "Punctuation": "P",
    "punct": "P",
    "Connector_Punctuation": "Pc",
    "Dash_Punctuation": "Pd",
    "Open_Punctuation": "Ps",
    "Close_Punctuation": "Pe",
    "Initial_Punctuation": "Pi",
    "Final_Punctuation": "Pf",
    "Other_Punctuation": "Po",
    "Symbol": "S",
    "Math_Symbol": "Sm",
    "Currency_Symbol": "Sc",
    "Modifier_Symbol": "Sk",
    "Other_Symbol": "So",
    "Separator": "Z",
    "Space_Separator": "Zs",
    "Line_Separator": "Zl",
    "Paragraph_Separator": "Zp",
    "Other": "C",
    "Control": "Cc",
    "cntrl": "Cc",
    "Format": "Cf",
    "Surrogate": "Cs",
    "Private_Use": "Co",
    "Unassigned": "Cn",
}


@lru_cache(maxsize=32)
def _with_property(name: str) -> Ranges:
    """The characters that have a property of Unicode."""
    if name in _BINARY:
        return _BINARY[name]
    if name == "Assigned":
        return others(_by_category()["Cn"])
    short = _CATEGORIES.get(name, name)
    wanted = {"Lu", "Ll", "Lt"} if short == "LC" else {one for one in _by_category() if one.startswith(short)}
    if not wanted or len(short) > 2:
        raise PatternError(f"'\\p{{{name}}}': the property is not known")
    return joined(found for one in wanted for found in _by_category()[one])


@lru_cache(maxsize=1)
def _by_category() -> dict[str, Ranges]:
    """The characters of each general category."""
    found: dict[str, list[tuple[int, int]]] = {}
    start, before = 0, unicodedata.category("\0")
    for code in range(1, sys.maxunicode + 2):
        category = unicodedata.category(chr(code)) if code <= LAST else ""
        if category != before:
            found.setdefault(before, []).append((start, code - 1))
            start, before = code, category
    return {category: tuple(ranges) for category, ranges in found.items()}


_OF_WORD = CharacterSet(_WORD)
_BEHIND, _AHEAD = Lookaround(_OF_WORD, False, False), Lookaround(_OF_WORD, True, False)
_NOT_BEHIND, _NOT_AHEAD = Lookaround(_OF_WORD, False, True), Lookaround(_OF_WORD, True, True)
_EDGE_OF_WORD = Alternation((Concatenation((_BEHIND, _NOT_AHEAD)), Concatenation((_NOT_BEHIND, _AHEAD))))
_NO_EDGE_OF_WORD = Alternation((Concatenation((_BEHIND, _AHEAD)), Concatenation((_NOT_BEHIND, _NOT_AHEAD))))


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same characters as ordered ranges that do not overlap."""
    return others(others(tuple(ranges)))


def others(ranges: Ranges) -> Ranges:
    """The complement of a set of characters."""
    return tuple(_gaps(sorted(ranges)))


def _gaps(ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    low = 0
    for begin, end in ranges:
        if low < begin:
            yield low, begin - 1
        low = max(low, end + 1)
    if low <= LAST:
        yield low, LAST
