"""Explains YAML syntax errors by their cause rather than by the place where the parser gave up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from ..values.blanks import ODD_BLANKS, blank_in_words
from .scalars import BREAKS
from .yaml_words import in_words

if TYPE_CHECKING:
    from .text import Source

__all__ = ["SyntaxExplanation", "explained", "odd_indent"]

_ODD_BLANK = re.compile(f"([{ODD_BLANKS}])")
_ODD_INDENT = re.compile(rf"^[ \t]*+(?:- ++)*+(?:-|\w[\w -]*+:)?([{ODD_BLANKS}])", re.MULTILINE)
"""Such a character in the indentation of a line, after its hyphen, or right after the colon of its first key."""
_SLIPS = (
    (
        re.compile(r"^(?:(<{7}|>{7}) |(={7})$)", re.MULTILINE),
        "here begins or ends a part of a merge conflict",
        "decide for one of the versions, and remove the lines with such marks",
    ),
    (re.compile(r"(?:^ *|[,{\[] +)(//|/\*)", re.MULTILINE), "{0} begins no comment in YAML", "write # instead"),
    (
        re.compile(r"^ *(-)(?=[A-Za-z'\"{\[])", re.MULTILINE),
        "the - of an element of a list is followed by a space",
        "write a space after it, or quote a string that starts with -",
    ),
)
"""Patterns of common mistakes that a parser notices only further on, each with its cause and a hint."""
_ODD_BETWEEN = re.compile(rf"(?<=[-:,'\"\[\]{{}} ])([{ODD_BLANKS}])")
"""One beside a sign of YAML, or after a space."""
_OF_MARKS = ("while scanning an alias", "while scanning an anchor")
"""The contexts of errors after a `*` or `&`: they begin an alias or an anchor in YAML, and occur in expressions."""
_OF_TAGS = ("while scanning a tag", "while parsing a tag")
_OF_BLOCKS = ("while parsing a block mapping", "while parsing a block collection")
_OF_SCALARS = "while scanning a block scalar"
_OPERATORS = "|&=!<>"
_OPENING = {"]": "[", "}": "{"}
_QUOTES = {"'": "''", '"': '\\"'}
"""Each quote as it is written in a string in such quotes."""


@dataclass(frozen=True, slots=True)
class SyntaxExplanation:
    """An explanation that applies to the characters `start` to `end` (exclusive)."""

    start: int
    end: int
    reason: str
    hint: str | None


def odd_indent(source: Source, at: int) -> SyntaxExplanation | None:
    """Explains a character that only looks like a blank, if it stands right after the indentation of its line."""
    if source.text[at : at + 1] not in ODD_BLANKS:
        return None
    found = _ODD_INDENT.match(source.text, source.line_start(source.place(at, at).line))
    return _odd_blank(found) if found is not None and found.start(1) == at else None


def _odd_blank(odd: re.Match[str]) -> SyntaxExplanation:
    reason = f"{blank_in_words(odd[1])} is not a space in YAML"
    return SyntaxExplanation(
        odd.start(1), odd.end(1), reason, "write a space instead, or quote a string that starts with it"
    )


def explained(
    error: yaml.MarkedYAMLError, source: Source, at: int, context_at: int, opened: Sequence[int]
) -> SyntaxExplanation:
    """Explains a parser error at the offset `at`, found while reading the construct at `context_at`.

    `opened` are the offsets of the lists and objects that are not closed yet.
    """
    text = source.text
    said = " ".join(filter(None, (error.problem, error.context)))
    begun, hint = source.place(context_at, at).line, None
    in_scalar = error.context == _OF_SCALARS and "expected comment" in said
    starts = ("while scanning a simple key", *_OF_MARKS, *_OF_TAGS)
    if error.context in starts or in_scalar or (at == len(text) and context_at < at):
        at = context_at
    if (odd := _odd_indent_before(source, at) or _slip_before(source, at)) is not None:
        return odd
    character = text[at : at + 1]
    if character in ("[", "{") and (blank := _ODD_BLANK.match(text, at - 1)) is not None:
        return _odd_blank(blank)
    line_start = source.line_start(source.place(at, at).line)
    *_, between = [None, *_ODD_BETWEEN.finditer(text, line_start, at + 2)]
    if between is not None and error.context not in _OF_MARKS:
        return _odd_blank(between)
    is_after = error.context in _OF_BLOCKS and text[line_start:at].strip(" \t-") != ""
    reason, usual = in_words(
        f"{said} after a value" if is_after else said,
        character=character,
        two=text[at : at + 2],
        context=text[context_at : context_at + 1],
        where=f" that starts on line {begun}" if begun < source.place(at, at).line else "",
    )
    brackets = [start for start in opened if text.startswith(("[", "{"), start)]
    if character == "\t":
        reason, hint = "a tab cannot stand here", "YAML indents with spaces"
    elif "cannot start any token" in said:
        reason, hint = f"{character} cannot start a value", "quote a string that starts with it"
    elif error.context in _OF_MARKS:
        hint = f"quote a string that contains {character}"
    elif "unexpected ':'" in said or "escape" in said or "decimal num" in said:
        hint = usual
    elif error.context in _OF_TAGS:
        hint = "quote a string that starts with !"
    elif said.startswith("mapping values are not allowed"):
        hint = 'quote a string that contains ": "'
        if not brackets and ": " not in text[line_start:at]:
            hint = f"indent a key like those beside it, or {hint}"
    elif said.startswith("found unexpected end of stream") and character in ("'", '"'):
        hint = f"is the {character} closed?"
        if "(" in text[source.line_start(source.place(at, at).line) : at]:
            hint += " Where it is part of an expression, put the whole expression in quotes"
    elif "node content" in said and brackets and character in (",", "-") and brackets[-1] >= line_start:
        hint = f"leave the {character} out"
    elif "node content" not in said and _OPENING.get(character, "[{") not in ("[{", *(text[one] for one in brackets)):
        hint = f"no {_OPENING[character]} is open here: leave the {character} out"
    elif brackets or in_scalar or error.context in _OF_BLOCKS:
        hint = _unquoted(text[line_start:at], character, in_brackets=bool(brackets))
    if brackets and hint is None:
        hint = f"is the {text[brackets[-1]]} on line {source.place(brackets[-1], at).line} closed?"
    return SyntaxExplanation(at, at + (character not in BREAKS), reason, hint or usual)


def _unquoted(before: str, character: str, *, in_brackets: bool) -> str | None:
    """Says which string needs quotes, where YAML took its start, on the same line `before`, for a value of its own."""
    last = before.rstrip()[-1:]
    is_next = before[-1:] == last
    if not last or character in BREAKS:
        return None
    if last in _OPENING and (is_next or character in _OPERATORS):
        return f"quote a string that starts with {_OPENING[last]}"
    if character in ("[", "{") and last not in ",:[{-]}":
        return f"quote a string that contains {character}"
    if character == ":" and ": " in before[max(map(before.rfind, ",[{")) + 1 :]:
        return 'quote a string that contains ": "'
    if last in _QUOTES and before.count("(") > before.count(")"):
        return "quote a string that contains ,"
    if last in _QUOTES and is_next and character not in _OPERATORS:
        return f"write {_QUOTES[last]} for a {last} in a string in such quotes"
    if last in _QUOTES and (character in _OPERATORS or not in_brackets):
        return f"the string ends at the {last} before this: put all of it in quotes"
    if character in ("|", ">"):
        return f"quote a string that starts with {character}"
    return None


def _odd_indent_before(source: Source, at: int) -> SyntaxExplanation | None:
    """Explains such a character in a line, or in the last line with content before it."""
    *_, found = [None, *_ODD_INDENT.finditer(source.text, *_near(source, at))]
    return None if found is None else _odd_blank(found)


def _slip_before(source: Source, at: int) -> SyntaxExplanation | None:
    """Explains what is no YAML in a line; before its first value, also in the last line with content before it."""
    start, end = _near(source, at)
    own = source.line_start(source.place(at, at).line)
    for pattern, reason, hint in _SLIPS:
        for found in pattern.finditer(source.text, own if ": " in source.text[own:at] else start, end):
            first, last = found.span(found.lastindex or 0)
            return SyntaxExplanation(first, last, reason.format(source.text[first:last]), hint)
    return None


def _near(source: Source, at: int) -> tuple[int, int]:
    """The start and the end of a line together with the last line with content before it."""
    line = source.place(at, at).line
    while line > 1 and not source.line_text(line - 1).strip(" \t"):
        line -= 1
    start = source.line_start(max(line - 1, 1))
    end = source.line_start(line) + len(source.line_text(line)) if at >= start else start + 1
    return start, max(at + 1, end)
