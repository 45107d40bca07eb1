"""Origins of the strings in a value, and the facts known of the strings of each origin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...inference.refinements import TIMES
from ...patterns.builders import one_of
from .value import DICT, LIST, STRING, Texts, Value

__all__ = ["NUMERALS", "KnownStrings", "Region", "among", "common", "time_texts"]

_LONG = 256
"""A length that few strings exceed."""
_FEW = 20


@dataclass(eq=False, slots=True)
class Region:
    """The strings in a member of a struct, at any depth.

    A maximum length that few strings exceed is checked by the reader of the input: a batch with longer ones is not read
    as structs.
    """

    longest: int | None = None
    language: None = None
    texts: None = None

    def within(self, length: int) -> bool:
        if length < _LONG:
            return False
        self.longest = length if self.longest is None else min(length, self.longest)
        return True


@dataclass(frozen=True, slots=True)
class _Formed:
    """Strings of one form."""

    language: str
    longest: int
    texts: None = None

    def within(self, length: int) -> bool:
        return length >= self.longest


NUMERALS: Texts = _Formed(r"^(?:-?[0-9]+(?:\.[0-9]+)?|true|false)$", 350)
"""Strings made from numbers and booleans of the input.

The smallest double has 324 decimal places before its up to 17 digits; integers have 64 bits.
"""


def time_texts(precision: str) -> Texts:
    """The strings that `from_unix_ms` returns."""
    return _Formed(TIMES[precision], len("0000-00-00T00:00:00.000Z"))


@dataclass(frozen=True, slots=True)
class KnownStrings:
    """A few strings, all known."""

    texts: frozenset[str]

    @property
    def language(self) -> str | None:
        return one_of(self.texts) if 0 < len(self.texts) <= _FEW else None

    def within(self, length: int) -> bool:
        return all(len(text) <= length for text in self.texts)


def among(values: Iterable[object]) -> tuple[Texts, ...]:
    """The origin of the strings among some values, none of which is a list or an object."""
    return (KnownStrings(frozenset(value for value in values if isinstance(value, str))),)


def common(values: Iterable[Value]) -> tuple[Texts, ...]:
    """The origins of the strings of a value that is one of several; none if one of them has none known."""
    found: dict[Texts, None] = {}
    for value in values:
        texts = among([value.constant]) if isinstance(value.constant, str) else value.texts
        if value.kinds & (STRING | LIST | DICT):
            if not texts:
                return ()
            found.update(dict.fromkeys(texts))
    return tuple(found)
