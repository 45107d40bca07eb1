"""Patterns of JSON Schemas for Python: as its regular expressions, and as conditions on a text."""

from __future__ import annotations

import re
from math import prod

from ..languages import is_empty
from ..regular import LAST, Characters, Choice, Edge, Part, PatternError, Ranges, Repeated, Sequence, others, read
from .code import Pool

__all__ = ["fits_all", "portable", "search_code"]

_FEW = 10
_MOST_WAYS = 1000
_SIGNS = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}


def portable(pattern: str) -> str:
    """The same pattern for Python's `re`. Raises PatternError, also where it could be searched for without end."""
    part = read(pattern)
    _refuse_endless(part)
    return _python(part)


def search_code(pattern: str, text: str, pool: Pool) -> str | None:
    """Code for "the pattern is found in the text", which the variable `text` holds.

    None where it is not understood, or could take longer than in proportion to the text.
    """
    try:
        part = read(pattern)
    except PatternError:
        return None
    parts = part.parts if isinstance(part, Sequence) else (part,)
    if not parts:
        return "True"
    literal = _literal(parts)
    if literal is not None:
        return f"({literal!r} in {text})"
    start = _literal(parts[1:]) if parts[0] == Edge(True) else None
    if start is not None:
        return f"({text}[:{len(start)}] == {start!r})"
    if _ways(part) > _MOST_WAYS or _unbounded(part) > (parts[0] == Edge(True)):
        return None
    found = f"{pool.name('SEARCH', f'pattern({_python(part)!r})')}({text}) is not None"
    # Most texts begin with a character that such a class of a few others takes: two comparisons find that out.
    return f"('!' <= {text} < '\\x7f' or {found})" if _takes_printable(parts) else f"({found})"


def _literal(parts: tuple[Part, ...]) -> str | None:
    """The text that parts stand for, where that is one."""
    codes = [part.ranges[0][0] for part in parts if isinstance(part, Characters) and _is_one(part.ranges)]
    return "".join(map(chr, codes)) if parts and len(codes) == len(parts) else None


def _is_one(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def fits_all(language: str, pattern: str) -> bool | None:
    """Whether a pattern is found in all texts of a language, or in none; None where it depends or is not known."""
    if is_empty(frozenset({language}), frozenset({pattern})):
        return True
    return False if is_empty(frozenset({language, pattern}), frozenset()) else None


def _takes_printable(parts: tuple[Part, ...]) -> bool:
    """Whether it is one class of characters, among them all that ASCII prints but the blank."""
    (part, *more) = parts
    return (
        not more
        and isinstance(part, Characters)
        and any(low <= ord("!") and ord("~") <= high for low, high in part.ranges)
    )


# --- how long it takes


def _refuse_endless(part: Part) -> None:
    """Refuses what repeats a part that can fit one text in several ways."""
    match part:
        case Sequence(parts) | Choice(parts):
            for one in parts:
                _refuse_endless(one)
        case Repeated(one, _, most):
            if _is_open(one) and (most is None or most > _FEW):
                raise PatternError("a repetition of what can fit one text in several ways")
            _refuse_endless(one)


def _is_open(part: Part) -> bool:
    match part:
        case Sequence(parts):
            return any(map(_is_open, parts))
        case Repeated(one, least, most):
            return least != most or _is_open(one)
    return isinstance(part, Choice)


def _ways(part: Part) -> int:
    """In how many ways it may have to be tried at one place, unbounded repetitions aside."""
    match part:
        case Sequence(parts):
            return prod(map(_ways, parts))
        case Choice(parts):
            return sum(map(_ways, parts))
        case Repeated(Characters(), least, most):
            return 1 if most is None else most - least + 1
        case Repeated(one, _, most):
            return _ways(one) + 1 if most == 1 else _MOST_WAYS + 1
    return 1


def _unbounded(part: Part) -> int:
    """How many parts repeat without a bound."""
    match part:
        case Sequence(parts) | Choice(parts):
            return sum(map(_unbounded, parts))
        case Repeated(one, _, most):
            return (most is None) + _unbounded(one)
    return 0


# --- for Python


def _python(part: Part) -> str:
    match part:
        case Characters(ranges):
            return _class(ranges)
        case Edge(start):
            return r"\A" if start else r"\Z"
        case Sequence(parts):
            return "".join(f"(?:{_python(one)})" if isinstance(one, Choice) else _python(one) for one in parts)
        case Choice(parts):
            return "|".join(map(_python, parts))
        case Repeated(one, least, most):
            sign = _SIGNS.get((least, most), f"{{{least}}}" if least == most else f"{{{least},{most or ''}}}")
            return (_python(one) if isinstance(one, Characters) else f"(?:{_python(one)})") + sign
    raise AssertionError(part)


def _class(ranges: Ranges) -> str:
    if _is_one(ranges):
        return re.escape(chr(ranges[0][0]))
    negated = ranges[0][0] == 0 and ranges[-1][1] == LAST
    shown = others(ranges) if negated else ranges
    text = "".join(_shown(low) if low == high else f"{_shown(low)}-{_shown(high)}" for low, high in shown)
    return f"[{'^' if negated else ''}{text}]"


def _shown(code: int) -> str:
    """A character as it stands in a set."""
    character = chr(code)
    if character.isascii() and character.isalnum():
        return character
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
