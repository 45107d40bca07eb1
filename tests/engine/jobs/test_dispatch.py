"""Bodies that travel together: as many as fit, to the byte, none lost, and all that fit alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moemap.engine.api import Mapping
from moemap.engine.jobs.dispatch import Bundler, Dispatch, dispatch_of, fitting
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Request

MAIN = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
settings: {project: {default: p}}
outputs:
  out: {schema: ./out.schema.json, request: {path: /out}}
  list: {schema: ./out.schema.json, request: {path: /list}, element_of: list, combine: {list: append}, max_bytes: 40}
bulk:
  schema: ./out.schema.json
  request: {path: /bulk, query: {project: settings.project}}
  fields: {type: {const: bulk}}
  elements: all
  max_bytes: %d
routes:
  items: {each: batch.items, as: item}
  more: {each: batch.more, as: one}
rules:
- {rule: one, route: items, output: out, fields: {v: item}}
- {rule: two, route: more, output: list, fields: {v: one}}
"""


def size(body: Any) -> int:
    return len(orjson.dumps(body))


def bulk_body(*bodies: Any) -> dict[str, Any]:
    return {"type": "bulk", "all": list(bodies)}


def bundler_of(rulebook: Rulebook) -> Bundler:
    bulk = dispatch_of(rulebook).bulk
    assert bulk is not None
    return Bundler(bulk)


def bundle(bodies: Iterable[Any], rulebook: Rulebook) -> list[Request]:
    bundler = bundler_of(rulebook)
    return [*bundler.add(map(orjson.dumps, bodies)), *bundler.rest()]


def test_to_the_byte(mapping_of: Callable[..., Mapping]) -> None:
    bodies = [{"v": "é"}, {"v": 22}, {"v": [3]}]
    whole = size(bulk_body(*bodies))
    for limit, expected in [(whole, [3]), (whole - 1, [2, 1]), (size(bulk_body(bodies[0])), [1, 1, 1]), (1, [1, 1, 1])]:
        rulebook = mapping_of({"mapping.yaml": MAIN % limit}).rulebook
        bulks = bundle(bodies, rulebook)
        assert [len(bulk.body["all"]) for bulk in bulks] == expected
        assert {(bulk.output, bulk.method, bulk.path, *bulk.query.values()) for bulk in bulks} == {
            ("bulk", "POST", "/bulk", "p")
        }


def test_a_body_that_fits_exactly_into_a_bulk_of_its_own(mapping_of: Callable[..., Mapping]) -> None:
    """`fitting` rejects what no bulk body can carry, and nothing else."""
    for limit, mapped in [(size(bulk_body({"v": "xxxx"})), True), (size(bulk_body({"v": "xxxx"})) - 1, False)]:
        mapping = Mapping(fitting(mapping_of({"mapping.yaml": MAIN % limit}).rulebook))
        result = mapping.transform({"items": ["xxxx"]})
        assert [problem.code for problem in result.problems] == ([] if mapped else ["M510"])
        assert all(size(bulk.body) <= limit for bulk in bundle((one.body for one in result.requests), mapping.rulebook))


def test_the_tighter_limit_holds(mapping_of: Callable[..., Mapping]) -> None:
    rulebook = fitting(mapping_of({"mapping.yaml": MAIN % 1000}).rulebook)
    assert {name: output.max_bytes for name, output in rulebook.outputs.items()} == {
        "out": 1000 - size(bulk_body()),
        "list": 40,
    }


def test_without_bulk(mapping_of: Callable[..., Mapping]) -> None:
    rulebook = mapping_of("rules: []").rulebook
    assert fitting(rulebook) is rulebook
    assert dispatch_of(rulebook).bulk is None


def test_a_dispatch_is_the_same_after_json(mapping_of: Callable[..., Mapping]) -> None:
    for main in ("rules: []", {"mapping.yaml": MAIN % 1000}):
        dispatch = dispatch_of(mapping_of(main).rulebook)
        assert Dispatch.from_json(orjson.loads(orjson.dumps(dispatch.to_json()))) == dispatch


def test_what_waits(mapping_of: Callable[..., Mapping]) -> None:
    bundler = bundler_of(mapping_of({"mapping.yaml": MAIN % size(bulk_body({"v": 1}))}).rulebook)
    assert [list(bundler.add([b'{"v":%d}' % number])) for number in (1, 2)] == [
        [],
        [Request("bulk", "POST", "/bulk", {"project": "p"}, bulk_body({"v": 1}), orjson.dumps(bulk_body({"v": 1})))],
    ]
    assert bundler.waiting == [b'{"v":2}']
    assert [request.body for request in bundler.rest()] == [bulk_body({"v": 2})]
    assert bundler.waiting == []
    assert list(bundler.rest()) == []


def test_nothing_makes_no_bulk(mapping_of: Callable[..., Mapping]) -> None:
    assert bundle([], mapping_of({"mapping.yaml": MAIN % 100}).rulebook) == []


@pytest.fixture
def fitted(mapping_of: Callable[..., Mapping]) -> Mapping:
    return Mapping(fitting(mapping_of({"mapping.yaml": MAIN % 80}).rulebook))


VALUES = st.lists(st.text("aé", max_size=50) | st.integers(0, 99), max_size=10)


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 3 // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=VALUES, more=VALUES)
def test_none_is_lost_and_none_too_large(items: list[Any], more: list[Any], fitted: Mapping) -> None:
    batch = {"items": items, "more": more}
    result = fitted.transform(batch)
    bulks = bundle((one.body for one in result.requests), fitted.rulebook)
    assert all(size(bulk.body) <= 80 for bulk in bulks)
    assert [body for bulk in bulks for body in bulk.body["all"]] == [one.body for one in result.requests]
    mapped = sum(element.outcome == "mapped" for element in fitted.elements(batch))
    assert mapped + len(result.problems) == len(items) + len(more)
