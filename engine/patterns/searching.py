"""Searches for patterns: by a regular expression of Python if that takes linear time, else by an automaton.

The meaning of a pattern is defined in `parser`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any

from .automaton import Automaton
from .bits import bit_search, searcher
from .emptiness import machine_of
from .parser import (
    LAST,
    Alternation,
    Anchor,
    CharacterSet,
    Concatenation,
    Group,
    Lookaround,
    PatternError,
    PatternNode,
    Ranges,
    Repetition,
    others,
    read,
)

__all__ = ["found_in", "is_linear", "is_long_for", "only_match", "prepared", "python_text", "repeats", "ways"]

_MOST_WAYS = 1000
_MAX_WORK = 20_000_000
_SIGNS = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}


@lru_cache(maxsize=1024)
def prepared(pattern: str) -> Any:
    """The argument of `automaton.searcher` for a pattern. Raises PatternError if the pattern is not supported."""
    part = read(pattern)
    if is_linear(part):
        return python_text(part)
    machine = machine_of(part)
    return machine.moves, machine.skips, machine.last


@lru_cache(maxsize=1024)
def found_in(pattern: str) -> Callable[[str], bool]:
    """A function that returns whether a pattern is found in a string. Raises PatternError."""
    return searcher(prepared(pattern))


def is_long_for(text: str, pattern: str) -> bool:
    """Returns whether a search could take long: a character goes through all states of some patterns, one by one."""
    return len(text) * _states(pattern) > _MAX_WORK


@lru_cache(maxsize=1024)
def _states(pattern: str) -> int:
    """The number of states that a character can go through one by one."""
    wanted = prepared(pattern)
    if isinstance(wanted, str) or bit_search(Automaton(*wanted)) is not None:
        return 1
    return len(wanted[0])


def only_match(pattern: str) -> str | None:
    """The only string that a pattern such as `^abc$` matches; None for patterns of another form."""
    try:
        part = read(pattern)
    except PatternError:
        return None
    parts = part.parts if isinstance(part, Concatenation) else ()
    if parts[:1] != (Anchor(True),) or parts[-1:] != (Anchor(False),):
        return None
    points = [one.ranges[0] for one in parts[1:-1] if isinstance(one, CharacterSet) and len(one.ranges) == 1]
    is_text = len(points) == len(parts) - 2 and all(first == last for first, last in points)
    return "".join(chr(first) for first, _ in points) if is_text else None


# --- how long it takes


def is_linear(part: PatternNode) -> bool:
    """Returns whether Python searches for a pattern in linear time."""
    parts = part.parts if isinstance(part, Concatenation) else (part,)
    is_anchored = bool(parts) and parts[0] == Anchor(True)
    return ways(part) <= _MOST_WAYS and repeats(part, is_anchored) <= is_anchored


def ways(part: PatternNode) -> int:
    """The number of ways in which the pattern can match at one offset, unbounded repetitions aside."""
    match part:
        case Concatenation(parts):
            return prod(map(ways, parts))
        case Alternation(parts):
            return sum(map(ways, parts))
        case Repetition(CharacterSet(), least, most):
            return 1 if most is None else most - least + 1
        case Repetition(one, _, most):
            return ways(one) + 1 if most == 1 else _MOST_WAYS + 1
        case Lookaround(one) | Group(one):
            return ways(one)
    return 1


def repeats(part: PatternNode, is_anchored: bool) -> int:
    """The number of unbounded repetitions. A lookaround that is tried once only adds its own time."""
    match part:
        case Concatenation(parts) | Alternation(parts):
            return sum(repeats(one, is_anchored) for one in parts)
        case Repetition(one, _, most):
            return (most is None) + repeats(one, False)
        case Group(one):
            return repeats(one, is_anchored)
        case Lookaround(one):
            count = repeats(one, False)
            return 0 if is_anchored and count == 1 else 2 * count
    return 0


# --- for Python


def python_text(part: PatternNode) -> str:
    """A pattern as a regular expression of Python. Raises PatternError."""
    match part:
        case CharacterSet(ranges):
            return _class(ranges)
        case Anchor(start):
            return r"\A" if start else r"\Z"
        case Lookaround(one, ahead, negated):
            if not ahead and _width(one) is None:
                raise PatternError("it looks behind for strings of several lengths")
            return f"(?{'' if ahead else '<'}{'!' if negated else '='}{python_text(one)})"
        case Concatenation(parts):
            return "".join(
                f"(?:{python_text(one)})" if isinstance(one, Alternation) else python_text(one) for one in parts
            )
        case Alternation(parts):
            return "|".join(map(python_text, parts))
        case Group(one):
            return f"({python_text(one)})"
        case Repetition(one, least, most, lazy):
            sign = _SIGNS.get((least, most), f"{{{least}}}" if least == most else f"{{{least},{_times(most)}}}")
            sign += "?" if lazy and sign else ""
            return (python_text(one) if isinstance(one, CharacterSet) else f"(?:{python_text(one)})") + sign
    raise AssertionError(part)


def _times(most: int | None) -> str:
    return "" if most is None else str(most)


def _width(part: PatternNode) -> int | None:
    """The number of characters that a node matches; None if that varies."""
    match part:
        case CharacterSet():
            return 1
        case Concatenation(parts):
            widths = [_width(one) for one in parts]
            return None if None in widths else sum(width or 0 for width in widths)
        case Alternation(parts):
            found = {_width(one) for one in parts}
            return found.pop() if len(found) == 1 else None
        case Repetition(one, least, most):
            width = _width(one)
            return None if width is None or least != most else width * least
    return 0


def _class(ranges: Ranges) -> str:
    if not ranges:
        return "(?!)"
    if ranges[0] == (ranges[0][0], ranges[0][0]) and len(ranges) == 1:
        return re.escape(chr(ranges[0][0]))
    negated = ranges[0][0] == 0 and ranges[-1][1] == LAST
    shown = others(ranges) if negated else ranges
    if not shown:
        return r"[\s\S]"
    text = "".join(_shown(low) if low == high else f"{_shown(low)}-{_shown(high)}" for low, high in shown)
    return f"[{'^' if negated else ''}{text}]"


def _shown(code: int) -> str:
    """A character as written in a character class."""
    character = chr(code)
    if character.isascii() and character.isalnum():
        return character
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
