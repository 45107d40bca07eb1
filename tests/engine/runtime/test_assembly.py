"""Bodies that are too large, too deep or impossible to combine: generated code gives the interpreter's results."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moemap.engine import api, compiler
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.runtime import requests
from moemap.engine.runtime.result import Result
from moemap.engine.values.once import Once

HEAD: dict[str, Any] = {
    "language": 1,
    "name": "base",
    "version": "1.0.0",
    "input": {"as": "batch", "schema": "./any.schema.json"},
    "let": {"chosen": "batch.items[?keep]"},
    "routes": {
        "items": {"each": "batch.items", "as": "item"},
        "kept": {"each": "chosen", "as": "item"},
        "copies": {"each": "batch.items[*].{v: v, text: text}", "as": "item"},
        "entries": {"each": "batch.entries", "as": "item", "key": "name", "let": {"long": "item.text"}},
    },
}
NUMBER = {"from": "item.v", "type": "integer"}
RULES: list[dict[str, Any]] = [
    {
        "rule": "batch",
        "output": "single",
        "fields": {"text": "batch.text", "v": {"from": "batch.v", "type": "integer"}},
    },
    {"rule": "item", "route": "items", "output": "list", "fields": {"v": NUMBER, "text": "item.text"}},
    {"rule": "kept", "route": "kept", "output": "merged", "fields": {"tags": "[item.text]", "attributes": "item.more"}},
    {
        "rule": "copy",
        "route": "copies",
        "output": "odd",
        "fields": {
            "names": {"each": "[item.v]", "as": "one", "value": {"from": "one", "type": "integer"}},
            "v": "item.v",
        },
    },
    {"rule": "even", "route": "entries", "when": "name == 'b'", "output": "single", "fields": {"text": "long"}},
    {"rule": "entry", "route": "entries", "output": "odd", "fields": {"names": "[long, name]"}},
]
ENVELOPES: dict[str, dict[str, Any]] = {
    "none has anything to say": {"list": {"id": "batch.id"}, "single": {"id": "batch.id"}},
    "the last one has": {"odd": {"id": {"from": "batch.id", "type": "integer", "required": True}}},
    "all have": {name: {"id": {"from": "batch.id", "type": "integer"}} for name in ("single", "list", "merged", "odd")},
}
Pair = tuple[Interpreter, compiler.Compiled]
Standalone = Callable[[Any], Any]


def _unexpected(*_arguments: Any) -> Any:
    raise AssertionError("the interpreter was asked, or what stands for it")


@pytest.fixture(scope="module", params=ENVELOPES)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A mapping with outputs of all sorts: interpreted, and compiled without an interpreter to help out."""
    envelopes = ENVELOPES[request.param]
    own: dict[str, dict[str, Any]] = {
        "single": {"max_bytes": 80},
        "list": {"max_bytes": 150, "element_of": "list"},
        "merged": {
            "max_bytes": 120,
            "combine": {"attributes": "merge", "tags": "append"},
            "limits": "./any.schema.json",
        },
        "odd": {"max_bytes": 60, "combine": {"names": "append"}},
    }
    outputs = {
        name: {
            "schema": "./any.schema.json",
            "request": {"path": f"/{name}"},
            "fields": envelopes.get(name, {}),
            **output,
        }
        for name, output in own.items()
    }
    folder: Path = tmp_path_factory.mktemp("assembly")
    (folder / "any.schema.json").write_text("{}", "utf-8")
    (folder / "mapping.yaml").write_text(json.dumps({**HEAD, "outputs": outputs, "rules": RULES}), "utf-8")
    loaded = load(folder / "mapping.yaml")
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    compiled = compiler.compile(loaded.rulebook)
    compiled._interpreter = Once(_unexpected)
    return Interpreter(loaded.rulebook), compiled


@pytest.fixture(scope="module")
def standalone(pair: Pair) -> Standalone:
    """The same mapping as a module of its own."""
    module = ModuleType("standalone_of_assembly")
    sys.modules[module.__name__] = module  # data classes look for their module
    exec(compile(standalone_of(pair[0].rulebook), "standalone", "exec", dont_inherit=True), vars(module))
    vars(module)["traced"] = _unexpected
    transform: Standalone = vars(module)["transform"]
    return transform


TEXTS = st.sampled_from(["", "x", "é" * 20, "y" * 45, "z" * 70, "w" * 200])
NUMBERS = st.sampled_from([None, 1, "2", "none", 1.5])
ATTRIBUTES = st.one_of(st.none(), st.just("text"), st.dictionaries(st.sampled_from("ab"), TEXTS, max_size=2))
ITEM = st.fixed_dictionaries({"v": NUMBERS, "text": TEXTS, "more": ATTRIBUTES, "keep": st.booleans()})
BATCH = st.fixed_dictionaries(
    {
        "id": NUMBERS,
        "v": NUMBERS,
        "text": TEXTS,
        "items": st.lists(ITEM, max_size=6),
        "entries": st.dictionaries(st.sampled_from("abc/"), ITEM, max_size=3),
    }
)


