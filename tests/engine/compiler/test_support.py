"""The quick forms of coercions are those of `engine.values`, to the last case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moemap.engine.compiler import support
from moemap.engine.values import CoercionError, coerce

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
    """Stands for Notes: what is refused is raised."""

    def converted(self, value: Any, type_: str, _site: Any) -> Any:
        return coerce(value, type_)


def outcome(run: Callable[[], Any]) -> str:
    try:
        return repr(run())
    except CoercionError as error:
        return f"refused: {error}"


@pytest.mark.parametrize("type_", QUICK)
@given(value=VALUES)
@example(value=-0.0)
@example(value=0.0)
@example(value=1e22)
@example(value=1e-7)
@example(value=2**53 + 1)
@example(value=float(2**63))
def test_as_in_values(type_: str, value: Any) -> None:
    if value is not None:
        assert outcome(lambda: QUICK[type_](value, Refusing(), None)) == outcome(lambda: coerce(value, type_))
