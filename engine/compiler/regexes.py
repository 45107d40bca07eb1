"""Patterns of JSON Schemas as Python code, where that surely means the same and takes bounded time.

JSON Schema's patterns are those of ECMAScript. Python reads most of them alike; what it might read otherwise, and what
could make it search for long, is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _constants as ops  # type: ignore[attr-defined]  # has no types
from re import _parser as parser  # type: ignore[attr-defined]  # has no types
from typing import Any

from .code import Pool

__all__ = ["search_code"]

_OTHERWISE = re.compile(r"\\[a0-9bBdDwWsSAZpPkcCN]|\(\?[^:]|\[[^\]]*(?:\[|&&|--|~~)")
"""What is read differently by different engines."""
_PRINTABLE = (ops.RANGE, (ord("!"), ord("~")))
_BEGINNING = (ops.AT, ops.AT_BEGINNING)
_END = (ops.AT, ops.AT_END)
_SINGLE = (ops.LITERAL, ops.NOT_LITERAL, ops.IN)
_PLAIN = (ops.LITERAL, ops.NOT_LITERAL, ops.AT, ops.SUBPATTERN)
_MOST_WAYS = 1000


def search_code(pattern: str, text: str, pool: Pool) -> str | None:
    """Code for "the pattern is found in the text", which the variable `text` holds; None where it cannot be told."""
    if _OTHERWISE.search(pattern):
        return None
    try:
        tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return None
    nodes = list(tree)
    if not nodes:
        return "True"
    literal = _literal(nodes)
    if literal is not None:
        return f"({literal!r} in {text})"
    start = _literal(nodes[1:]) if nodes[0] == _BEGINNING else None
    if start is not None:
        return f"({text}[:{len(start)}] == {start!r})"
    if not _is_safe(nodes):
        return None
    python = f"{pattern[:-1]}\\Z" if nodes[-1] == _END else pattern  # Python's `$` lets a line break follow
    search = pool.name("SEARCH", f"pattern({python!r})")
    found = f"{search}({text}) is not None"
    # Most texts begin with a character that such a class of a few others takes: two comparisons find that out.
    return f"('!' <= {text} < '\\x7f' or {found})" if _takes_printable(nodes) else f"({found})"


def _literal(nodes: list[Any]) -> str | None:
    """The text that nodes stand for, where that is one."""
    if not nodes or any(operator is not ops.LITERAL for operator, _ in nodes):
        return None
    return "".join(chr(code) for _, code in nodes)


def _takes_printable(nodes: list[Any]) -> bool:
    """Whether the pattern is one class of characters, among them all that ASCII prints but the blank."""
    if len(nodes) != 1 or nodes[0][0] is not ops.IN:
        return False
    members = nodes[0][1]
    if members[0][0] is not ops.NEGATE:
        return _PRINTABLE in members
    return all(
        (operator is ops.LITERAL and not 33 <= value <= 126)
        or (operator is ops.RANGE and (value[1] < 33 or value[0] > 126))
        for operator, value in members[1:]
    )


def _is_safe(nodes: list[Any]) -> bool:
    """Whether all of it is read alike by every engine, and the ways to match it at one place of a text are few."""
    ways, unbounded = 1, 0
    for operator, value in _walk(nodes):
        if operator is ops.MAX_REPEAT:
            least, most, body = value
            if most != 1 and (len(body) != 1 or body[0][0] not in _SINGLE):
                return False
            unbounded += most is ops.MAXREPEAT
            ways *= 1 if most is ops.MAXREPEAT else most - least + 1
        elif operator is ops.BRANCH:
            ways *= len(value[1])
        elif operator is ops.IN:
            if any(part[0] not in (ops.LITERAL, ops.RANGE, ops.NEGATE) for part in value):
                return False
        elif operator not in _PLAIN:
            return False
    ends = sum(1 for node in _walk(nodes) if node == _END)
    starts = sum(1 for node in _walk(nodes) if node == _BEGINNING)
    anchored = nodes[0] == _BEGINNING
    return ways <= _MOST_WAYS and unbounded <= anchored and ends == (nodes[-1] == _END) and starts == anchored


def _walk(nodes: Iterable[Any]) -> Iterable[Any]:
    """The nodes and all below them."""
    for operator, value in nodes:
        yield operator, value
        if operator is ops.MAX_REPEAT:
            yield from _walk(value[2])
        elif operator is ops.SUBPATTERN:
            yield from _walk(value[3])
        elif operator is ops.BRANCH:
            for branch in value[1]:
                yield from _walk(branch)
