"""The copies that iterations make for one batch are bounded, in every way to run a mapping."""

from __future__ import annotations

import json
import sys
import tracemalloc
from pathlib import Path
from types import ModuleType

import pytest

from moemap.engine import compiler
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.language.repetition import repeated_in
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.values.budget import MAX_COPIED

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "user": {"type": "object", "additionalProperties": True},
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "bag": {"type": "object"},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
RULE = "rules: [{rule: one, route: events, output: event, fields: %s}]"
ONCE = "rules: [{rule: one, output: event, fields: %s}]"


def rulebook_of(folder: Path, rules: str) -> Rulebook:
    (folder / "in.schema.json").write_text(json.dumps(SCHEMA))
    (folder / "out.schema.json").write_text("{}")
    (folder / "mapping.yaml").write_text(
        "{language: 1, name: shop, version: 1.0.0, input: {as: batch, schema: ./in.schema.json},\n"
        "outputs: {event: {schema: ./out.schema.json, request: {path: /v1},\n"
        "  element_of: all, combine: {all: append}}},\n"
        f"routes: {{events: {{each: batch.events, as: event}}}},\n{rules}}}\n"
    )
    loaded = load(folder / "mapping.yaml")
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


@pytest.mark.parametrize(
    ("rules", "number"),
    [
        # A value in the element itself, or once in the batch, does not multiply.
        (RULE % "{a: event, b: 'event.tags[]', c: {each: event.tags, as: tag, value: tag}}", 0),
        (RULE % "{a: {spread: {from: event.bag}}}", 0),
        (ONCE % "{a: batch, b: 'batch.events[].tags[]', c: {each: batch.events, as: e, value: 'e.tags[]'}}", 0),
        # Nor does a scalar.
        (RULE % "{a: {from: batch.id, type: string}, b: length(batch.events), c: batch.id == event.id}", 0),
        (RULE % "{a: \"from_unix_ms(batch.time, 'seconds')\", b: settings, c: {const: [1, 2]}}", 0),
        ("let: {id: {from: batch.id, type: string}, two: id},\n" + RULE % "{a: id, b: two}", 0),
        ("let: {id: {from: batch.id, table: {entries: {a: b}, unlisted: omit}}},\n" + RULE % "{a: id}", 0),
        # All else does.
        (RULE % "{a: batch.user}", 1),
        (RULE % "{a: 'batch.events[].tags[]'}", 1),
        (RULE % "{a: {template: '{{ batch.id }}{{ batch.id }}'}}", 1),
        (RULE % "{a: {from: to_string(batch.user), type: string}}", 1),
        (RULE % "{a: {from: batch.user, type: string, on_problem: keep}}", 1),
        (RULE % "{a: {spread: {from: batch.user}}}", 1),
        (RULE % "{a: {each: batch.events, as: other, value: {from: other.id, type: string}}}", 1),
        (RULE % "{a: {each: batch.events, as: other, value: other.tags}}", 2),
        (RULE % "{a: {each: event.tags, as: tag, value: event.bag}}", 1),
        ("let: {all: 'batch.events[].tags[]'},\n" + RULE % "{a: all}", 1),
        ("let: {id: {from: batch.id, table: {entries: {a: [b]}, unlisted: omit}}},\n" + RULE % "{a: id}", 1),
        ("let: {all: {each: batch.events, as: e, value: batch.events}},\n" + ONCE % "{a: 'all[]'}", 1),
        # An inner name stands for something else.
        ("let: {one: batch.user},\n" + RULE % "{a: {each: event.tags, as: one, value: one}}", 0),
    ],
)  # fmt: skip
def test_what_counts(tmp_path: Path, rules: str, number: int) -> None:
    assert len(repeated_in(rulebook_of(tmp_path, rules))) == number


EVENTS = {"id": "u", "user": {"a": {"b": [1, 2]}}, "events": [{"id": "e", "tags": ["x", "y"], "bag": {"k": 1}}] * 4}


GOING_ON = "{{rule: r{}, route: events, output: event, fields: {{a: event.id}}, then: continue}}"
TWICE = "{a: event.id}, then: continue}, {rule: two, route: events, output: event, fields: {a: batch.user}"


