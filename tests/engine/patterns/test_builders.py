"""Patterns match the strings that functions find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.functions.globs import matches_glob
from moemap.engine.patterns.builders import BLANK_EDGE, NOT_BLANK, any_case, pattern_of
from moemap.engine.types.types import StringType, matches

TEXTS = st.text(alphabet="ab*?.$\\ \n\u00a0\x1c", max_size=5)


def _has(pattern: str, text: str) -> bool:
    return matches(StringType(patterns=frozenset({pattern})), text)


@pytest.mark.fuzz
@given(TEXTS, TEXTS)
def test_functions(text: str, argument: str) -> None:
    assert _has(pattern_of("starts_with", argument), text) == text.startswith(argument)
    assert _has(pattern_of("ends_with", argument), text) == text.endswith(argument)
    assert _has(pattern_of("like", argument), text) == matches_glob(text, argument)


@pytest.mark.fuzz
@given(st.text())
def test_not_blank(text: str) -> None:
    assert _has(NOT_BLANK, text) == bool(text.strip())


@pytest.mark.fuzz
@given(st.text(alphabet="a \n\x1c\u00a0\u3000\ufeff", max_size=4))
def test_the_pattern_of_blank_edges_finds_what_strip_removes(text: str) -> None:
    assert _has(BLANK_EDGE, text) == (text != text.strip())


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.lists(st.text(alphabet="akK-.\u00df\u212a", max_size=3), min_size=1, max_size=3), TEXTS)
def test_any_case(texts: list[str], text: str) -> None:
    lower = [one for one in texts if one == one.lower()]
    for found in (text, *(one.upper() for one in lower), *lower):
        if lower and _has(any_case(lower), found):
            assert found.lower() in lower
