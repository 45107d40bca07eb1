"""Patterns of JSON Schemas for Python's `re`: the part that means the same there, in bounded time.

Everything else is refused, so that no pattern finds more or less in a standalone module than elsewhere.
"""

from __future__ import annotations

import re

__all__ = ["PatternError", "portable"]

_BLANKS = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_SETS = {"d": "0-9", "w": "0-9A-Za-z_", "s": _BLANKS}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_CODE = re.compile(r"u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})")
_COUNT = re.compile(r"([*+?])|\{([0-9]{1,4})(,)?([0-9]{1,4})?\}")
_FEW = 10


class PatternError(ValueError):
    """The pattern has a part that could mean something else in Python, or that could be searched for without end."""


def portable(pattern: str) -> str:
    """The same pattern for Python's `re`. Raises PatternError."""
    reader = _Reader(pattern)
    text, _ = reader.alternatives()
    if reader.at < len(pattern):
        raise PatternError(f"{pattern[reader.at]!r} closes nothing")
    return text


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        if self.at == len(self.pattern):
            raise PatternError("it ends too early")
        self.at += 1
        return self.pattern[self.at - 1]

    def alternatives(self) -> tuple[str, bool]:
        """Alternatives up to a closing bracket, and whether they can fit one text in several ways."""
        text, is_open = self.sequence()
        while self.peek() == "|":
            self.take()
            text, is_open = f"{text}|{self.sequence()[0]}", True
        return text, is_open

    def sequence(self) -> tuple[str, bool]:
        parts, is_open = [], False
        while self.peek() not in ("", "|", ")"):
            part, inner_open = self.atom()
            count = _COUNT.match(self.pattern, self.at)
            if count is not None:
                self.at = count.end()
                sign, least, comma, most = count.groups()
                unlimited = sign in ("*", "+") or (comma is not None and most is None)
                is_open = is_open or unlimited or sign == "?" or comma is not None
                if inner_open and (unlimited or int(most or least or 0) > _FEW):
                    raise PatternError(f"a repetition in what {count.group()!r} repeats")
                part += count.group()
                if self.peek() == "?":
                    part += self.take()
            parts.append(part)
            is_open = is_open or inner_open
        return "".join(parts), is_open

    def atom(self) -> tuple[str, bool]:
        character = self.take()
        match character:
            case "(":
                if self.peek() == "?" and (self.take(), self.take()) != ("?", ":"):
                    raise PatternError("a group with '(?'")
                text, is_open = self.alternatives()
                if self.take() != ")":
                    raise PatternError("a group is not closed")
                return f"(?:{text})", is_open
            case "[":
                return self.set(), False
            case "^":
                return r"\A", False
            case "$":
                return r"\Z", False
            case ".":
                return r"[^\n]", False
            case "\\":
                following = self.peek()
                if following.lower() in _SETS:
                    self.take()
                    return f"[{'^' if following.isupper() else ''}{_SETS[following.lower()]}]", False
                return re.escape(self.escaped()), False
            case "*" | "+" | "?" | "{" | "}" | "]":
                raise PatternError(f"{character!r} where nothing can be repeated")
        return re.escape(character), False

    def escaped(self) -> str:
        """The one character that stands behind a backslash."""
        code = _CODE.match(self.pattern, self.at)
        if code is not None:
            self.at = code.end()
            number = int(code[1] or code[2], 16)
            if 0xD800 <= number < 0xE000:
                raise PatternError("half of a surrogate pair")
            return chr(number)
        character = self.take()
        if character in _CONTROLS:
            return _CONTROLS[character]
        if not character.isascii() or character.isalnum():
            raise PatternError(f"'\\{character}'")
        return character

    def set(self) -> str:
        """A set of characters, up to its closing bracket."""
        negated = self.peek() == "^"
        if negated:
            self.take()
        parts: list[str] = []
        while self.peek() != "]":
            first = self.member()
            if self.peek() != "-" or self.pattern[self.at : self.at + 2] == "-]":
                parts.append(first)
                continue
            self.take()
            last = self.member()
            if len(first) > 2 or len(last) > 2:
                raise PatternError("a range of sets")
            parts.append(f"{first}-{last}")
        self.take()
        if not parts:
            raise PatternError("an empty set")
        return f"[{'^' if negated else ''}{''.join(parts)}]"

    def member(self) -> str:
        character = self.take()
        if character in "[&~|":
            raise PatternError(f"{character!r} in a set")
        if character != "\\":
            return _quoted(character)
        if self.peek() in _SETS:
            return _SETS[self.take()]
        return _quoted(self.escaped())


def _quoted(character: str) -> str:
    """A character as it stands in a set."""
    return f"\\{character}" if character in "\\]^-[&~|" else character
