"""The catalogue of branches of the shipped mapping: ids are unique, stable and made of names."""

from __future__ import annotations

from moemap.engine import api
from moemap.engine.insight.branches import branches_of


def test_ids_are_unique_and_the_same_each_time() -> None:
    first, second = (branches_of(api.load("mparticle-moengage").rulebook).branches for _ in range(2))
    assert len({branch.id for branch in first}) == len(first)
    assert first == second


def test_branches_in_words() -> None:
    found = {branch.id: branch.text for branch in branches_of(api.load("mparticle-moengage").rulebook).branches}
    assert found["rules/user/fields/attributes/fields/mobile/type#unconverted"] == (
        "rule user, attributes.mobile: a value that cannot become string is left out"
    )
    assert found["rules/firehose-message#takes"] == "rule firehose-message: it takes an element and converts it"
    assert found["routes/events/each#none"] == "route events: no elements"
