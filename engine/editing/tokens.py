"""The parts of expressions and templates, for their colours, even if they cannot be parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from jinja2 import TemplateSyntaxError

from ..expressions.parser import parse, tokens_of
from ..expressions.syntax_errors import ExpressionError
from ..source.nodes import ScalarNode
from ..source.scalars import character_spans
from ..templates import compile as compile_template
from ..templates.parser import tokens_of as template_tokens_of
from ..templates.template import TemplateError
from .data import Token, TokenType
from .roles import ROOTS, parts_of
from .state import EditingState

__all__ = ["Lexeme", "lexed", "tokens"]


class Lexeme(NamedTuple):
    """A part of an expression or template: offsets into its text."""

    start: int
    end: int
    type: TokenType


_OPERATORS = {"eq", "ne", "lt", "lte", "gt", "gte", "and", "or", "not", "pipe", "star", "flatten", "expref", "current"}
_OPERATORS |= {"assign"}
_LEXEMES = re.compile(
    r"""(?P<string>'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?)"""
    r"""|(?P<name>"(?:[^"\\]|\\.)*"?|[A-Za-z_][A-Za-z0-9_]*)|(?P<variable>\$[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<number>-?[0-9]+)|(?P<operator>\|\||&&|[=!<>]=|\[\]|[<>!|*&@=])""",
    re.DOTALL,
)
_TEMPLATE_LEXEMES = re.compile(
    r"""(?P<string>'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9]+(?:\.[0-9]+)?)"""
    r"""|(?P<operator>[=!<>]=|[<>~|])""",
    re.DOTALL,
)
_CODE = re.compile(r"\{\{(.*?)(?:\}\}|\Z)|\{%(.*?)(?:%\}|\Z)", re.DOTALL)
_KEYWORDS = {"if", "elif", "else", "endif", "and", "or", "not", "is", "in", "true", "false", "none"}


def tokens(state: EditingState, path: Path) -> tuple[Token, ...]:
    """The parts of all expressions and templates of a file, in order; while it is broken, of the last readable text."""
    kind, tree, source = state.kind(path), state.tree(path), state.source(path)
    if kind is None or tree is None or source is None:
        return ()
    before, now = tree.source.text, source.text
    same, same_end = _alike(before, now), 0
    if before != now:
        same_end = min(_alike(before[::-1], now[::-1]), len(before) - same, len(now) - same)
    found: set[Token] = set()
    for part in parts_of(tree, ROOTS[kind]):
        node = part.node
        if part.is_key or not isinstance(node, ScalarNode) or part.role.scalar == "value" or node.style is None:
            continue
        if not isinstance(node.value, str):
            continue
        moved = 0
        if node.end > same or (before is not now and node.end == same < len(before)):
            if node.start < len(before) - same_end:
                continue
            moved = len(now) - len(before)
        spans = character_spans(before, node.start, node.end, node.style, node.text)
        for lexeme in lexed(node.text, part.role.scalar) if spans is not None else ():
            for start, end in _on_lines(spans or [], lexeme, before):
                place = source.place(start + moved, end + moved)
                found.add(Token(place.line, place.column, end - start, lexeme.type))
    return tuple(sorted(found))


def _alike(one: str, other: str) -> int:
    """The number of equal characters at the start of two texts."""
    if one == other:
        return len(one)
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _on_lines(spans: list[tuple[int, int]], lexeme: Lexeme, text: str) -> Iterator[tuple[int, int]]:
    """The parts of a lexeme in the file, each on one line."""
    start = end = spans[lexeme.start][0]
    for first, last in spans[lexeme.start : lexeme.end]:
        if "\n" in text[end:last] or "\r" in text[end:last]:
            if start < end:
                yield start, end
            start = last
        elif first != end and start == end:
            start = first
        end = last
    if start < end:
        yield start, end


def lexed(text: str, kind: Literal["expression", "template", "value"]) -> tuple[Lexeme, ...]:
    """The parts of an expression or template, in order: names, literals and operators, not brackets and dots."""
    return tuple(_expression(text) if kind == "expression" else _template(text))


def _expression(text: str) -> Iterator[Lexeme]:
    if not text.strip():
        return
    try:
        found = [(token["type"], token["start"], token["end"]) for token in tokens_of(text)][:-1]
    except ExpressionError:
        found = [(str(one.lastgroup), one.start(), one.end()) for one in _LEXEMES.finditer(text)]
    try:
        roots = {use.start for use in parse(text).roots}
    except ExpressionError:
        roots = None
    for number, (type_, start, end) in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else ("", len(text), len(text))
        if type_.endswith("_identifier") or type_ == "name":
            before = text[:start].rstrip()[-1:]
            if text[end : following[2]].lstrip().startswith("(") or text[end:].lstrip().startswith("("):
                yield Lexeme(start, end, "function")
            elif (text[start:end] == "let" and following[0] == "variable") or (
                text[start:end] == "in" and before not in (".", "") and start not in (roots or ())
            ):
                yield Lexeme(start, end, "keyword")
            elif start in roots if roots is not None else before not in (".", "{") and before != "|":
                yield Lexeme(start, end, "root")
            else:
                yield Lexeme(start, end, "member")
        elif type_ == "variable":
            yield Lexeme(start, end, "variable")
        elif type_ in ("literal", "string"):
            is_number = text[start] == "`" and text[start:end].strip("` ")[:1] in "-0123456789"
            yield Lexeme(start, end, "number" if is_number and end - start > 2 else "string")
        elif type_ == "number":
            yield Lexeme(start, end, "number")
        elif type_ in _OPERATORS or type_ == "operator":
            yield Lexeme(start, end, "operator")


def _template(text: str) -> Iterator[Lexeme]:
    try:
        found = [(token.type, *token.span) for token in template_tokens_of(text)]
        found = [one for one in found if text[one[1] : one[2]].strip() and not one[0].endswith(("_begin", "_end"))]
    except (TemplateSyntaxError, RecursionError):
        found = [
            (str(one.lastgroup), one.start(), one.end())
            for code in _CODE.finditer(text)
            for one in _TEMPLATE_LEXEMES.finditer(text, *code.span(code.lastindex or 0))
        ]
    try:
        roots = {use.start for use in compile_template(text).roots}
    except TemplateError:
        roots = None
    for type_, start, end in found:
        word, before = text[start:end], text[:start].rstrip()
        if type_ == "name":
            if word in _KEYWORDS and not before.endswith("."):
                yield Lexeme(start, end, "keyword")
            elif start in roots if roots is not None else before.endswith(("{", "~", "%", "(", ",", "if", "not", "or")):
                yield Lexeme(start, end, "root")
            elif before.endswith(("|", " is", " not")):
                yield Lexeme(start, end, "function")
            else:
                yield Lexeme(start, end, "member")
        elif type_ == "string":
            yield Lexeme(start, end, "string")
        elif type_ in ("integer", "float", "number"):
            yield Lexeme(start, end, "number")
        elif type_ == "operator" and word not in ".,()[]:":
            yield Lexeme(start, end, "operator")
