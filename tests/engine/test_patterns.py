"""Patterns say what functions find, and what follows from what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.functions import matches_glob
from moemap.engine.patterns import NOT_BLANK, implies, pattern_of
from moemap.engine.types import String, matches

TEXTS = st.text(alphabet="ab*?.$\\ \n\u00a0\x1c", max_size=5)


def _has(pattern: str, text: str) -> bool:
    return matches(String(patterns=frozenset({pattern})), text)


@given(TEXTS, TEXTS)
def test_functions(text: str, argument: str) -> None:
    assert _has(pattern_of("starts_with", argument), text) == text.startswith(argument)
    assert _has(pattern_of("ends_with", argument), text) == text.endswith(argument)
    assert _has(pattern_of("like", argument), text) == matches_glob(text, argument)


@given(st.text())
def test_not_blank(text: str) -> None:
    assert _has(NOT_BLANK, text) == bool(text.strip())


@pytest.mark.parametrize(
    ("known", "wanted", "expected"),
    [
        ("^a", "^a", True),
        ("^ab", "^a", False),
        ("[^ab]", "[^a]", True),
        ("[^a]", "[^ab]", False),
        (NOT_BLANK, r"[^\u0009 ]", True),
        ("[^a]", "[a]", False),
        ("[^", "[^a]", False),
    ],
)
def test_implies(known: str, wanted: str, expected: bool) -> None:
    assert implies(known, wanted) is expected
