"""Combinations of patterns that are decided to be empty are so: jsonschema-rs finds no string that matches."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moemap.engine.patterns.builders import NOT_BLANK
from moemap.engine.patterns.emptiness import _machine, is_empty

_LEAVES = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        ".",
        r"\d",
        r"\w",
        r"\s",
        r"\S",
        "[ab]",
        "[^a]",
        "^",
        "$",
        r"\n",
        r"\u00e9",
        r"[\w-]",
        "[^a-c]",
        "-",
    ]
)
PATTERNS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map("|".join).map("(?:{})".format),
        st.tuples(inner, st.sampled_from(("*", "+", "?", "{2}", "{1,2}", "{1,}", "*?"))).map(
            lambda pair: f"({pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)
TEXTS = st.text(alphabet="aabbc1-_ \n\u00e9\u0660\u2028\ufeff\x1c\U0001f600", max_size=6)


def _is_in(pattern: str, text: str) -> bool:
    return bool(jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid(text))


@pytest.mark.slow
@pytest.mark.fuzz
@given(PATTERNS, TEXTS)
@settings(max_examples=settings().max_examples * 4)
@example(r"^\d$", "\u0660")
@example(r"\s", "\x1c")
@example(r"^a?$", "")
@example("^$", "")
def test_a_machine_finds_what_the_validator_finds(pattern: str, text: str) -> None:
    quoted = "".join(f"\\u{ord(one):04x}" if ord(one) < 0x10000 else one for one in text)
    found = _is_in(pattern, text)
    alone = frozenset({f"^{quoted}$"})
    assert is_empty(alone | {pattern}, frozenset()) is not found
    assert is_empty(alone, frozenset({pattern})) is found


@pytest.mark.slow
@pytest.mark.fuzz
@given(st.lists(PATTERNS, max_size=2), st.lists(PATTERNS, max_size=2), TEXTS, st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=settings().max_examples * 4)
def test_nothing_is_in_what_is_empty(found: list[str], missing: list[str], text: str, least: int, more: int) -> None:
    fits = (
        all(_is_in(pattern, text) for pattern in found)
        and not any(_is_in(pattern, text) for pattern in missing)
        and least <= len(text) <= least + more
    )
    assert not (fits and is_empty(frozenset(found), frozenset(missing), least, least + more))


@pytest.mark.parametrize(
    ("known", "wanted", "expected"),
    [
        ("^a", "^a", True),
        ("^ab", "^a", True),
        ("^a", "^ab", False),
        ("^[0-9]{3}$", r"^\d+$", True),
        ("^(?:x|yz)$", "^.{1,2}$", True),
        ("^(?:x|yz)$", "^.{2}$", False),
        ("[^ab]", "[^a]", True),
        ("[^a]", "[^ab]", False),
        (NOT_BLANK, r"[^\u0009 ]", True),
        ("^a+$", "(?:aa|a)", True),
        ("[^", "[^a]", False),  # no pattern at all
        (r"^(a)\1$", "^a", False),  # not understood
        ("^a(?=b)", "^a", False),
        ("^(?i)ab$", "^ab$", False),
        ("[[:alpha:]]", "[a-zA-Z]", False),
        (f"^{'a' * 3000}{'(?:b|c){400}' * 9}$", "^a", False),  # too large
    ],
)
def test_inclusion(known: str, wanted: str, expected: bool) -> None:
    assert is_empty(frozenset({known}), frozenset({wanted})) is expected


@pytest.mark.parametrize(
    ("found", "least", "most", "expected"),
    [
        ("^a{3}$", 4, None, True),
        ("^a{3}$", 0, 2, True),
        ("^a{3}$", 3, 3, False),
        ("b", 0, 0, True),
        ("^$", 1, None, True),
    ],
)
def test_lengths(found: str, least: int, most: int | None, expected: bool) -> None:
    assert is_empty(frozenset({found}), frozenset(), least, most) is expected


def test_large_patterns_end_soon() -> None:
    assert _machine("(?:a{100}){100}") is None
    assert not is_empty(frozenset({"(?:a|b)*a(?:a|b){14}$"}), frozenset({"(?:a|b)*b(?:a|b){15}$"}))
