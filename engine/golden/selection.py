"""Selections by words, such as `purchase and not (refund or "add to cart")`.

A word matches if one of the texts contains it, ignoring letter case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

__all__ = ["SelectionError", "selection"]

MAX_CHARS = 1_000
MAX_DEPTH = 50

_TOKEN = re.compile(r"""\s*(?:([()])|"([^"]+)"|'([^']+)'|([^\s()"']+)|(\S))""")
_OPERATORS = ("and", "or", "not", "(", ")")

Test = Callable[[list[str]], bool]


class SelectionError(ValueError):
    """A selection that cannot be parsed; the text says why."""


def selection(expression: str) -> Callable[[Iterable[str]], bool]:
    """Parses a selection to a function that returns whether some texts match it. Raises SelectionError."""
    if len(expression) > MAX_CHARS:
        raise SelectionError(f"it has more than {MAX_CHARS} characters")
    parser = _Parser(expression)
    test = parser.alternatives(0)
    parser.end()
    return lambda texts: test([text.casefold() for text in texts])


class _Parser:
    def __init__(self, expression: str) -> None:
        self.tokens: list[tuple[str, bool]] = []  # the text, and whether it is a word
        for match in _TOKEN.finditer(expression.rstrip()):
            bracket, double, single, bare, wrong = match.groups()
            if wrong is not None:
                raise SelectionError(f"the quote {wrong} is not closed")
            word = double or single or bare
            operator = bracket or (bare if bare in _OPERATORS else None)
            self.tokens.append((operator, False) if operator else (word, True))
        self.at = 0

    def alternatives(self, depth: int) -> Test:
        tests = [self.conjunction(depth)]
        while self.takes("or"):
            tests.append(self.conjunction(depth))
        return lambda texts: any(test(texts) for test in tests)

    def conjunction(self, depth: int) -> Test:
        tests = [self.single(depth)]
        while self.takes("and"):
            tests.append(self.single(depth))
        return lambda texts: all(test(texts) for test in tests)

    def single(self, depth: int) -> Test:
        if depth > MAX_DEPTH:
            raise SelectionError(f"it is nested more than {MAX_DEPTH} levels deep")
        if self.takes("not"):
            denied = self.single(depth + 1)
            return lambda texts: not denied(texts)
        if self.takes("("):
            inner = self.alternatives(depth + 1)
            if not self.takes(")"):
                raise SelectionError(f"a ) is missing{self.before()}")
            return inner
        if self.at == len(self.tokens) or not self.tokens[self.at][1]:
            raise SelectionError(f"a word is missing{self.before()}")
        word = self.tokens[self.at][0].casefold()
        self.at += 1
        return lambda texts: any(word in text for text in texts)

    def takes(self, operator: str) -> bool:
        if self.tokens[self.at : self.at + 1] != [(operator, False)]:
            return False
        self.at += 1
        return True

    def end(self) -> None:
        if self.at < len(self.tokens):
            missing = "a (" if self.tokens[self.at] == (")", False) else "'and' or 'or'"
            raise SelectionError(f"{missing} is missing{self.before()}")

    def before(self) -> str:
        return f" before {self.tokens[self.at][0]!r}" if self.at < len(self.tokens) else " at the end"
