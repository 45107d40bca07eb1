"""The fast variants of coercions and functions agree with `engine.values` and `engine.functions` in every case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moemap.engine.expressions.parser import parse
from moemap.engine.functions.table import call
from moemap.engine.runtime import operations as support
from moemap.engine.values.coercion import coerce

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = (
    SCALARS | st.text() | st.sampled_from(["1", " -2.50 ", "true", "False", "1e3", "٣"]) | st.lists(SCALARS, max_size=2)
)
QUICK: dict[str, Callable[[Any, Any, Any], Any]] = {
    "string": support.as_string,
    "integer": support.as_integer,
    "double": support.as_double,
    "boolean": support.as_boolean,
}


class Refusing:
    """Stands in for Notes: raises each reported problem."""

    def converted(self, value: Any, type_: str, _site: Any) -> Any:
        return coerce(value, type_)


def outcome(run: Callable[[], Any]) -> str:
    try:
        return repr(run())
    except (TypeError, ValueError) as error:
        return f"refused: {error}"


@pytest.mark.fuzz
@pytest.mark.parametrize("type_", QUICK)
@given(value=VALUES)
@example(value=-0.0)
@example(value=0.0)
@example(value=1e22)
@example(value=1e-7)
@example(value=2**53 + 1)
@example(value=float(2**63))
def test_quick_conversions_give_what_coerce_gives(type_: str, value: Any) -> None:
    if value is not None:
        assert outcome(lambda: QUICK[type_](value, Refusing(), None)) == outcome(lambda: coerce(value, type_))


FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999


@pytest.mark.fuzz
@given(moment=st.integers(FIRST_MS - 5000, LAST_MS + 5000) | st.integers(-5000, 5000) | SCALARS)
@example(moment=FIRST_MS)
@example(moment=FIRST_MS - 1)
@example(moment=LAST_MS)
@example(moment=LAST_MS + 1)
@example(moment=-1)
@example(moment=2**64 - 1)
@example(moment=-(2**63))
@example(moment="1700000000123")
def test_moments_become_the_texts_that_from_unix_ms_gives(moment: Any) -> None:
    assert outcome(lambda: support.utc_seconds(moment)) == outcome(lambda: call("from_unix_ms", moment, "seconds"))
    assert outcome(lambda: support.utc_milliseconds(moment)) == outcome(
        lambda: call("from_unix_ms", moment, "milliseconds")
    )


@pytest.mark.fuzz
@given(value=st.lists(st.integers() | st.lists(st.integers() | st.lists(st.integers()), max_size=3), max_size=4))
@example(value=[])
@example(value=[[]])
@example(value=[[1], [[2]], 3])
def test_flattened(value: list[Any]) -> None:
    found = support.flattened(value)
    assert found == parse("x[]").search({"x": value})
    assert found is not value


def test_only_lists_are_flattened() -> None:
    assert support.flattened({"a": 1}) is None


def test_few_hours_are_kept() -> None:
    for hour in range(10_000):
        moment = hour * 3_600_000 + 5_000
        assert support.utc_seconds(moment) == call("from_unix_ms", moment, "seconds")
    assert 0 < len(support._HOURS) <= 4096
