"""Lookups by spans give the same as a search through all places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.checks.shared.spans import Spans
from moemap.engine.diagnostics.problem import Place

POSITIONS = st.tuples(st.integers(1, 3), st.integers(1, 4))
PLACES = st.builds(
    lambda file, one, other: Place(file, *min(one, other), *max(one, other)),
    st.sampled_from("ab"),
    POSITIONS,
    POSITIONS,
)


@pytest.mark.fuzz
@given(st.lists(PLACES), PLACES)
def test_one_is_inside_or_around_another(places: list[Place], place: Place) -> None:
    spans = Spans(places)
    assert spans.is_around(place) == any(place.is_inside(one) for one in places)
    assert spans.is_inside(place) == any(one.is_inside(place) for one in places)
    assert spans.is_inside(place, other=True) == any(one.is_inside(place) and one != place for one in places)
