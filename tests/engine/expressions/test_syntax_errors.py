"""Suggestions at words and signs of other languages, and literals that are nested too deeply."""

from __future__ import annotations

import pytest

from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.syntax_errors import ExpressionError

OTHERS = [
    ("a ⟨IF⟩ b", "unexpected 'IF'", "use if() to choose"),
    ("a ⟨IN⟩ b", "unexpected 'IN'", "use contains(list, value)"),
    ("a ⟨NOT⟩ IN b", "unexpected 'NOT'", "use !contains(list, value)"),
    ("a ⟨not⟩ like 'x'", "unexpected 'not'", "use !like(value, pattern)"),
    ("a ⟨AND⟩ b", "unexpected 'AND'", "did you mean '&&'?"),
    ("NOT ⟨a⟩", "unexpected 'a'", "did you mean '!'?"),
    ("⟨$⟩['a']", "unexpected '$'", "a path starts with a name: that of the input is under `input: {as: ...}`"),
    ("a[⟨b⟩.c]", "unexpected 'b'", "use get(object, key) for a computed key"),
]
"""The marked expression, the reason and the hint."""


@pytest.mark.parametrize(("marked", "reason", "hint"), OTHERS)
def test_what_other_languages_write(marked: str, reason: str, hint: str) -> None:
    start, end = marked.index("⟨"), marked.index("⟩") - 1
    with pytest.raises(ExpressionError) as caught:
        parse(marked.replace("⟨", "").replace("⟩", ""))
    error = caught.value
    assert (error.code, error.start, error.end, error.hint) == ("M201", start, end, hint)
    assert error.data == {"reason": reason}


@pytest.mark.parametrize("depth", [101, 500, 3000])
def test_a_literal_that_is_too_deep_whoever_finds_it(depth: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(f"a == `{'[' * depth}{']' * depth}`")
    reason = f"`{'[' * 36}... is not a JSON literal: it is nested more than 100 levels deep"
    assert (caught.value.code, caught.value.data) == ("M201", {"reason": reason})
