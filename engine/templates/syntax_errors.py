"""Syntax errors that Jinja2 finds in templates: in the words of the language, and where they stand in the text.

Jinja2 only says the line. The offset is that of the token at which its parser or lexer stopped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import jinja2
from jinja2.lexer import ignored_tokens
from jinja2.parser import Parser

from ..diagnostics.suggestions import did_you_mean
from ..values.blanks import odd_blank_in
from .jinja import jinja_environment
from .template import TemplateError

__all__ = ["TemplateToken", "parsed_tokens", "syntax_error", "tokens_in"]

_TAGS = ("if", "elif", "else", "endif")
_RAW = ("raw", "endraw")
_TAGS_ELSEWHERE = {"elseif": "elif", "elsif": "elif", "end": "endif", "endfor": "endif", "fi": "endif"}
_SIGNS = {
    "begin of print statement": "{{",
    "end of print statement": "}}",
    "begin of statement block": "{%",
    "end of statement block": "%}",
}
_SIGN = re.compile("|".join(_SIGNS))
_REASONS = {
    **dict.fromkeys("'\"", "a string is not closed"),
    **dict.fromkeys("\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb", "strings are in straight quotes, ' or \""),
}


@dataclass(frozen=True, slots=True)
class TemplateToken:
    """A token of a template: its type, text and offset."""

    type: str
    value: str
    start: int

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.start + len(self.value)


def tokens_in(text: str) -> Iterator[TemplateToken]:
    """All tokens of a template, with data and blanks. Raises jinja2.TemplateSyntaxError at the first that is none."""
    at = 0
    for _, type_, value in jinja_environment().lex(text):
        # The lexer drops blanks and rewrites line ends, hence the search; only data and blanks ever change.
        start = text.find(value, at)
        if start >= 0:
            yield TemplateToken(type_, value, start)
            at = start + len(value)
        else:
            yield TemplateToken(type_, "", at)


def parsed_tokens(text: str) -> list[TemplateToken]:
    """The tokens of a template that reach the parser."""
    return [one for one in tokens_in(text) if one.type not in ignored_tokens and not one.type.startswith("raw_")]


def syntax_error(error: jinja2.TemplateSyntaxError, text: str, parser: Parser | None) -> TemplateError:
    """The error of a template at which the parser stopped, or if there is none yet, the lexer."""
    message = (error.message or "it cannot be read").removesuffix(".")
    message = _SIGN.sub(lambda found: _SIGNS[found[0]], message)
    message = f"{message[0].lower()}{message[1:]}"
    return _unreadable(message, text) if parser is None else _unexpected(message, text, parser)


def _unreadable(message: str, text: str) -> TemplateError:
    """The error of a text that cannot be split into tokens."""
    if unexpected := re.fullmatch(r"unexpected char (.+) at (\d+)", message, re.DOTALL):
        at = _offset(text, int(unexpected[2]))
        reason = _REASONS.get(text[at]) or odd_blank_in(text[at]) or f"unexpected {unexpected[1]}"
        return TemplateError(reason, at, at + 1)
    start, end = 0, 0
    try:
        for token in tokens_in(text):
            start, end = token.span
    except jinja2.TemplateSyntaxError:
        pass
    if bracket := re.match(r"unexpected '(.)'", message):
        at = text.index(bracket[1], end)
        return TemplateError(message, at, at + 1)
    return TemplateError(message, start, len(text.rstrip()))


def _unexpected(message: str, text: str, parser: Parser) -> TemplateError:
    """The error of a token that the grammar does not allow."""
    tokens = parsed_tokens(text)
    at = len(tokens) - len(list(parser.stream))
    if message.startswith("expected name or number"):  # the parser has gone past it
        at -= 1
    if tag := re.match(r"encountered unknown tag '(\w+)'", message):
        other = _TAGS_ELSEWHERE.get(tag[1])
        hint = f"did you mean {other!r}?" if other else did_you_mean(tag[1], _TAGS)
        unknown = f"there is no tag {tag[1]!r}{f'; {hint}' if hint else ''}"
        return TemplateError(f"unexpected {tag[1]!r}" if tag[1] in _TAGS + _RAW else unknown, *tokens[at].span)
    if at < len(tokens) and at and (tokens[at - 1].value, tokens[at].value) == ("else", "if"):
        return TemplateError("unexpected 'if'; did you mean 'elif'?", *tokens[at].span)
    if at < len(tokens):
        return TemplateError(message, *tokens[at].span)
    if still_open := re.search(r"innermost block that needs to be closed is '(\w+)'", message):
        if still_open[1] != "if":  # nothing is to be closed that cannot be used
            used = next(
                word for begin, word in pairwise(tokens) if (begin.type, word.value) == ("block_begin", still_open[1])
            )
            return TemplateError(f"{{% {still_open[1]} %}} cannot be used in a template", *used.span)
        return TemplateError(f"{{% {still_open[1]} %}} is not closed", *_open_block(text, tokens, still_open[1]))
    start = next(token.start for token in reversed(tokens) if token.type in ("variable_begin", "block_begin"))
    return TemplateError(message, start, len(text.rstrip()))


def _open_block(text: str, tokens: list[TemplateToken], name: str) -> tuple[int, int]:
    """The span of the last tag with this name that none closes."""
    still_open: list[TemplateToken] = []
    for begin, word in pairwise(tokens):
        if begin.type == "block_begin" and word.value == name:
            still_open.append(begin)
        elif begin.type == "block_begin" and word.value == f"end{name}":
            still_open.pop()
    start = still_open[-1].start
    end = next(token for token in tokens if token.type == "block_end" and token.start > start)
    return start, end.start + len(end.value.rstrip())


def _offset(text: str, at: int) -> int:
    """The offset in a text of what is at an offset once each line end is one character."""
    for line_end in re.finditer("\r\n", text):
        if line_end.start() >= at:
            break
        at += 1
    return at
