"""Regular expressions that say what functions of the language find in a text."""

from __future__ import annotations

import re

__all__ = ["pattern_of"]

_GLOB = {"*": r"[\s\S]*", "?": r"[\s\S]"}
_SPECIAL = re.compile(r"[.*+?^$()\[\]{}|\\/]")


def pattern_of(function: str, argument: str) -> str:
    """The pattern of the texts for which `starts_with`, `ends_with` or `like` with this argument is true."""
    match function:
        case "starts_with":
            return f"^{_quoted(argument)}"
        case "ends_with":
            return f"{_quoted(argument)}$"
    glob = re.sub(r"\*+$", "", argument)
    body = "".join(_GLOB.get(character) or _quoted(character) for character in glob)
    return f"^{body}" if glob != argument else f"^{body}$"


def _quoted(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
