"""Laws for every mapping and every batch: nothing raises, nothing is lost, nothing is changed, nothing varies."""

from __future__ import annotations

import copy
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from moemap.engine.api import Mapping
from moemap.engine.checks import roots, unused
from moemap.engine.language.installed import locate
from moemap.engine.language.loader import load
from moemap.engine.runtime.result import Result
from moemap.engine.schemas.schema import Schema
from moemap.engine.values.pointers import pointer
from moemap.tests.schema_oracle import accepts

SHIPPED = "mparticle-moengage"
EXAMPLES = Path(__file__).parents[1] / "examples"
SETTINGS: list[dict[str, Any]] = [
    {},
    {"identity": "email", "push": True, "unset_attributes": True, "tags": True, "objects": True},
    {"identity": "mpid", "require_gdpr_purpose": "marketing", "respect_ccpa_opt_out": True, "tags": "true"},
    {"time_precision": "milliseconds", "project_name_from": "page", "project_names": ["a"], "project_code": "X"},
]

FEW = settings(max_examples=settings().max_examples * 3 // 5, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=settings().max_examples * 3 // 2)


# --- nothing is lost: a mapping with every kind of iteration, and what it iterates over worked out without the engine

EVERYTHING = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
outputs:
  list:
    schema: ./list.schema.json
    request: {path: /list}
    element_of: list
    combine: {list: append}
    max_bytes: 300
routes:
  items: {each: batch.items, as: item}
  entries:
    {each: batch.entries, as: entry, key: key, let: {number: {from: entry, type: integer, required: true}}}
rules:
- {rule: skip, route: items, when: item.kind == 'skip', skip: "{{ item.kind }}"}
- {rule: reject, route: items, when: item.kind == 'reject', reject: "{{ item.kind }}"}
- rule: map
  route: items
  when: item.kind == 'map'
  let: {unused: {each: item.lines, as: one, value: one}}
  output: list
  fields:
    lines:
      each: item.lines
      as: line
      fields:
        id: {from: line.id, type: integer, required: true}
        parts: {each: line.parts, as: part, value: {from: part, type: integer}}
    tags: {each: item.tags, as: tag, key: tag_name, value: {from: tag, type: string, on_problem: reject}}
    code: {from: item.code, type: integer, on_problem: reject}
    unused: unused
  spread:
    from: item.attributes
    except: {prefixes: [_]}
    entries:
    - {when: name == 'skip', skip: never}
    - {when: name == 'reject', reject: never}
    - {when: type(value) == 'number', value: {fields: {v: {from: value, type: integer, required: true}}}}
    - {when: type(value) != 'boolean'}
- {rule: entry, route: entries, output: list, fields: {entry: number}}
"""
LIST_SCHEMA = {"properties": {"list": {"items": {"properties": {"code": {"minimum": 0}}}}}}


def is_whole(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return value == "5" or (isinstance(value, int) and not isinstance(value, bool))


def iterated(batch: Any) -> Iterator[str]:
    """The places of all that EVERYTHING iterates over."""
    for number, item in elements(batch.get("items")):
        yield pointer(["items", number])
        if isinstance(item, dict) and item.get("kind") == "map":
            yield from (pointer(["items", number, *tokens]) for tokens in iterated_in_item(item))
    yield from (pointer(["entries", name]) for name in members(batch.get("entries")))


def iterated_in_item(item: dict[str, Any]) -> Iterator[tuple[str | int, ...]]:
    for number, line in elements(item.get("lines")):
        yield "lines", number
        if isinstance(line, dict) and is_whole(line.get("id")):
            yield from (("lines", number, "parts", inner) for inner, _ in elements(line.get("parts")))
    yield from (("tags", name) for name in members(item.get("tags")))
    if item.get("code") is None or is_whole(item["code"]):
        yield from (("attributes", name) for name in members(item.get("attributes")) if not name.startswith("_"))


def elements(value: Any) -> list[tuple[int, Any]]:
    return list(enumerate(value)) if isinstance(value, list) else []


def members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


ODD = st.sampled_from([None, True, 0, 5, -1, 1.5, 2.0, "", "x", "5", [], {}, [1], {"a": 1}, "x" * 200])
NAMES = st.sampled_from(["a", "", "a/b", "~", "_x", "skip", "reject", "lines", "code", "é"])


def often(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(strategy, strategy, strategy, ODD)


LINES = st.fixed_dictionaries({}, optional={"id": ODD, "parts": often(st.lists(ODD, max_size=3))})
ITEMS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["map", "map", "map", "skip", "reject", "other"])},
    optional={
        "lines": often(st.lists(often(LINES), max_size=3)),
        "tags": often(st.dictionaries(NAMES, ODD, max_size=3)),
        "code": ODD,
        "attributes": often(st.dictionaries(NAMES, ODD, max_size=4)),
    },
)
BATCHES = st.fixed_dictionaries(
    {},
    optional={
        "items": often(st.lists(often(ITEMS), max_size=4)),
        "entries": often(st.dictionaries(NAMES, ODD, max_size=3)),
    },
)


@pytest.fixture
def everything(mapping_of: Callable[..., Mapping]) -> Mapping:
    return mapping_of({"mapping.yaml": EVERYTHING, "list.schema.json": LIST_SCHEMA})


@pytest.mark.slow
@pytest.mark.fuzz
@MANY
@given(batch=BATCHES)
def test_every_element_is_mapped_skipped_or_rejected(batch: Any, everything: Mapping) -> None:
    result, account = everything.transform(batch), everything.elements(batch)
    assert Counter(one.pointer for one in account) == Counter(iterated(batch))

    skipped = Counter((one.pointer, one.rule) for one in account if one.outcome == "skipped")
    assert skipped == Counter((one.pointer, one.rule) for one in result.skipped)

    errors = [problem.input or "" for problem in result.problems if problem.severity == "error"]
    for one in account:
        if one.outcome == "rejected" and one.pointer.count("/") == 2:
            assert any(place == one.pointer or place.startswith(f"{one.pointer}/") for place in errors), one

    bodies = [element for request in result.requests for element in request.body["list"]]
    for prefix, found in [
        (("items",), [body for body in bodies if "entry" not in body]),
        (("entries",), [body for body in bodies if "entry" in body]),
        (("items", "lines"), [line for body in bodies for line in listed(body, "lines", dict)]),
        (
            ("items", "lines", "parts"),
            [p for body in bodies for line in listed(body, "lines", dict) for p in listed(line, "parts", int)],
        ),
    ]:
        mapped = [one for one in account if one.outcome == "mapped" and names_of(one.pointer) == prefix]
        assert len(mapped) == len(found)


def listed(body: Any, name: str, type_: type) -> list[Any]:
    """The list that the rule made; one that passed through under the same name has elements of another kind."""
    value = body.get(name)
    return value if isinstance(value, list) and all(isinstance(one, type_) for one in value) else []


def names_of(place: str) -> tuple[str, ...]:
    return tuple(place.split("/")[1::2])


# --- the shipped mapping, and batches with something wrong in them


@cache
def shipped(number: int) -> Mapping:
    path = locate(SHIPPED)
    assert path is not None
    rulebook = load(path, SETTINGS[number]).rulebook
    assert rulebook is not None
    return Mapping(rulebook)


@lru_cache(maxsize=16)
def exact(schema: Schema) -> Any:
    """The reference implementation of JSON Schema."""
    return accepts(schema)


def examples() -> list[Any]:
    read = [json.loads(path.read_text("utf-8")) for path in sorted(EXAMPLES.glob("*.json"))]
    return [batch for content in read for batch in (content if isinstance(content, list) else [content])]


SAMPLES = examples()


def deep(levels: int, inner: Any = None) -> Any:
    for level in range(levels):
        inner = [inner] if level % 2 else {"a": inner}
    return inner


WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.sampled_from([0, -1, 2**53 + 1, 2**63, 1e308, -0.0, 5e-324, 10**15]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(
        ["", " ", "true", "1e5", "2026-01-31", "x" * 50_000, "\x00", "\u2028", "{{ x }}", "[]", "null", '{"a": 1}']
    ),
    st.just(deep(60)),
    st.builds(dict),
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["", "a/b", "~", "$", "name"]), inner)
        ),
        max_leaves=6,
    ),
)
KEYS = st.one_of(
    st.sampled_from(["", "a/b", "~", "~1", "$", ".", "x" * 5_000, "é"]),
    st.sampled_from(["moe_x", "uid", "gender", "u_l_a", "$Age", "age", "email", "name", "consented", "platforms"]),
    st.sampled_from(["events", "user_attributes", "event_type", "data", "custom_attributes", "timestamp_unixtime_ms"]),
)
MUTATIONS = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(["replace", "delete", "insert", "copy"]), KEYS, WRONG),
    min_size=1,
    max_size=5,
)


def places(value: Any, tokens: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield tokens
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*tokens, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*tokens, number))


def mutated(batch: Any, mutations: list[Any]) -> Any:
    batch = copy.deepcopy(batch)
    for where, how, key, value in mutations:
        wrong = copy.deepcopy(value)
        known = [tokens for tokens in places(batch) if tokens]
        if not known:
            return wrong
        *before, last = known[where % len(known)]
        parent = batch
        for token in before:
            parent = parent[token]
        if how == "delete":
            del parent[last]
        elif how == "insert" and isinstance(parent, dict):
            parent[key] = wrong
        elif how == "insert":
            parent.insert(int(last), wrong)
        elif how == "copy" and isinstance(parent, dict):
            parent[key] = copy.deepcopy(parent[last])
        else:
            parent[last] = wrong
    return batch


def as_bytes(result: Result) -> bytes:
    return orjson.dumps(result.to_json())


def check(mapping: Mapping, batch: Any) -> Result:
    """Transforms; the batch stays as it is, the Result is JSON and the same each time, and every request is valid."""
    before = repr(batch)
    result = mapping.transform(batch)
    assert repr(batch) == before
    written = as_bytes(result)
    assert as_bytes(mapping.transform(copy.deepcopy(batch))) == written
    assert repr(batch) == before
    for request in result.requests:
        output = mapping.rulebook.outputs[request.output]
        assert output.schema is not None
        assert exact(mapping.rulebook.schemas[output.schema]).is_valid(request.body)
        assert output.max_bytes is None or len(orjson.dumps(request.body)) <= output.max_bytes
    for problem in result.problems:
        assert problem.message
        assert all(place is None or place == "" or place.startswith("/") for place in (problem.input, problem.output))
    return result


@pytest.mark.fuzz
@pytest.mark.slow
@MANY
@given(sample=st.sampled_from(SAMPLES), mutations=MUTATIONS, number=st.integers(0, len(SETTINGS) - 1))
def test_whatever_stands_in_a_batch(sample: Any, mutations: list[Any], number: int) -> None:
    batch = mutated(sample, mutations)
    result = check(shipped(number), batch)
    if not isinstance(batch, dict) or is_refused(result) or batch.get("type") == "event_processing_request":
        return
    for name in ("events", "deleted_user_attributes"):
        of_route = [one.pointer for one in shipped(number).elements(batch) if names_of(one.pointer) == (name,)]
        assert of_route == [f"/{name}/{at}" for at, _ in elements(batch.get(name))]


def is_refused(result: Result) -> bool:
    """Returns whether the whole batch was skipped or rejected."""
    refused = any(problem.code in ("M503", "M511") and problem.input == "" for problem in result.problems)
    return refused or any(one.pointer == "" for one in result.skipped)


@pytest.mark.fuzz
@FEW
@given(batch=BATCHES, mutations=MUTATIONS)
def test_whatever_stands_in_a_batch_of_another_mapping(batch: Any, mutations: list[Any], everything: Mapping) -> None:
    wrong = mutated(batch, mutations)
    before = repr(wrong)
    result = everything.transform(wrong)
    assert repr(wrong) == before
    assert as_bytes(everything.transform(copy.deepcopy(wrong))) == as_bytes(result)
    if isinstance(wrong, dict) and not is_refused(result):
        assert Counter(one.pointer for one in everything.elements(wrong)) == Counter(iterated(wrong))


# --- rule files with something wrong in them

PARTS = st.one_of(
    st.sampled_from(
        ["rule", "output", "skip", "reject", "when", "let", "fields", "spread", "warn", "extends", "route"]
    ),
    st.sampled_from(
        ["from", "const", "template", "each", "as", "key", "value", "type", "table", "default", "required"]
    ),
    st.sampled_from(["entries", "except", "rename", "name", "on_problem", "items", "include", "abstract", "enabled"]),
    st.sampled_from(["tables", "policies", "settings", "server", "bulk", "max_bytes", "combine", "element_of", "x"]),
)
WORDS = st.one_of(
    st.sampled_from(
        ["batch", "item", "item.lines", "item.code", "sum(item.lines)", "item.*", "batch.items[?code]", "key"]
    ),
    st.sampled_from(
        ["`[1]`", "'x'", "length(", "@", "nothing.x", "{{ item.code }}", "{{ item | join }}", "string", "omit"]
    ),
    st.sampled_from(["map", "list", "items", "entries", "integer", "./list.schema.json", "rules.yaml", "mapping.yaml"]),
    st.sampled_from([0, 1, -1, 1.5, True, False, None, "", [], {}, ["x"], {"from": "item"}, {"const": 1}]),
)
CHANGES = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(["replace", "delete", "insert", "copy"]), PARTS, WORDS),
    min_size=1,
    max_size=4,
)
FULL = {"kind": "map", "lines": [{"id": 1, "parts": [1, "x"]}], "tags": {"a": 1}, "code": 5, "attributes": {"b": 2}}


@pytest.mark.fuzz
@pytest.mark.slow
@FEW
@given(changes=CHANGES)
def test_whatever_stands_in_a_rule_file(changes: list[Any], write: Callable[..., Path]) -> None:
    """There are problems with a place, or a mapping that takes every batch."""
    path = write({"mapping.yaml": mutated(yaml.safe_load(EVERYTHING), changes), "list.schema.json": LIST_SCHEMA})
    loaded = load(path)
    assert all(problem.message and problem.place is not None for problem in loaded.problems)
    if not loaded.ok:
        return
    assert loaded.rulebook is not None
    assert all(problem.message for check in (roots.check, unused.check) for problem in check(loaded.rulebook))
    mapping = Mapping(loaded.rulebook)
    for batch in ({}, {"items": [FULL, {"kind": "map", "lines": 5}, None], "entries": {"a": 1, "b": "x"}}):
        check(mapping, batch)


def cycle() -> Any:
    value: dict[str, Any] = {"a": []}
    value["a"].append(value)
    return value


class Text(str):
    """A text that is not JSON's."""


NO_JSON = [
    (math.nan, "a number is not finite"),
    (-math.inf, "a number is not finite"),
    (10**400, "an integer has more than 400 digits"),
    (-(10**400), "an integer has more than 400 digits"),
    ("\ud800", "a string has half of a surrogate pair"),
    ("x\udfff", "a string has half of a surrogate pair"),
    ({"\udc00": 1}, "a name has half of a surrogate pair"),
    ({1: 2}, "a name is not a string"),
    ({None: 2}, "a name is not a string"),
    ((1,), "a value of the type tuple is not JSON"),
    ({1}, "a value of the type set is not JSON"),
    (b"x", "a value of the type bytes is not JSON"),
    (Text("x"), "a value of the type Text is not JSON"),
    (object(), "a value of the type object is not JSON"),
    (deep(200), "it is nested more than 100 levels deep"),
    (cycle(), "it is nested more than 100 levels deep"),
]


@pytest.mark.parametrize(("value", "reason"), NO_JSON, ids=[f"{n}" for n in range(len(NO_JSON))])
def test_what_is_no_json_is_refused_wherever_it_stands(value: Any, reason: str) -> None:
    sample = SAMPLES[0]
    known = list(places(sample))
    for tokens in known[:: max(1, len(known) // 12)]:
        batch = copy.deepcopy(sample)
        if not tokens:
            batch = value
        else:
            parent = batch
            for token in tokens[:-1]:
                parent = parent[token]
            parent[tokens[-1]] = value
        before = repr(batch)
        result = shipped(0).transform(batch)
        assert repr(batch) == before
        (problem,) = result.problems
        assert (problem.code, problem.message, problem.input) == ("M503", f"the record is refused: {reason}", "")
        assert (result.requests, result.skipped, shipped(0).elements(batch)) == ((), (), ())
        assert as_bytes(result) == as_bytes(shipped(0).transform(batch))


@pytest.mark.parametrize("batch", [None, True, 0, 2**64, -(2**70), 1.5, "", "{}", [], [{}]])
def test_a_batch_that_is_no_object(batch: Any) -> None:
    assert [problem.code for problem in check(shipped(0), batch).problems] == ["M502"]


def test_a_batch_with_too_many_values() -> None:
    (problem,) = shipped(0).transform({"events": [0] * 1_000_001}).problems
    assert problem.message == "the record is refused: it has more than 1000000 values"


@pytest.mark.fuzz
@FEW
@given(
    st.binary(max_size=30) | st.text(max_size=30) | st.sampled_from(['{"a": 1} x', "[NaN]", '"\\ud800"', "[" * 5_000])
)
@example(b'{"events": [], "events": [{}]}')
@example(b"\xff")
def test_whatever_text_there_is(text: bytes | str) -> None:
    result = shipped(0).transform_json(text)
    assert as_bytes(result) == as_bytes(shipped(0).transform_json(text))
    assert all(problem.code in CODES for problem in result.problems)


CODES = {"M501", "M502", "M503", "M511", "M512"}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SETTINGS)))
def test_the_examples(number: int) -> None:
    for batch in SAMPLES:
        check(shipped(number), batch)


@pytest.mark.slow
def test_threads_see_the_same() -> None:
    mapping, mutations = shipped(1), [(7, "replace", "", None), (3, "insert", "x", "y" * 100)]
    batches = [*SAMPLES, *(mutated(sample, mutations) for sample in SAMPLES)]
    alone = [as_bytes(mapping.transform(batch)) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        rounds = [pool.map(lambda batch: as_bytes(mapping.transform(batch)), batches) for _ in range(8)]
        assert all(list(results) == alone for results in rounds)
