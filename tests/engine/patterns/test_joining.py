"""Patterns that are proven to match joined strings do match them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.patterns.joining import joined_patterns
from moemap.engine.patterns.searching import found_in
from moemap.tests.engine.patterns.test_emptiness import PATTERNS, TEXTS

LOOKS = st.sampled_from([r"a\b", r"\Ba", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", "a(?!$)", "(?:^|b)a", r"^\b"])


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.one_of(PATTERNS, LOOKS), st.one_of(PATTERNS, LOOKS), TEXTS, TEXTS)
@settings(max_examples=settings().max_examples * 4)
def test_joined(one: str, other: str, first: str, last: str) -> None:
    before = [pattern for pattern in (one, other) if found_in(pattern)(first)]
    after = [pattern for pattern in (one, other) if found_in(pattern)(last)]
    for values, ends in ((None, None), ({first, "b"}, {last}), ({first, ""}, {"", last})):
        known = [None if texts is None else frozenset(texts) for texts in (values, ends)]
        for pattern in joined_patterns(before, known[0], after, known[1]):
            assert found_in(pattern)(first + last), pattern


@pytest.mark.parametrize(
    ("first", "last", "kept"),
    [
        (["^a", "b$", "c"], [], {"^a", "c"}),
        ([], ["^a", "b$", "c"], {"b$", "c"}),
        ([r"a\b", "a(?=b)", "(?<=a)b"], [], {"(?<=a)b"}),
        ([], [r"\ba", "(?=a)", "(?<=a)b"], {"(?=a)"}),
        (["(?:^a|b$)"], ["["], set()),
    ],
)
def test_patterns_that_a_joined_text_keeps(first: list[str], last: list[str], kept: set[str]) -> None:
    assert joined_patterns(first, None, last, None) == kept


def test_known_strings() -> None:
    texts = frozenset({"x.", "y"})
    assert joined_patterns([], texts, [], texts) == {r"^(?:x\.|y)", r"(?:x\.|y)$"}
    many = frozenset(map(str, range(21)))
    assert joined_patterns([], many, [], frozenset({"", "a"})) == frozenset()
