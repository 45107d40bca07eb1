"""Forms: a server reads the same values from them, and their sizes are right."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.values.forms import FORM_LISTS, form_of

BODY: dict[str, Any] = {"a b": 1, "c": {"d&": [True, None, 1.5]}, "e": ["x", {"f": "é="}], "g": [], "h": {}}


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("brackets", ["a b", "c[d&][]", "c[d&][]", "c[d&][]", "e[]", "e[][f]"]),
        ("indices", ["a b", "c[d&][0]", "c[d&][1]", "c[d&][2]", "e[0]", "e[1][f]"]),
        ("repeat", ["a b", "c[d&]", "c[d&]", "c[d&]", "e", "e[f]"]),
    ],
)
def test_names(form: str, names: list[str]) -> None:
    text, size = form_of(BODY, form, 1000)
    pairs = parse_qsl(text.decode(), keep_blank_values=True)
    assert pairs == list(zip(names, ["1", "true", "", "1.5", "x", "é="], strict=True))
    assert size == len(text)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


@pytest.mark.slow
@pytest.mark.fuzz
@given(body=st.dictionaries(st.text(), VALUES, max_size=4), form=st.sampled_from(FORM_LISTS))
def test_sizes(body: dict[str, Any], form: str) -> None:
    text, size = form_of(body, form, 10**9)
    assert size == len(text)
    assert form_of(body, form, size - 1) == (b"", size)
    assert form_of(body, form, size) == (text, size)
