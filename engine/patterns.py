"""Regular expressions that say what functions of the language find in a text."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["NOT_BLANK", "implies", "pattern_of"]

NOT_BLANK = r"[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
"""Found in every text of which trim() leaves something."""
_EXCLUDING = re.compile(r"\[\^((?:\\.|[^\]\\])+)\]")

_GLOB = {"*": r"[\s\S]*", "?": r"[\s\S]"}
_SPECIAL = re.compile(r"[.*+?^$()\[\]{}|\\/]")


def pattern_of(function: str, argument: str) -> str:
    """The pattern of the texts for which `starts_with`, `ends_with` or `like` with this argument is true."""
    match function:
        case "starts_with":
            return f"^{_quoted(argument)}"
        case "ends_with":
            return f"{_quoted(argument)}$"
    glob = argument.rstrip("*")
    body = "".join(_GLOB.get(character) or _quoted(character) for character in glob)
    return f"^{body}" if glob != argument else f"^{body}$"


def implies(known: str, wanted: str) -> bool:
    """Whether each text in which one pattern is found has the other too, as far as that is easily told: they are the
    same, or both ask for a character that is none of some."""
    if known == wanted:
        return True
    few, many = _excluded(wanted), _excluded(known)
    return few is not None and many is not None and few <= many


@lru_cache(maxsize=64)
def _excluded(pattern: str) -> frozenset[str] | None:
    """The characters that a pattern such as `[^ab]` excludes; None for any other pattern."""
    match = _EXCLUDING.fullmatch(pattern)
    if match is None:
        return None
    try:
        return frozenset(re.findall(f"[{match[1]}]", "".join(map(chr, range(0x10000)))))
    except re.error:
        return None


def _quoted(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
