"""Regular expressions for the strings that functions of the language distinguish."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = [
    "BLANK_EDGE",
    "NOT_BLANK",
    "any_case",
    "beginning_with",
    "decimals_pattern",
    "ending_with",
    "one_of",
    "pattern_of",
]

_BLANKS = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
NOT_BLANK = f"[^{_BLANKS}]"
"""Found in every string that trim() does not make empty."""
BLANK_EDGE = f"^[{_BLANKS}]|[{_BLANKS}]$"
"""Found in every string that trim() changes."""

_GLOB = {"*": r"[\s\S]*", "?": r"[\s\S]"}
_SPECIAL = re.compile(r"[.*+?^$()\[\]{}|\\/]")


def pattern_of(function: str, argument: str) -> str:
    """The pattern of the strings for which `starts_with`, `ends_with`, `like` or `matches` with `argument` is true."""
    match function:
        case "starts_with":
            return f"^{_quoted(argument)}"
        case "ends_with":
            return f"{_quoted(argument)}$"
        case "matches":
            return argument
    glob = argument.rstrip("*")
    body = "".join(_GLOB.get(character) or _quoted(character) for character in glob)
    return f"^{body}" if glob != argument else f"^{body}$"


def any_case(texts: Iterable[str]) -> str:
    """The pattern of these strings, with each ASCII letter in either case."""
    written = ("".join(map(_in_any_case, text)) for text in sorted(texts))
    return f"^(?:{'|'.join(written)})$"


def one_of(texts: Iterable[str]) -> str:
    """The pattern of these strings."""
    return f"^(?:{'|'.join(map(_quoted, sorted(texts)))})$"


def beginning_with(texts: Iterable[str]) -> str:
    """The pattern of strings that begin with one of these."""
    return one_of(texts).removesuffix("$")


def ending_with(texts: Iterable[str]) -> str:
    """The pattern of strings that end with one of these."""
    return one_of(texts).removeprefix("^")


def decimals_pattern(decimals: int) -> str:
    """The pattern of numbers with exactly this number of decimals."""
    return f"^-?(?:0|[1-9][0-9]*){f'[.][0-9]{{{decimals}}}' if decimals else ''}$"


def _in_any_case(letter: str) -> str:
    return f"[{letter.lower()}{letter.upper()}]" if letter.isascii() and letter.isalpha() else _quoted(letter)


def _quoted(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
