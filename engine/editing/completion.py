"""The texts that can be written at a position of a rule file, the best first, even if the file is broken there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from ..golden.rewrite import inline
from ..source.scalars import resolve
from .analysis import Analysis, analysis_of
from .completing import Insertion, in_expression, in_template
from .cursor import Cursor, cursor_at
from .data import Completion, Position, Span
from .naming import Name, code_names, keys_at, values_at
from .state import EditingState

__all__ = ["completions"]

_ALLOWANCE = re.compile(r"#[ \t]*moemap:[ \t]*(?:(?P<word>[a-z]*)|allow[ \t]+(?:M[0-9]{3},[ \t]*)*(?P<code>M?[0-9]*))$")
_BREAKS_PLAIN = re.compile(r":(?=\s|$)|\s#|[,\[\]{}\r\n]")
_PLAIN = re.compile(r"[\w./$][\w./@$+-]*")
_BLANK = re.compile(r"[ \t-]*")
_COLON = re.compile(r"[ \t]*:")
_FOUND_FIRST = 1_000
_KEYS_FIRST = 100


def completions(state: EditingState, path: Path, position: Position) -> tuple[Completion, ...]:
    """The texts that can be written at a position."""
    cursor = cursor_at(state, path, position)
    if cursor is None:
        return ()
    if cursor.kind == "comment":
        return tuple(_in_comment(state, cursor))
    main = next(iter(state.mains(cursor.path)), None)
    analysis = None if main is None else analysis_of(state, main)
    found: Iterator[Completion] = iter(())
    if cursor.kind == "key" or (cursor.kind == "expression" and cursor.role.form and _begins_line(state, cursor)):
        found = _keys(state, cursor, keys_at(state, cursor, analysis))
    if cursor.kind == "value":
        found = _values(state, cursor, values_at(state, cursor, analysis))
    if analysis is not None and cursor.kind in ("expression", "template"):
        found = chain(found, _inserted(state, cursor, analysis))
    return tuple(one for one in found if one.span.start.line == one.span.end.line == cursor.position.line)


def _begins_line(state: EditingState, cursor: Cursor) -> bool:
    """Returns whether there is nothing but dashes before a plain value on its line."""
    if cursor.node is not None and cursor.node.style:
        return False
    start = cursor.span_of(0, 0).start
    source = state.source(cursor.path)
    return source is not None and _BLANK.fullmatch(source.line_text(start.line)[: start.column - 1]) is not None


def _keys(state: EditingState, cursor: Cursor, names: Iterable[Name]) -> Iterator[Completion]:
    """Keys, with the colon that follows them unless it is there."""
    span = cursor.span
    source = state.source(cursor.path)
    after = "" if source is None else source.line_text(span.end.line)[span.end.column - 1 :]
    colon = "" if _COLON.match(after) else ": "
    for rank, name in enumerate(names):
        text = _yaml(name.value) + colon
        yield Completion(str(name.value), name.kind, span, text, name.detail, name.documentation, rank)


def _values(state: EditingState, cursor: Cursor, names: Iterable[Name]) -> Iterator[Completion]:
    """Values as YAML, inside of the quotes if there are any."""
    quote = _quote(state, cursor)
    seen: set[str] = set()
    for rank, name in enumerate(names):
        label = name.value if isinstance(name.value, str) else json.dumps(name.value)
        if label not in seen and (text := _escaped(label, quote) if quote else _yaml(name.value)):
            seen.add(label)
            span = cursor.span_of(0, len(cursor.text)) if quote else cursor.span
            yield Completion(label, name.kind, span, text, name.detail, name.documentation, rank)


def _yaml(value: Any) -> str:
    """A value as it is written in YAML, without quotes where it needs none."""
    is_plain = isinstance(value, str) and _PLAIN.fullmatch(value) is not None and resolve(value) == value
    return str(value) if is_plain else inline(value)


def _inserted(state: EditingState, cursor: Cursor, analysis: Analysis) -> Iterator[Completion]:
    """Parts of an expression or a template, as written in the scalar around it."""
    context = analysis.scopes.at(state.tree(cursor.path), cursor.keys)
    make = in_template if cursor.kind == "template" else in_expression
    quote = _quote(state, cursor)
    for one in make(analysis, context, cursor.text, cursor.offset):
        text = _written(cursor, one, quote)
        if text is not None:
            span = cursor.span_of(one.start, one.end)
            yield Completion(one.label, one.kind, span, text, one.detail, one.documentation, _KEYS_FIRST + one.rank)


def _written(cursor: Cursor, one: Insertion, quote: str) -> str | None:
    """The text of an insertion in the scalar of the cursor; None if it cannot stand there."""
    if quote:
        return _escaped(one.text, quote)
    is_block = "\n" in cursor.text or (cursor.node is not None and cursor.node.style in ("|", ">"))
    begins = one.start == 0 and one.text[:1] in "\"'`"
    return None if not is_block and (begins or _BREAKS_PLAIN.search(one.text)) else one.text


def _quote(state: EditingState, cursor: Cursor) -> str:
    """The quote that the scalar at a cursor begins with, if any."""
    if cursor.node is not None:
        return cursor.node.style if cursor.node.style in ('"', "'") else ""
    start = cursor.span_of(0, 0).start
    source = state.source(cursor.path)
    before = "" if source is None else source.line_text(start.line)[max(start.column - 2, 0) : start.column - 1]
    return before if before in ('"', "'") else ""


def _escaped(text: str, quote: str) -> str:
    return text.replace("'", "''") if quote == "'" else json.dumps(text, ensure_ascii=False)[1:-1]


def _in_comment(state: EditingState, cursor: Cursor) -> Iterator[Completion]:
    """The codes that a comment can allow: first those of the problems of its line, or of the line below it."""
    typed = _ALLOWANCE.search(cursor.text[: cursor.offset])
    if typed is None:
        return
    start = cursor.offset - len(typed["word"] if typed["code"] is None else typed["code"])
    span = Span(Position(cursor.position.line, cursor.position.column - (cursor.offset - start)), cursor.position)
    if typed["code"] is None:
        yield Completion("allow", "key", span, "allow ", "with codes and a reason")
        return
    problems = state.diagnostics(cursor.path).get(cursor.path, ())
    lines = (cursor.position.line, cursor.position.line + 1)
    here = {one.code for one in problems if one.place is not None and one.place.line in lines}
    for rank, name in enumerate(code_names()):
        first = 0 if name.value in here else _FOUND_FIRST
        text = f"{name.value} because "
        yield Completion(name.value, name.kind, span, text, name.detail, name.documentation, first + rank)
