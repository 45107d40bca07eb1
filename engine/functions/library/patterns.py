"""Functions of regular expressions, in time in proportion to the text."""

from __future__ import annotations

import re

from ...patterns.matching import Matcher, Spans, TextTooLongError, matcher_of
from ...patterns.parser import PatternError
from ...patterns.searching import found_in, is_long_for
from ..errors import FunctionError, bounded
from ..registry import example, function, null_gives_null

__all__: list[str] = []

_TAKES_NOT = "{}() cannot take the text: {}"
_REFERENCE = re.compile(r"\$([$&1-9])")


@function(
    "matches(text: string|null, pattern: string) -> boolean|null",
    "True if the [pattern](language/expressions.md#patterns) is found in the string; `^` and `$` tie it to the ends.",
    example("matches('order-1042', '^order-[0-9]+$')", True),
    example("matches('re-order', '^order')", False),
)
@null_gives_null
def _func_matches(text: str, pattern: str) -> bool:
    try:
        if not is_long_for(text, pattern):
            return found_in(pattern)(text)
    except PatternError as error:
        raise _unusable("matches", error) from None
    raise FunctionError(_TAKES_NOT.format("matches", f"the text has {len(text)} characters, too many for this pattern"))


@function(
    "extract(text: string|null, pattern: string) -> string|null",
    "What the first group of the [pattern](language/expressions.md#patterns) captures where it first matches, without "
    "a group the whole match; null if there is none.",
    example("extract('order-1042', '[0-9]+')", "1042"),
    example("extract('https://example.org/de/shop', '//[^/]+/([a-z]{2})/')", "de"),
    example("extract('none', '[0-9]+')", None),
)
@null_gives_null
def _func_extract(text: str, pattern: str) -> str | None:
    try:
        matcher = _matcher("extract", pattern)
        spans = next(matcher.matches(text), None)
    except TextTooLongError as error:
        raise FunctionError(_TAKES_NOT.format("extract", error)) from None
    return None if spans is None else _captured(text, spans, min(matcher.groups, 1))


@function(
    "replace_matches(text: string|null, pattern: string, replacement: string) -> string|null",
    "The string with each match of the [pattern](language/expressions.md#patterns) replaced. In the replacement `$1` "
    "to `$9` stand for what the groups capture, `$&` for the whole match and `$$` for `$`.",
    example("replace_matches('a  b c', ' +', ' ')", "a b c"),
    example("replace_matches('2026-01-31', '([0-9]+)-([0-9]+)-([0-9]+)', '$3.$2.$1')", "31.01.2026"),
)
@null_gives_null
def _func_replace_matches(text: str, pattern: str, replacement: str) -> str:
    matcher = _matcher("replace_matches", pattern)
    parts = _REFERENCE.split(replacement)  # texts and references in turn
    missing = next((part for part in parts[1::2] if part.isdigit() and int(part) > matcher.groups), None)
    if missing is not None:
        raise FunctionError(f"the pattern of replace_matches() has no group {missing}")
    pieces, done, size = [], 0, len(text)
    try:
        for spans in matcher.matches(text):
            made = "".join(
                part if number % 2 == 0 else _referred(text, spans, part) for number, part in enumerate(parts)
            )
            size += len(made)
            bounded("replace_matches", size)
            pieces += [text[done : spans[0]], made]
            done = spans[1]
    except TextTooLongError as error:
        raise FunctionError(_TAKES_NOT.format("replace_matches", error)) from None
    return "".join([*pieces, text[done:]])


def _referred(text: str, spans: Spans, reference: str) -> str:
    if reference == "$":
        return "$"
    return _captured(text, spans, 0 if reference == "&" else int(reference)) or ""


def _captured(text: str, spans: Spans, group: int) -> str | None:
    """The part of the text that a group captured, of group 0 the whole match; None where it took no part."""
    start, end = spans[2 * group : 2 * group + 2]
    return None if start < 0 else text[start:end]


def _matcher(name: str, pattern: str) -> Matcher:
    try:
        return matcher_of(pattern)
    except PatternError as error:
        raise _unusable(name, error) from None


def _unusable(name: str, error: PatternError) -> FunctionError:
    return FunctionError(f"the pattern of {name}() cannot be used: {error}")
