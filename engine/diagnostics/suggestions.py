"""Suggestions of known names for a misspelt one."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache

__all__ = ["Suggestion", "closest", "did_you_mean", "known_here"]


_LONGEST_NAME = 64


_FEW_NAMES = 32


_NEIGHBOURS = 6


_LISTED = 24


_CODE = re.compile(r"[A-Za-z](?=.*[0-9])[0-9OoIl]+")
"""A letter and a number: another number is another thing, not a slip."""
_DIGITS = str.maketrans("OoIl", "0011")


class Suggestion(str):
    """A hint that proposes to replace the text `old`, which stands once in the place of the Problem, by `new`."""

    old: str
    new: str

    @classmethod
    def of(cls, hint: str, old: str, new: str) -> str:
        """Creates a hint with this wording."""
        made = cls(hint)
        made.old, made.new = old, new
        return made


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name most similar to `name`, or None if none is similar.

    Of a long list, only those names are compared that are next to `name` when all are sorted, as they are or reversed.
    """
    if len(name) > _LONGEST_NAME:
        return None
    forwards, backwards, folded = _index(tuple(known))
    if (same := folded.get(name.casefold())) is not None:
        return same
    if _CODE.fullmatch(name):
        return folded.get(name[0].casefold() + name[1:].translate(_DIGITS))
    if len(name) < 2:  # one letter is similar to everything
        return None
    from difflib import get_close_matches

    if len(forwards) > _FEW_NAMES:
        ends = [text[::-1] for text in _neighbours(name[::-1], backwards)]
        forwards = sorted({*_neighbours(name, forwards), *ends})
    if len(name) < 3:
        forwards = [candidate for candidate in forwards if candidate[:1] == name[0]]
    near = get_close_matches(name, forwards, n=1, cutoff=0.6)
    return near[0] if near else None


@lru_cache(maxsize=8)
def _index(known: tuple[str, ...]) -> tuple[list[str], list[str], dict[str, str]]:
    """The names sorted, their reversals sorted, and the names by their case-folded text; too long ones are left out."""
    short = sorted({name for name in known if len(name) <= _LONGEST_NAME})
    return short, sorted(name[::-1] for name in short), {name.casefold(): name for name in short}


def _neighbours(name: str, ordered: list[str]) -> list[str]:
    at = bisect_left(ordered, name)
    return ordered[max(at - _NEIGHBOURS, 0) : at + _NEIGHBOURS]


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that suggests the known name most similar to `name`, or None if none is similar."""
    near = closest(name, known)
    return None if near is None else Suggestion.of(f"did you mean {near!r}?", name, near)


def known_here(names: Sequence[str]) -> str:
    """A hint that lists the known names, or the first of many."""
    return f"known here: {', '.join(names[:_LISTED])}{', ...' if len(names) > _LISTED else ''}"
