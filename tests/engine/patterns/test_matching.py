"""Matches and groups, compared with Python's `re`, in which every accepted pattern means the same."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.patterns.matching import TextTooLongError, matcher_of
from moemap.engine.patterns.parser import PatternError, read
from moemap.engine.patterns.searching import python_text

REFUSED = {
    "(?:a?)*": "a repetition of what may be empty",
    "(?:|a)+": "a repetition of what may be empty",
    "(?:^)?": "a repetition of what may be empty",
    "(a)*": "a group is repeated; (?:...) groups without capturing",
    "(?:b(a)){2}": "a group is repeated; (?:...) groups without capturing",
    "(?=ab)": "it looks around for more than one character",
    "(?<!a*)": "it looks around for more than one character",
    "(?:[ab]{60}){100}": "it is too large",
    "a" * 10_001: "it has more than 10000 characters",
    "(a": "a group is not closed",
    r"(a)\1": "a reference to a group",
}


@pytest.mark.parametrize("pattern", REFUSED, ids=lambda pattern: pattern[:20])
def test_refused(pattern: str) -> None:
    with pytest.raises(PatternError) as error:
        matcher_of(pattern)
    assert str(error.value) == REFUSED[pattern]


ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", "^", "$", r"\b", r"\B", "(?=a)", "(?<!b)", "(?!a)"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        inner.map("({})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{1,3}?"])).map(
            "(?:{0[0]}){0[1]}".format
        ),
    ),
    max_leaves=8,
)
TEXTS = st.text("ab", max_size=8)


@pytest.mark.slow
@pytest.mark.fuzz
@given(PATTERNS, TEXTS)
def test_matches_are_those_of_python(pattern: str, text: str) -> None:
    try:
        matcher = matcher_of(pattern)
    except PatternError:
        return
    expected, begin, library = [], 0, re.compile(python_text(read(pattern, groups=True)))
    while begin <= len(text) and (found := library.search(text, begin)) is not None:
        expected.append(tuple(at for number in range(matcher.groups + 1) for at in found.span(number)))
        begin = found.end() + (found.start() == found.end())
    assert list(matcher._replace(quick=None).matches(text)) == expected
    assert list(matcher.matches(text)) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "text"),
    [("(?:a|aa)+$", "a" * 20_000 + "b"), ("a.*b|a", "a" * 20_000), ("a*a*a*a*c", "a" * 20_000)],
)
def test_takes_time_in_proportion_to_the_text(pattern: str, text: str) -> None:
    def seconds(size: int) -> float:
        started = time.process_time()
        for _ in matcher_of(pattern).matches(text[-size:]):
            pass
        return time.process_time() - started

    assert seconds(20_000) < 20 * seconds(5_000) + 0.5


def test_a_text_that_is_too_long() -> None:
    with pytest.raises(TextTooLongError, match="the text has 3000000 characters, too many for this pattern"):
        next(matcher_of("(?:a|b)+c+d").matches("a" * 3_000_000))
