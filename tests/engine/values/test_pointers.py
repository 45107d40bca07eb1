"""JSON pointers, and what an expression reads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.paths import inputs_read, path_of
from moemap.engine.values.pointers import Index, join, pointer, value_at

ROOTS: dict[str, str | None] = {"batch": "", "event": "/events/0", "name": None}


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("batch", ""),
        ("batch.a", "/a"),
        ("event.data.a", "/events/0/data/a"),
        ('batch."a/b"."~"."".c', "/a~1b/~0//c"),
        ("batch.a[0].b", "/a/0/b"),
        ("batch.a[-1]", None),
        ("batch.a | b", "/a/b"),
        ("batch | a.b[1]", "/a/b/1"),
        ("(batch.a).b", "/a/b"),
        ("batch.a[0][1]", "/a/0/1"),
        ("name", None),
        ("name.a", None),
        ("unknown.a", None),
        ("batch.a[*].b", None),
        ("batch.*", None),
        ("batch.a[]", None),
        ("batch.a || batch.b", None),
        ("length(batch.a)", None),
        ("'text'", None),
        ("[batch.a]", None),
        ("batch.a[?b]", None),
        ("batch.a[1:]", None),
        ("batch.[a, b]", None),
    ],
)
def test_path_of(expression: str, place: str | None) -> None:
    assert path_of(parse(expression).tree, ROOTS) == place


@pytest.mark.parametrize(
    ("expression", "places"),
    [
        ("batch.a", ["/a"]),
        ("batch.a || event.b", ["/a", "/events/0/b"]),
        ("batch.a && batch.a", ["/a"]),
        ("length(batch.a)", ["/a"]),
        ("batch.a[*].b", ["/a"]),
        ("batch.a[?b == `1`].c", ["/a"]),
        ("batch.a.*.b", ["/a"]),
        ("batch.a[].b[]", ["/a"]),
        ("batch.a[1:].b", ["/a"]),
        ("batch.a[-1].b", ["/a"]),
        ("sort_by(batch.a, &b)[0].c", ["/a"]),
        ("map(&x, batch.a[?y])", ["/a"]),
        ("[batch.a, {x: event.b, y: 'z'}]", ["/a", "/events/0/b"]),
        ("batch.a | [0] | b", ["/a/0/b"]),
        ("batch.a.[b, c]", ["/a"]),
        ("!(batch.a)", ["/a"]),
        ("batch.a.b[*].c.d", ["/a/b"]),
        ("batch.a[*].b[0].c", ["/a"]),
        ("batch.a[0].b[?c].d", ["/a/0/b"]),
        ("batch.a.b[].c", ["/a/b"]),
        ("batch.a | b[*].c", ["/a/b"]),
        ("batch.a | length(@)", ["/a"]),
        ("batch[*].b", [""]),
        ("length(batch.a)[0].b", ["/a"]),
        ("batch.a == event.b", ["/a", "/events/0/b"]),
        ("name", []),
        ("name || batch.a", ["/a"]),
        ("get(batch.a, name)", ["/a"]),
        ('`{"batch": 1}`.batch', []),
        ("'x'", []),
    ],
)
def test_inputs_read(expression: str, places: list[str]) -> None:
    assert list(inputs_read(parse(expression).tree, ROOTS)) == places


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("a/~0é", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("a/~01", max_size=3), inner, max_size=3),
)


@pytest.mark.fuzz
@given(JSON)
def test_every_place_leads_to_its_value_and_back(document: Any) -> None:
    index = Index(document)
    pending: list[tuple[list[str | int], Any]] = [([], document)]
    while pending:
        tokens, value = pending.pop()
        assert value_at(document, pointer(tokens)) is value
        assert index.find(value) == (pointer(tokens) if isinstance(value, dict | list) else None)
        if isinstance(value, dict):
            pending += [([*tokens, key], inner) for key, inner in value.items()]
        elif isinstance(value, list):
            pending += [([*tokens, number], inner) for number, inner in enumerate(value)]


@pytest.mark.parametrize(
    "place",
    [
        "/x",
        "/list/2",
        "/list/-1",
        "/list/x",
        "/list/01x",
        "/list/01",
        "/list/\u0661",
        f"/list/{'9' * 5000}",
        "/text/0",
        "/list/0/a",
        "/none/x",
    ],
)
def test_a_place_that_leads_nowhere(place: str) -> None:
    assert value_at({"list": [1, 2], "text": "abc", "none": None}, place) is None


def test_join() -> None:
    assert join(join(join("", "a/b"), 0), "~") == "/a~1b/0/~0"


def test_an_index_of_what_contains_itself_ends() -> None:
    document: dict[str, Any] = {"a": []}
    document["a"].append(document)
    index = Index(document)
    assert index.find(document["a"]) == "/a"
    assert index.find(document) == ""
    assert index.find([]) is None
