"""Types in words, for messages."""

from __future__ import annotations

from ..values.kinds import kind, shown, with_article
from .types import NumberType, Type

__all__ = ["describe"]


def describe(type_: Type) -> str:
    """The type in words, for messages: "a string or null", "one of 'a' and 'b'"."""
    if type_.any:
        return "any value"
    parts = _words(type_)
    if not parts:
        return "nothing"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def _words(type_: Type) -> list[str]:
    words = []
    for part in (type_.string, type_.number):
        if part is not None:
            if part.values is not None and len(part.values) <= 6:
                words += [shown(value, 40) for value in sorted(part.values)]
            elif isinstance(part, NumberType):
                words.append("a whole number" if part.integral else "a number")
            else:
                words.append("a string")
    if type_.booleans:
        words.append("a boolean" if len(type_.booleans) == 2 else str(True in type_.booleans).lower())
    if type_.array is not None:
        words.append(with_article(kind([])))
    if type_.objects:
        words.append(with_article(kind({})))
    if type_.null:
        words.append("null")
    return words
