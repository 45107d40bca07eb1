"""Patterns: what they fit, against the regular expression that means the same; and in what time."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moemap.engine import api
from moemap.engine.functions.errors import FunctionError
from moemap.engine.functions.globs import MAX_WILD, matches_glob
from moemap.engine.functions.table import call

TEXTS = st.text("ab\n", max_size=12)
GLOBS = st.text("ab*?\n", max_size=8)


@pytest.mark.fuzz
@given(TEXTS, GLOBS)
@example("aab", "*a?*")
@example("ab", "a*?b")
@example("", "*")
def test_as_a_regular_expression(text: str, glob: str) -> None:
    pattern = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in glob)
    assert matches_glob(text, glob) == (re.fullmatch(pattern, text, re.DOTALL) is not None)


@pytest.mark.parametrize(
    ("text", "glob", "fits"),
    [
        ("a" * 200_000, "*" + "a" * 50_000 + "b*", False),
        ("a" * 200_000, "*" + "a?" * 400 + "b*", False),
        ("a" * 200_000, "a" * 100_000 + "?" * 100_000, True),
        ("a" * 100_000, "*a" * 50_000 + "b", False),
        ("ab" * 50_000, "*" + "ab" * 10_000 + "?b*", True),
    ],
)
def test_large_texts_and_patterns(text: str, glob: str, fits: bool) -> None:
    if "?" in glob and len(glob.split("*")[1 if glob[0] == "*" else 0]) > MAX_WILD and glob[0] == "*":
        with pytest.raises(FunctionError, match="at most 1000 characters between two"):
            call("like", text, glob)
    else:
        assert call("like", text, glob) is fits


def test_a_pattern_from_data_is_refused_as_any_other(mapping_of: Callable[..., api.Mapping]) -> None:
    mapping = mapping_of("rules: [{rule: r, output: out, fields: {a: 'like(batch.text, batch.glob)', b: batch.b}}]")
    batch = {"text": "x" * 5000, "glob": f"*a?{'a' * 999}*", "b": 1}
    result = mapping.transform(batch)
    assert [request.body for request in result.requests] == [{"b": 1}]
    assert [problem.code for problem in result.problems] == ["M504"]
    assert mapping.explain(batch)[0] == result


def test_there_are_no_other_signs() -> None:
    assert matches_glob("a[b]!{c}", "a[b]!{*}")
    assert not matches_glob("ab", "a[b]")
