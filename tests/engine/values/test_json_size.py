"""Sizes with and without orjson."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.values import json_size as sizes
from moemap.engine.values import json_size_plain as plain_sizes

FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.floats(-1e-4, 1e-4) | st.floats(-1e17, 1e17)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | FLOATS
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('aé\n"', max_size=3), inner),
    max_leaves=8,
)


@pytest.mark.slow
@pytest.mark.fuzz
@given(JSON)
def test_sizes_are_equal(value: Any) -> None:
    assert plain_sizes.size_of(value) == sizes.size_of(value)


@pytest.mark.slow
@pytest.mark.fuzz
@given(JSON, JSON)
def test_the_same_values_are_equal(one: Any, other: Any) -> None:
    for left, right in ((one, other), (one, one), ({"a": one, "b": other}, {"b": other, "a": one})):
        same = sizes.sorted_text(left) == sizes.sorted_text(right)
        assert (plain_sizes.sorted_text(left) == plain_sizes.sorted_text(right)) == same


@pytest.mark.parametrize("innermost", [1, [], {}, [1, []], {"a": None}])
def test_what_is_too_deep(innermost: Any) -> None:
    value = innermost
    for depth in range(260):
        value = [value] if depth % 2 else {"a": value}
        try:
            wanted: Any = sizes.size_of(value)
        except TypeError as error:
            wanted = str(error)
        try:
            given: Any = plain_sizes.size_of(value)
        except TypeError as error:
            given = str(error)
        assert given == wanted, depth
