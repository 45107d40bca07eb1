"""Glob patterns: `*` matches any characters, also none, and `?` any single one."""

from __future__ import annotations

__all__ = ["MAX_WILD", "GlobError", "flaw_of", "is_long", "matches_glob"]

MAX_WILD = 1_000
"""The maximum length of a part between two `*` that contains a `?`: it can nearly match at every offset."""


class GlobError(ValueError):
    """The pattern is too long; the text says in which respect."""


def is_long(glob: str) -> bool:
    """Returns whether a pattern might be too long, also once it is case-folded."""
    return len(glob) * 3 > MAX_WILD


def flaw_of(glob: str) -> str | None:
    """Returns why a pattern is refused, in words; None if it is not."""
    if len(glob) > MAX_WILD and any("?" in piece and len(piece) > MAX_WILD for piece in glob.split("*")[1:-1]):
        return f"a pattern may have ? only in parts of at most {MAX_WILD} characters between two *"
    return None


def matches_glob(text: str, glob: str) -> bool:
    """Returns whether the whole string matches a pattern. Raises GlobError."""
    if (flaw := flaw_of(glob)) is not None:
        raise GlobError(flaw)
    first, *others = glob.split("*")
    if not others:
        return len(text) == len(first) and _fits(text, first, 0)
    *middle, last = others
    tail, at = len(text) - len(last), len(first)
    if tail < at or not _fits(text, first, 0) or not _fits(text, last, tail):
        return False
    for piece in middle:  # the first place where a piece fits leaves the most room for the following ones
        found = _find(text, piece, at, tail)
        if found is None:
            return False
        at = found + len(piece)
    return True


def _fits(text: str, piece: str, at: int) -> bool:
    """Returns whether a piece without `*` matches at an offset that leaves room for it."""
    if "?" not in piece:
        return text.startswith(piece, at)
    for part in piece.split("?"):
        if not text.startswith(part, at):
            return False
        at += len(part) + 1
    return True


def _find(text: str, piece: str, start: int, end: int) -> int | None:
    """The first offset in a range of the string at which a piece without `*` matches."""
    if "?" not in piece:
        found = text.find(piece, start, end)
        return None if found < 0 else found
    # Bit n says whether the first n characters of the piece match the last n that were read.
    anything = sum(1 << number for number, character in enumerate(piece) if character == "?")
    masks = dict.fromkeys(piece, anything)
    for number, character in enumerate(piece):
        if character != "?":
            masks[character] |= 1 << number
    whole, fitting = 1 << (len(piece) - 1), 0
    for number in range(start, end):
        fitting = (fitting << 1 | 1) & masks.get(text[number], anything)
        if fitting & whole:
            return number - len(piece) + 1
    return None
