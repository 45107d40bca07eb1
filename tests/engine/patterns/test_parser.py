"""Tests of what a pattern may be, and of the patterns that are read as without the flag `u`."""

from __future__ import annotations

import pytest

from moemap.engine.patterns.parser import PatternError, read
from moemap.engine.patterns.searching import found_in


@pytest.mark.parametrize(
    ("pattern", "found", "missing"),
    [
        ("^]$", ["]"], ["^", "[]", ""]),
        ("^}$", ["}"], ["{", ""]),
        ("a}", ["a}"], ["a", "}"]),
        (r"^\-$", ["-"], ["\\", "\\-"]),
        (r"^\_\ \@\/$", ["_ @/"], ["_@/"]),
        ("^[[:alpha:]]$", ["a]", "[]", ":]", "p]"], ["a", "b]", "z]", "]", "[:alpha:]"]),
        ("^(?<day>a)(?<day>b)$", ["ab"], ["a"]),
    ],
)
def test_patterns_that_are_read_as_without_the_flag_u(pattern: str, found: list[str], missing: list[str]) -> None:
    finds = found_in(pattern)
    assert [text for text in [*found, *missing] if finds(text)] == found


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{", "'{' where there is nothing to repeat"),
        ("a{,3}", "'{' does not say how often something is repeated"),
        (r"\a", r"'\a'"),
        (r"\Z", r"'\Z'"),
        (r"\é", r"'\é'"),
        (r"(a)\1", "a reference to a group"),
        (r"\p{Script=Greek}", r"'\p' with a property that is not known"),
        ("(?<größe>a)", "a group with '(?'"),
        ("(?P<size>a)", "a group with '(?'"),
        ("(?i)a", "a group with '(?'"),
        ("a{10000}", "more than 9999 times"),
    ],
)
def test_patterns_that_are_refused(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError) as error:
        read(pattern)
    assert str(error.value) == reason
