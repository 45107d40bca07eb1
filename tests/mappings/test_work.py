"""The shipped mapping works in time in proportion to the size of a batch: in quadratic time, these would take long."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest

import moemap

USER = {"user_identities": {"customer_id": "cust-1"}}


def deletions(number: int) -> dict[str, Any]:
    """Names that are deleted by the batch and by an event each."""
    names = [f"name-{index}" for index in range(number)]
    data = ({"user_attribute_name": name, "deleted": True} for name in names)
    events = [{"event_type": "user_attribute_change", "data": one} for one in data]
    return {**USER, "deleted_user_attributes": names, "events": events}


def spellings(number: int) -> dict[str, Any]:
    """A thousand spellings of reserved names among many other attributes."""
    words = ("firstname", "lastname", "country", "address")
    spelt = ("$" + "".join(letters) for word in words for letters in product(*zip(word, word.upper(), strict=True)))
    return {**USER, "user_attributes": {**dict.fromkeys(spelt, "x"), **{f"a{index}": 1 for index in range(number)}}}


@pytest.fixture(scope="module")
def mapping() -> moemap.Mapping:
    return moemap.load("mparticle-moengage", settings={"unset_attributes": True})


@pytest.mark.slow
def test_names_that_are_deleted_twice(mapping: moemap.Mapping) -> None:
    number = 10_000
    result = mapping.transform(deletions(number))
    assert Counter(skipped.rule for skipped in result.skipped) == {"attribute-deleted-already": number}
    assert sum(len(request.body["unset_attributes"]) for request in result.requests) == number
    assert result.problems == ()


@pytest.mark.slow
def test_many_spellings_of_reserved_names(mapping: moemap.Mapping) -> None:
    (warning, too_large) = mapping.transform(spellings(20_000)).problems
    assert warning.message.endswith("... (10614 more characters)")
    assert too_large.code == "M510"


def events(number: int, **more: Any) -> dict[str, Any]:
    """Events without a time of their own, each of which reads something of the batch."""
    return {**USER, **more, "events": [{"event_type": "custom_event", "data": {"event_name": "x"}}] * number}


def change(value: Any, number: int) -> dict[str, Any]:
    """A change of an attribute that is deleted often."""
    data = {"user_attribute_name": "a", "deleted": value}
    return {
        **USER,
        "deleted_user_attributes": ["a"] * number,
        "events": [{"event_type": "user_attribute_change", "data": data}],
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "batch",
    [events(30_000, timestamp_unixtime_ms="9" * 1_000_000), change([1] * 60_000, 60_000)],
    ids=["a time of the batch", "a change of an attribute"],
)
def test_what_is_read_for_each_element_ends_soon(mapping: moemap.Mapping, batch: Any) -> None:
    (problem,) = mapping.transform(batch).problems
    assert (problem.code, problem.place is None) == ("M526", False)