@pytest.mark.parametrize(
    ("fields", "copied", "by_structs"),
    [
        (TWICE, 4 * (25 + 4), True),
        (TWICE.replace("a: event.id", "a: batch.none"), 4 * (25 + 4), False),
        ("{a: batch.user}", 4 * 4, True),  # a, b, 1, 2
        ("{a: batch.events}", 4 * 28, False),
        ("{a: {spread: {from: batch.user}}}", 4 * 4, True),
        ("{a: {each: batch.events, as: b, value: {from: b.id, type: string}}}", 4 * 4, True),
        ("{a: {each: batch.events, as: b, value: {each: batch.events, as: c, value: b.id}}}", 4 * 4 + 4 * 4 * 4, True),
        ("{a: {template: '%s{{ batch.id }}'}}" % ("x" * 199), 4 * 2, True),
        ("{a: batch.none, b: batch.id}", 0, False),
    ],
)  # fmt: skip
def test_the_limit_is_the_same_in_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: str, copied: int, by_structs: bool
) -> None:
    rulebook = rulebook_of(tmp_path, RULE % fields)
    interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
    compiled.prepare()
    structs = compiled._structs.get()
    assert structs is not None
    source = standalone_of(rulebook)
    text = json.dumps(EVENTS).encode()
    for limit in {copied, max(copied - 1, 0)}:
        for name in ("values.budget", "runtime.result"):
            monkeypatch.setattr(f"moemap.engine.{name}.MAX_COPIED", limit)
        module = ModuleType("standalone_of_copies")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(source.replace(f"MAX_COPIED = {MAX_COPIED:_}", f"MAX_COPIED = {limit}"), vars(module))
        wanted = interpreter.run(EVENTS)
        if limit < copied:
            assert (*wanted.requests, *wanted.skipped) == ()
            (problem,) = wanted.problems
            assert (problem.code, problem.input, problem.data) == ("M525", "", {"limit": limit})
            assert problem.place is not None
            assert interpreter.elements(EVENTS) == ()
        else:
            assert wanted.requests
            assert not wanted.problems
        assert compiled.transform(EVENTS) == wanted
        assert module.transform(EVENTS) == wanted.to_json()
        structs._left_out = 0
        assert structs.transform(text) == (wanted if limit >= copied and by_structs else None)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rules",
    [
        RULE % "{a: {each: batch.events, as: b, value: {each: batch.events, as: c, value: c.id}}}",
        RULE % "{a: 'batch.events[].tags[]'}",
        RULE % "{a: {template: '{{ batch.id }}{{ batch.id }}'}}",
        f"rules: [{', '.join(map(GOING_ON.format, range(100)))}]",
        "let: {all: {each: batch.events, as: a, value: batch.events}},\n" + ONCE % "{a: 'all[]'}",
        "let: {all: {each: batch.events, as: a, value: {each: batch.events, as: b, value: batch.events}}},\n"
        + ONCE % "{a: 'all[][]', b: 'all[*][*][*].id'}",
        ONCE % "{a: 'let $all = batch.events in batch.events[*].{all: $all[*].{id: id}}'}",
    ],
)  # fmt: skip
def test_no_batch_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str) -> None:
    rulebook = rulebook_of(tmp_path, rules)
    compiled = compiler.compile(rulebook)
    monkeypatch.setattr("moemap.engine.values.budget.MAX_COPIED", 60_000)
    code = "M504" if "$all" in rules else "M525"
    batch = {"id": "x" * 5000, "events": [{"id": "e" * 20, "tags": ["x"]}] * 4_000}
    tracemalloc.start()
    try:
        result = compiled.transform(batch)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [problem.code for problem in result.problems] == [code], result.problems[:1]
    assert peak < 20_000_000


VARIABLES = [
    ("let $all = batch.events in batch.events[*].[$all[]]", 4 * (1 + 28)),
    ("batch.events[?length($batch.events) > `1`].{id: id, user: $batch.user}", 4 * (2 + 4)),
    ("batch.events[*].[$batch.events[*].id]", 4 * (1 + 4)),
    ("map(&$batch.user, batch.events)", 4 * 4),
    ("to_object(batch.events[*].id, &@, &$batch.user)", 4 * 4),
    ("let $all = batch.user in values($all)[*].b", 0),
    ("batch.events[?length($batch.events) > `1`].tags", 0),
]


@pytest.mark.parametrize(("text", "copied"), VARIABLES)
def test_what_an_expression_copies_is_limited_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, copied: int
) -> None:
    rulebook = rulebook_of(tmp_path, ONCE % f'{{a: "{text}"}}')
    interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
    source = standalone_of(rulebook)
    for limit in {copied * 10, copied, max(copied - 1, 0)}:
        for name in ("values.budget", "runtime.result"):
            monkeypatch.setattr(f"moemap.engine.{name}.MAX_COPIED", limit)
        module = ModuleType("standalone_of_copies")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(source.replace(f"MAX_COPIED = {MAX_COPIED:_}", f"MAX_COPIED = {limit}"), vars(module))
        wanted = interpreter.run(EVENTS)
        reason = f"the expression failed: it copies variables into more than {limit} values"
        assert (reason in [one.message for one in wanted.problems]) == (limit < copied)
        assert compiled.transform(EVENTS) == wanted
        assert module.transform(EVENTS) == wanted.to_json()