@pytest.mark.slow
@pytest.mark.fuzz
@example(batch={"items": [{"text": "a", "keep": True}, {"text": "b", "keep": True, "more": "no object"}]})
@given(batch=BATCH)
def test_as_the_interpreter(
    pair: Pair, standalone: Standalone, difference: Callable[[Result, Result], str], batch: Any
) -> None:
    interpreter, compiled = pair
    wanted = interpreter.run(batch)
    found = difference(wanted, compiled.transform(batch))
    assert not found, f"{found}\n{json.dumps(batch)}"
    assert standalone(batch) == wanted.to_json(), json.dumps(batch)


def test_one_part_that_is_too_large(pair: Pair) -> None:
    _, compiled = pair
    items = [{"v": "none", "text": "x" * size} for size in (10, 200, 20)]
    result = compiled.transform({"id": 1, "items": items, "text": "x" * 100})
    assert [problem.code for problem in result.problems[-2:]] == ["M510", "M510"]
    single, other = (problem for problem in result.problems if problem.code == "M510")
    assert (single.rule, single.input, single.place and single.place.line) == ("batch", "", 1)
    assert (other.rule, other.input) == ("item", "/items/1")
    assert other.message.endswith("at most 150 are allowed")


def test_a_body_that_is_too_deep(
    pair: Pair, difference: Callable[[Result, Result], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter, compiled = pair
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    batch = {"text": deep, "items": [{"text": deep, "v": 1}, {"text": "x", "v": 2}]}
    given = compiled.transform_parsed(batch)
    with monkeypatch.context() as patched:
        patched.setattr("moemap.engine.interpreter.interpreter.received", lambda batch: (batch, None))
        assert not difference(interpreter.run(batch), given)
    assert "M509" in {problem.code for problem in given.problems}


@pytest.mark.slow
def test_the_shipped_mapping_with_many_attributes(shipped_mapping: Callable[..., api.Mapping]) -> None:
    compiled = compiler.compile(shipped_mapping().rulebook)
    compiled._interpreter = Once(_unexpected)
    attributes = {f"a{number}": "x" for number in range(20_000)}
    result = compiled.transform({"user_identities": {"customer_id": "c-1"}, "user_attributes": attributes})
    assert [problem.code for problem in result.problems] == ["M510"]
    assert not result.requests


LEAST = 300
"""The maximum size of the bodies of a batch in these tests, in bytes."""


@pytest.fixture(scope="module")
def bounded(pair: Pair) -> tuple[Interpreter, compiler.Compiled, Standalone]:
    """The mapping in all ways to run it, with a low limit for the bodies of a batch."""
    rulebook = pair[0].rulebook
    source = standalone_of(rulebook).replace("MAX_RESULT_BYTES = 100_000_000", f"MAX_RESULT_BYTES = {LEAST}")
    assert f"MAX_RESULT_BYTES = {LEAST}" in source
    module = ModuleType("standalone_of_bounded_assembly")
    sys.modules[module.__name__] = module
    exec(compile(source, "standalone", "exec", dont_inherit=True), vars(module))
    return Interpreter(rulebook), compiler.compile(rulebook), vars(module)["transform"]


@pytest.mark.slow
@pytest.mark.fuzz
@example(batch={"items": [{"text": "w" * 200, "keep": True}, {"text": "w" * 200, "keep": True}]})
@given(batch=BATCH)
def test_bodies_that_are_too_large_together(
    bounded: tuple[Interpreter, compiler.Compiled, Standalone], difference: Callable[[Result, Result], str], batch: Any
) -> None:
    interpreter, compiled, standalone = bounded
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests, "MAX_RESULT_BYTES", LEAST)
        wanted = interpreter.run(batch)
        found = difference(wanted, compiled.transform(batch))
    assert not found, f"{found}\n{json.dumps(batch)}"
    assert standalone(batch) == wanted.to_json(), json.dumps(batch)
    if "M520" in {problem.code for problem in wanted.problems}:
        assert not wanted.requests
    else:
        assert sum(len(request.text) for request in wanted.requests) <= LEAST


@pytest.mark.slow
def test_a_long_text_in_each_of_many_events_is_not_written_for_all(shipped_mapping: Callable[..., api.Mapping]) -> None:
    """Bodies of two gigabytes, or of 180 megabytes in total: each is too large, or all together are."""
    mapping = shipped_mapping()
    events = [{"event_type": "custom_event", "data": {"event_name": "e"}}] * 2_000
    for length in (1_000_000, 90_000):
        user = {"user_identities": {"customer_id": "c-1"}}
        batch = {**user, "application_info": {"application_version": "v" * length}, "events": events}
        result = mapping.transform_json(json.dumps(batch))
        assert {problem.code for problem in result.problems} == {"M520"}
        assert result.requests == ()
