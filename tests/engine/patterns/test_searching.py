"""Tests of what is known of a pattern before it is searched for."""

from __future__ import annotations

import pytest

from moemap.engine.patterns.searching import found_in, only_match


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^abc$", "abc"),
        ("^$", ""),
        (r"^a\.b\u00e9[c]$", "a.b\u00e9c"),
        ("^(?:abc)$", None),
        ("^abc", None),
        ("abc$", None),
        ("^a.c$", None),
        ("^a?$", None),
        ("^a|b$", None),
        ("^^a$", None),
        ("a", None),
        ("", None),
        ("(", None),
    ],
)
def test_the_only_string_that_matches(pattern: str, text: str | None) -> None:
    assert only_match(pattern) == text
    if text is not None:
        assert [one for one in (text, f"x{text}", f"{text}x", f"{text}\n", f"\n{text}") if found_in(pattern)(one)] == [
            text
        ]
