"""The named parts of rule files: outlines, parts to fold, and parts to select around a position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast, get_args

from ..expressions.parser import parse
from ..expressions.syntax_errors import ExpressionError
from ..expressions.tree import walk
from ..source.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ..source.text import one_line
from .cursor import Cursor, cursor_at, offset_of, span_of
from .data import Fold, Position, Span, Symbol, SymbolKind
from .roles import ROOTS, Role
from .state import EditingState
from .tokens import lexed

__all__ = ["document_symbols", "folds", "project_symbols", "selections"]

_KINDS = frozenset(get_args(SymbolKind))
_MAX_FOUND = 500
_SHOWN = 60
_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def document_symbols(state: EditingState, path: Path) -> tuple[Symbol, ...]:
    """The named parts of a file, each with those in it; while it is broken, those of the last readable text."""
    kind, tree = state.kind(path), state.tree(path)
    if kind is None or tree is None:
        return ()
    inside = tuple(_symbols(tree, ROOTS[kind]))
    name = tree.get("name") or tree.get("workspace")
    if not isinstance(name, ScalarNode) or kind == "tests":
        return inside
    version = tree.get("version")
    whole = span_of(tree.source, tree.start, max(tree.end, name.end))
    detail = version.text if isinstance(version, ScalarNode) else ""
    return (Symbol(name.text, "mapping", detail, whole, _span(name), inside),)


def project_symbols(state: EditingState, query: str) -> tuple[tuple[Path, Symbol], ...]:
    """The named parts of all files, with their files, whose names have the letters of a query in this order."""
    wanted = re.compile(".*?".join(map(re.escape, query)), re.IGNORECASE | re.DOTALL)
    found = [
        (path, symbol)
        for path in state.files()
        if state.kind(path) is not None
        for symbol in _flat(document_symbols(state, path))
        if wanted.search(symbol.name)
    ]
    found.sort(key=lambda one: (query.casefold() not in one[1].name.casefold(), len(one[1].name)))
    return tuple(found[:_MAX_FOUND])


def _flat(symbols: tuple[Symbol, ...]) -> Iterator[Symbol]:
    for symbol in symbols:
        yield symbol
        yield from _flat(symbol.children)


def _symbols(node: Node, role: Role) -> Iterator[Symbol]:
    if isinstance(node, SequenceNode):
        for item in node.items:
            inner = role.item()
            name = item.get(inner.form.name) if inner.form is not None and isinstance(item, MappingNode) else None
            if inner.form is None or inner.form.name not in ("rule", "test") or not isinstance(name, ScalarNode):
                yield from _symbols(item, inner)
            elif item.start <= name.start:
                inside = _inside(_symbols(item, inner), item)
                kind = cast("SymbolKind", inner.form.name)
                yield Symbol(name.text, kind, _detail(item), _span(item), _span(name), inside)
    elif isinstance(node, MappingNode):
        for key, value in node.entries:
            inner = role.child(key.text)
            if role.names not in _KINDS:
                yield from _symbols(value, inner)
            elif value.start >= key.start:  # an alias stands elsewhere
                inside = _inside(_symbols(value, inner), value)
                whole = span_of(node.source, key.start, max(key.end, value.end))
                kind = cast("SymbolKind", role.names)
                yield Symbol(key.text, kind, _detail(value), whole, _span(key), inside)


def _inside(symbols: Iterator[Symbol], node: Node) -> tuple[Symbol, ...]:
    whole = _span(node)
    return tuple(one for one in symbols if whole.start <= one.span.start and one.span.end <= whole.end)


def _detail(node: Node) -> str:
    """The value of a name in a few words."""
    if isinstance(node, ScalarNode):
        text = one_line(node.text)
        return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    if isinstance(node, MappingNode):
        words = [(key, node.get(key)) for key in ("route", "output", "skip", "reject", "from", "each", "template")]
        given = [key if key in ("skip", "reject") else one.text for key, one in words if isinstance(one, ScalarNode)]
        return one_line(" \u2192 ".join(given))[:_SHOWN]
    return ""


def _span(node: Node) -> Span:
    return span_of(node.source, node.start, node.end)


# Folding


def folds(state: EditingState, path: Path) -> tuple[Fold, ...]:
    """The parts of a file that can be folded: values of several lines under their keys, and comments."""
    tree, source = state.tree(path), state.source(path)
    if state.kind(path) is None or tree is None or source is None:
        return ()
    ends: dict[int, int] = {}

    def add(first: Node, last: Node) -> None:
        start = first.source.place(first.start, first.start).line
        place = last.source.place(last.start, last.end)
        end = place.end_line - (place.end_column == 1)
        if end > start:
            ends[start] = max(end, ends.get(start, 0))

    pending: list[Node] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, MappingNode):
            for key, value in node.entries:
                if value.start >= key.start:
                    add(key, value)
                    pending.append(value)
        elif isinstance(node, SequenceNode):
            for item in node.items:
                add(item, item)
                pending.append(item)
    lines = [text.lstrip() for _, text in source.lines()]
    found = [Fold(start, end) for start, end in ends.items() if end <= len(lines)]
    return tuple(sorted([*found, *_comments(lines)]))


def _comments(lines: list[str]) -> Iterator[Fold]:
    start = None
    for number, line in enumerate([*lines, ""], 1):
        if line.startswith("#"):
            start = start or number
        elif start is not None:
            if number - start > 1:
                yield Fold(start, number - 1, is_comment=True)
            start = None


# Selecting


def selections(state: EditingState, path: Path, position: Position) -> tuple[Span, ...]:
    """The parts around a position, the innermost first: words, parts of expressions, values, entries, the file."""
    source, cursor = state.source(path), cursor_at(state, path, position)
    if source is None or cursor is None:
        return ()
    offset = offset_of(source, position)
    tree = state.present(path)
    wider = [*_in_text(cursor)]
    if tree is not None:
        wider += [span_of(source, start, end) for start, end in _around(tree, offset)]
    line = source.place(offset, offset).line
    if not wider:
        wider.append(Span(Position(line, 1), Position(line, len(source.line_text(line)) + 1)))
    wider.append(span_of(source, 0, len(source.text)))
    here = Position(line, source.place(offset, offset).column)
    found = [Span(here, here)]
    for span in sorted(wider, key=lambda one: (-one.start.line, -one.start.column, one.end)):
        if span != found[-1] and span.start <= found[-1].start and found[-1].end <= span.end:
            found.append(span)
    return tuple(found[1:])


def _in_text(cursor: Cursor) -> Iterator[Span]:
    """The parts of an expression or template around a position."""
    if cursor.kind not in ("expression", "template"):
        if cursor.text and cursor.kind in ("key", "value"):
            yield cursor.span_of(0, len(cursor.text))
        return
    parts = [(one.start, one.end) for one in lexed(cursor.text, cursor.kind)]
    if cursor.kind == "expression":
        with suppress(ExpressionError):
            parts += [(node["start"], node["end"]) for node in walk(parse(cursor.text).tree)]
    else:
        parts += [code.span() for code in _CODE.finditer(cursor.text)]
    around = {(start, end) for start, end in (*parts, (0, len(cursor.text))) if start <= cursor.offset <= end > start}
    for start, end in sorted(around, key=lambda one: one[1] - one[0]):
        yield cursor.span_of(start, end)


def _around(node: Node, offset: int) -> Iterator[tuple[int, int]]:
    """The nodes around an offset, and the entries of objects."""
    if not node.start <= offset <= node.end:
        return
    yield node.start, node.end
    if isinstance(node, MappingNode):
        for key, value in node.entries:
            end = max(key.end, value.end)
            if key.start <= offset <= end and value.start >= key.start:
                yield key.start, end
                yield from _around(key, offset)
                yield from _around(value, offset)
                break
    elif isinstance(node, SequenceNode):
        for item in node.items:
            if item.start <= offset <= item.end:
                yield from _around(item, offset)
                break
