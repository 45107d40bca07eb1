"""Caches about names never change a result."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moemap.engine.functions.table import call
from moemap.engine.runtime.memo import Changed, Forms, Known, Renamed, Spellings

# Among them letters whose lower case, upper case and folded form are not each other's.
LETTERS = "aAbBkKsSiI$\u212a\u00df\u1e9e\u017f\u03c2\u03c3\u03a3\u0130\u0131\u13f8\uab70\u13a0"
NAMES = st.text(LETTERS, max_size=3)
OBJECTS = st.dictionaries(NAMES, st.integers(), max_size=5)


@pytest.mark.slow
@pytest.mark.fuzz
@given(asked=st.lists(NAMES, max_size=4), objects=st.lists(OBJECTS, max_size=6))
@example(asked=["id", "ID"], objects=[{"ID": 1}, {"id": 1}, {"Id": 1}, {"ID": 1, "id": 2}] * 2)
@example(asked=["$Age"], objects=[{"$Age": 1, "x": 2}, {"x": 1}, {"$AGE": 1, "$age": 2}, {"X": 1}] * 2)
def test_spellings(asked: list[str], objects: list[dict[str, Any]]) -> None:
    spellings = Spellings()
    for name in asked:
        spellings.asked(name)
    for members in objects:
        count = len(members) if spellings.issuperset(members) else spellings.count(members)
        assert count == len(call("distinct", [name.lower() for name in members]))
        found = members if spellings.issuperset(members) else spellings.of(members)
        for name in asked:
            assert found.get(name) == call("get_ignore_case", members, name)


@pytest.mark.slow
@pytest.mark.fuzz
@given(objects=st.lists(OBJECTS, max_size=6))
@example(objects=[{"a": 1}, {"A": 1}, {"a": 1, "A": 2}, {"a": 1, "b": 2}] * 2)
def test_an_object_of_known_forms_has_as_many_as_names(objects: list[dict[str, Any]]) -> None:
    forms = Forms(str.lower)
    for members in objects:
        if forms.issuperset(members) or forms.learn_all(members):
            assert len({name.lower() for name in members}) == len(members)


def test_names_are_remembered_from_the_first_object_on() -> None:
    spellings = Spellings()
    spellings.asked("$Age")
    assert spellings.of({"$Age": 1, "x": 2}) == {"$Age": 1}
    assert spellings == {"$Age", "x"}
    forms = Forms(str.lower)
    assert forms.learn_all({"a": 1, "b": 2})
    assert not forms.learn_all({"a": 1, "A": 2})
    assert forms == {"a", "b"}


def test_what_is_remembered_is_bounded() -> None:
    known, renamed, spellings, changed, forms = Known(), Renamed(), Spellings(), Changed(str.upper), Forms(str.upper)
    for number in range(11_000):
        known.learn(f"name {number}")
        assert changed[f"name {number}"] == f"NAME {number}"
        renamed.learn(f"name {number}", "x")
    spellings.count({f"name {number}": number for number in range(11_000)})
    assert not forms.learn_all({f"name {number}": number for number in range(11_000)})
    for one in (known, renamed, spellings, changed, forms):
        assert len(one) == 10_000
        one.clear()
    known.learn("x" * 201)
    renamed.learn("x" * 201, "y")
    renamed.learn("y", "x" * 201)
    assert changed["x" * 201] == "X" * 201
    assert not Forms(str.upper).learn_all({"x" * 201: 1})
    assert not Forms(lambda name: name * 2).learn_all({"x" * 200: 1})
    spellings = Spellings()
    assert spellings.count({"x" * 201: 1}) == 1
    assert not changed
    assert not known
    assert not renamed
    assert not spellings
