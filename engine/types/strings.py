"""Types of strings: known ones, or all of a length in which patterns are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from ..patterns.parser import PatternError
from ..patterns.searching import found_in

__all__ = ["MAX_CONSTANTS", "StringType", "either_string", "matches", "string_of"]

MAX_CONSTANTS = 500
MAX_ALSO = 100


@dataclass(frozen=True, slots=True)
class StringType:
    """Strings of `least` to `most` characters, in which each of `patterns` is found and none of `avoids`.

    `values`: only these, which meet all other conditions; `excluded`: none of these; `also`: these in addition, even if
    they do not match the patterns. The patterns are regular expressions of JSON Schema.
    """

    values: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()
    least: int = 0
    most: int | None = None
    patterns: frozenset[str] = frozenset()
    avoids: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()


def string_of(values: frozenset[str]) -> StringType | None:
    """The type of these strings; None if there are none."""
    if not values:
        return None
    least, most = min(map(len, values)), max(map(len, values))
    return StringType(values if len(values) <= MAX_CONSTANTS else None, least=least, most=most)


def matches(text: StringType, value: str) -> bool:
    """Returns whether a string is of the type; a pattern that cannot be parsed counts as no condition."""
    if text.values is not None:
        return value in text.values
    return (
        value not in text.excluded
        and len(value) >= text.least
        and (text.most is None or len(value) <= text.most)
        and (not (text.patterns or text.avoids) or value in text.also or _fits_patterns(text, value))
    )


def _fits_patterns(text: StringType, value: str) -> bool:
    return all(_found(pattern, value) is not False for pattern in text.patterns) and all(
        _found(pattern, value) is not True for pattern in text.avoids
    )


def _found(pattern: str, value: str) -> bool | None:
    compiled = _compiled(pattern)
    return None if compiled is None else compiled(value)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Callable[[str], bool] | None:
    try:
        return found_in(pattern)
    except PatternError:
        return None


def either_string(a: StringType, b: StringType) -> StringType:
    """The union of two types of strings."""
    if a == b:
        return a
    most = None if a.most is None or b.most is None else max(a.most, b.most)
    if a.values is not None and b.values is not None:
        values = a.values | b.values
        if len(values) <= MAX_CONSTANTS:
            return StringType(values, least=min(a.least, b.least), most=most)
    if a.values is None and b.values is None:
        excluded = (a.excluded & b.excluded).union(
            (value for value in a.excluded - b.excluded if not matches(b, value)),
            (value for value in b.excluded - a.excluded if not matches(a, value)),
        )
        return _besides(
            StringType(None, excluded, min(a.least, b.least), most, a.patterns & b.patterns, a.avoids & b.avoids),
            a.also | b.also,
        )
    few, many = (a, b) if a.values is not None else (b, a)
    values = few.values or frozenset()
    wider = StringType(None, many.excluded - values, min(a.least, b.least), most, many.patterns, many.avoids)
    return _besides(wider, many.also | values)


def _besides(text: StringType, values: frozenset[str]) -> StringType:
    """The string type widened by these values: it keeps the patterns that all of them match."""
    if not text.patterns and not text.avoids:
        return text
    patterns = frozenset(pattern for pattern in text.patterns if all(_found(pattern, value) for value in values))
    avoids = frozenset(pattern for pattern in text.avoids if all(_found(pattern, value) is False for value in values))
    if patterns == text.patterns and avoids == text.avoids:
        return text
    return replace(text, also=values) if len(values) <= MAX_ALSO else replace(text, patterns=patterns, avoids=avoids)
