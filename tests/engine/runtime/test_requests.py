"""Combining bodies below a limit: exact to the byte, in order, and without loss."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moemap.engine.api import Mapping
from moemap.engine.values.pointers import shift

MAIN = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
outputs:
  list:
    schema: ./out.schema.json
    request: {path: /list}
    fields: {type: "'list'"}
    element_of: elements
    combine: {elements: append}
    max_bytes: %d
  merged:
    schema: ./out.schema.json
    request: {path: /merged}
    fields: {type: "'merged'"}
    combine: {object: merge, names: append}
    max_bytes: %d
routes:
  items: {each: batch.items, as: item}
  parts: {each: batch.parts, as: part}
rules:
- {rule: one, route: items, output: list, fields: {v: item}}
- {rule: two, route: parts, output: merged, fields: {object: part.object, names: part.names}}
"""


def size(body: Any) -> int:
    return len(orjson.dumps(body))


def joined(*values: Any) -> dict[str, Any]:
    return {"type": "list", "elements": [{"v": value} for value in values]}


@pytest.mark.parametrize("text", ["x", "é", "\U0001f600", '"', "\n"])
def test_to_the_byte(text: str, mapping_of: Callable[..., Mapping]) -> None:
    both = joined(text * 3, 1)
    for limit, bodies in [(size(both), [both]), (size(both) - 1, [joined(text * 3), joined(1)])]:
        mapping = mapping_of({"mapping.yaml": MAIN % (limit, 9999)})
        result = mapping.transform({"items": [text * 3, 1]})
        assert [request.body for request in result.requests] == bodies
        assert result.problems == ()


@pytest.mark.parametrize("text", ["x", "é"])
def test_one_that_is_too_large_alone(text: str, mapping_of: Callable[..., Mapping]) -> None:
    limit = size(joined(text * 9))
    mapping = mapping_of({"mapping.yaml": MAIN % (limit, 9999)})
    batch = {"items": [1, text * 9, text * 9 + "x", 2]}
    result = mapping.transform(batch)
    (problem,) = result.problems
    assert [request.body for request in result.requests] == [joined(1), joined(text * 9), joined(2)]
    assert (problem.code, problem.input, problem.rule, problem.severity) == ("M510", "/items/2", "one", "error")
    assert problem.message == (f"the list request has a body of {limit + 1} bytes; at most {limit} are allowed")
    assert [element.outcome for element in mapping.elements(batch)] == ["mapped", "mapped", "rejected", "mapped"]


MANY = settings(
    max_examples=settings().max_examples * 3 // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def tight(mapping_of: Callable[..., Mapping]) -> Mapping:
    return mapping_of({"mapping.yaml": MAIN % (90, 110)})


TEXTS = st.text("aé\n", max_size=30)


@pytest.mark.fuzz
@MANY
@given(items=st.lists(TEXTS, max_size=12))
def test_lists_are_as_full_as_they_can_be(items: list[str], tight: Mapping) -> None:
    result = tight.transform({"items": items})
    bodies = [request.body for request in result.requests]
    assert all(size(body) <= 90 for body in bodies)
    assert [one["v"] for body in bodies for one in body["elements"]] == [
        item for item in items if size(joined(item)) <= 90
    ]
    for body, following in pairwise(bodies):
        assert size(joined(*(one["v"] for one in body["elements"] + following["elements"][:1]))) > 90


PARTS = st.fixed_dictionaries(
    {},
    optional={
        "object": st.dictionaries(st.sampled_from("abc"), TEXTS, max_size=2),
        "names": st.lists(TEXTS, max_size=3),
    },
)


@pytest.mark.fuzz
@MANY
@given(parts=st.lists(PARTS, max_size=8))
def test_merging_loses_nothing(parts: list[dict[str, Any]], tight: Mapping) -> None:
    result = tight.transform({"parts": parts})
    bodies = [request.body for request in result.requests]
    assert all(size(body) <= 110 for body in bodies)
    kept = [part for part in parts if part and size({"type": "merged", **part}) <= 110]
    assert [name for body in bodies for name in body.get("names", [])] == [
        name for part in kept for name in part.get("names", [])
    ]
    applied: dict[str, str] = {}
    for body in bodies:
        applied.update(body.get("object", {}))
    wanted: dict[str, str] = {}
    for part in kept:
        wanted.update(part.get("object", {}))
    assert applied == wanted


@pytest.mark.parametrize(
    ("place", "offsets", "shifted"),
    [
        ("/list/0/a", {"list": 3}, "/list/3/a"),
        ("/list/2", {"list": 3}, "/list/5"),
        ("/list", {"list": 3}, "/list"),
        ("/lists/0", {"list": 3}, "/lists/0"),
        ("/other/0", {"list": 3}, "/other/0"),
        ("/a~1b/0/c", {"a/b": 1}, "/a~1b/1/c"),
        ("/list/0", {}, "/list/0"),
        ("/x/0", {"list": 3, "x": 2}, "/x/2"),
    ],
)
def test_places_in_parts_of_lists_are_those_in_the_whole(
    place: str, offsets: dict[str | None, int], shifted: str
) -> None:
    assert shift(place, offsets) == shifted


def test_a_body_that_cannot_be_written_is_refused(mapping_of: Callable[..., Mapping]) -> None:
    """Expressions can nest what JSON holds deeper than JSON is written."""
    deep = {"x0": "batch.a", **{f"x{n}": f"{'[' * 45}x{n - 1}{']' * 45}" for n in range(1, 9)}}
    rules = [
        {"rule": "deep", "output": "out", "fields": {"a": "x8"}},
        {"rule": "flat", "output": "out", "fields": {"a": "x0"}},
    ]
    result = mapping_of({"rules.yaml": {"let": deep, "rules": rules}}).transform({"a": 1})
    assert [request.body for request in result.requests] == [{"a": 1}]
    assert [(problem.code, problem.rule) for problem in result.problems] == [("M509", "deep")]
