"""Bounds of what iterations look through outside of their elements, in every way to run a mapping."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from moemap.engine import compiler
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.expressions.tree import walk
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.scanning import scans_in
from moemap.engine.templates import filters
from moemap.engine.values import budget
from moemap.engine.values.budget import MAX_SCANNED
from moemap.tests.engine.runtime.test_copied import RULE, rulebook_of

FORMS = [
    # What belongs to the element is looked through once, and what is looked up takes no time.
    ("event.tags[?@ == $event.id]", []),
    ("get(batch.user, event.id) || length(batch.events) || type(batch.events)", []),
    ("batch.events", []),
    ("batch.id == event.id", []),
    ("settings.x == event.id", []),
    # All else is looked through again for each element.
    ("batch.events[?id == $event.id] | [0].id", ["batch.events", "id", "$event.id"]),
    ("batch.events[].tags[]", ["batch.events[]", "batch.events[].tags[]"]),
    ("batch.events | [?id].id", [""]),
    ("batch.events[*].tags[*]", ["tags", "events"]),
    ("batch.user.*", ["batch.user"]),
    ("contains(batch.events[*].id, event.id)", ["batch.events[*].id", "events"]),
    ("sort_by(batch.events, &id)[0].id", ["batch.events"]),
    ("lower(batch.id) == event.id", ["batch.id"]),
    ("batch.user == batch.events", ["batch.user", "batch.events"]),
    # The elements of what is outside are outside, too, and are compared with others as often.
    ("batch.events[?tags == $event.tags].id", ["batch.events", "tags", "$event.tags"]),
    ("batch.events[?tags == `[1]`].id", ["batch.events"]),
    ("unique_by(batch.events, &tags)[0].id", ["batch.events", "tags"]),
    ("event.tags[?@ == $event.id]", []),
    # Inside of lists, variables are what is outside.
    ("event.tags[?contains($batch.events, @)]", ["$batch.events"]),
    ("map(&contains($batch.events, @), event.tags)", ["$batch.events"]),
    ("let $all = batch.events in event.tags[?contains($all, @)]", ["$all"]),
    # Except for constants, whose size is that of the rules.
    ("event.tags[?contains($letters, @)]", []),
    ("map(&replace_any(@, $settings.x, ''), event.tags)", []),
    ("let $letters = batch.events in event.tags[?contains($letters, @)]", ["$letters"]),
]


@pytest.mark.parametrize(("text", "counted"), FORMS)
def test_what_counts(tmp_path: Path, text: str, counted: list[str]) -> None:
    rulebook = rulebook_of(
        tmp_path,
        "settings: {x: {type: string, default: a}},\nlet: {letters: {const: [a, b]}},\n"
        + RULE % f"{{a: {json.dumps(text)}}}",
    )
    nodes = [node for expression in scans_in(rulebook).values() for node in walk(expression.tree)]
    found = [text[node["start"] : node["end"]] for node in nodes if node["type"] == "looked_through"]
    assert sorted(found) == sorted(counted)


MANY = budget.UNCOUNTED + 10
"""The number of events in the batch. What has more than `UNCOUNTED` elements counts."""
BATCH: dict[str, Any] = {
    "id": "X" * 30_000,
    "few": ["x"] * 100,
    "user": {f"k{number}": number for number in range(300)},
    "events": [{"id": f"e{number}", "tags": ["x"]} for number in range(MANY)],
}
WHEN = 'rules: [{rule: one, route: events, when: "%s", output: event, fields: {a: event.id}}%s]'
TWO = ", {rule: two, route: events, when: event.id == 'e2', output: event, fields: {a: event.id}}"
ENTRIES = RULE % "{a: {spread: {from: event, entries: [{when: 'contains(batch.events[*].id, name)'}, {}]}}}"
INSIDE = "rules: [{rule: one, output: event, fields: {a: 'batch.events[*].contains($batch.events[*].id, id)'}}]"
RULES = [
    # An element counts once for each two steps that are evaluated for it; here there are five.
    (RULE % "{a: 'batch.events[?id == $event.id] | [0].id'}", MANY * MANY * 3),
    (RULE % "{a: 'sort_by(batch.events, &id)[0].id', b: event.id}", MANY * MANY * 2),
    (RULE % "{a: 'length(map(&contains(id, $event.id), batch.events))'}", MANY * MANY * 6),
    (RULE % "{a: {from: lower(batch.id), type: integer, on_problem: omit}, b: event.id}", MANY * 300),
    (RULE % "{a: length(keys(batch.user))}", MANY * 300),
    (RULE % "{a: 'get_ignore_case(batch.user, event.id)', b: event.id}", MANY * 300),
    (RULE % "{a: \"get_ignore_case(batch.user, 'K7')\"}", MANY * 300),
    # A search for a pattern takes as long for each character as others for an element.
    (RULE % "{a: \"matches(substring(batch.id, `0`, `500`), '(?:X|Y)*Z')\"}", MANY * (300 + 500)),
    (RULE % "{a: \"extract(substring(batch.id, `0`, `500`), 'Y')\", b: event.id}", MANY * (300 + 2 * 500)),
    # Some functions take as long for ten.
    (RULE % "{a: \"length(replace_any(batch.id, 'ab', 'c'))\"}", MANY * 3_000),
    (RULE % "{a: 'length(url_encode(batch.id))'}", MANY * 3_000),
    (RULE % "{a: \"length(split(batch.id, ','))\"}", MANY * 3_000),
    (WHEN % ("batch.events[?id == $event.id]", ""), MANY * MANY * 3),
    (WHEN % ("batch.events[*] && event.id == 'e1'", TWO), MANY * MANY),
    (WHEN % ("event.id == 'e1' && batch.events[*]", TWO), MANY),
    ("let: {ids: 'batch.events[*].id'},\n" + RULE % "{a: 'contains(ids, event.id)'}", MANY * MANY),
    (RULE % "{a: {each: 'batch.events[?id == $event.id]', as: one, value: one.id}}", MANY * MANY * 3),
    (INSIDE, 2 * MANY * MANY),
    (ENTRIES, 2 * 2 * MANY * MANY),
    (RULE % "{a: 'length(batch.events)', b: 'event.tags[*]'}", 0),
    (RULE % "{a: 'length(distinct(batch.events))', b: event.id}", MANY * 4 * (MANY + MANY * 3)),
    (RULE % "{a: 'length(unique_by(batch.events, &tags))', b: event.id}", MANY * (2 * MANY + 4 * MANY)),
    (RULE % "{a: 'length(batch.events[?tags == $event.tags])'}", MANY * (3 * MANY + 2 * MANY)),
    (RULE % "{a: 'length(to_string(batch.user))', b: event.id}", MANY * 2 * 310),  # with the names of its members
    # What is outside, but has few elements, does not count, unless it is looked through for other elements.
    (RULE % "{a: 'length(event.tags) && contains(batch.few, event.id)', b: event.id}", 0),
    (RULE % "{a: 'event.tags[?contains($event.tags, @)]'}", MANY),
]


@pytest.mark.slow
@pytest.mark.parametrize(("rules", "number"), RULES)
def test_the_limit_is_the_same_in_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str, number: int
) -> None:
    rulebook = rulebook_of(tmp_path, rules)
    source = standalone_of(rulebook)
    text = json.dumps(BATCH).encode()
    for limit in {number, max(number - 1, 0)}:
        for name in ("values.budget", "runtime.result"):
            monkeypatch.setattr(f"moemap.engine.{name}.MAX_SCANNED", limit)
        interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
        compiled.prepare()
        module = ModuleType("standalone_of_scans")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(source.replace(f"MAX_SCANNED = {MAX_SCANNED:_}", f"MAX_SCANNED = {limit}"), vars(module))
        wanted = interpreter.run(BATCH)
        if limit < number:
            assert (*wanted.requests, *wanted.skipped) == ()
            (problem,) = wanted.problems
            assert (problem.code, problem.input, problem.data) == ("M526", "", {"limit": limit})
            assert problem.place is not None
        else:
            assert "M526" not in {problem.code for problem in wanted.problems}
        assert compiled.transform(BATCH) == wanted
        assert module.transform(BATCH) == wanted.to_json()
        assert compiled.transform_text(text) in (None, wanted)
        assert interpreter.run(BATCH) == wanted  # each batch is counted anew


@pytest.mark.slow
def test_a_batch_that_would_take_hours_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert budget.MAX_SCANNED == 20_000_000
    for name in ("values.budget", "runtime.result"):
        monkeypatch.setattr(f"moemap.engine.{name}.MAX_SCANNED", 1_000_000)
    batch = {"events": [{"id": "e"}] * 150_000}
    for text in (
        "batch.events[?id == $event.name]",
        "index_of(batch.events, event)",
        "sort_by(batch.events, &id)[0].id",
    ):
        rulebook = rulebook_of(tmp_path, RULE % f"{{a: {json.dumps(text)}}}")
        (problem,) = compiler.compile(rulebook).transform(batch).problems
        assert problem.code == "M526"


@pytest.mark.parametrize(
    "template",
    [
        "{{ batch.list | join }}",
        "{{ batch.list | string | length }}",
        "{% if 'b' in batch.list %}yes{% endif %}",
        "{% if batch.list == batch.list %}yes{% endif %}",
        "{{ batch.text | lower | length }}",
    ],
)
def test_templates_count_likewise(template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_SCANNED", 1_000)
    monkeypatch.setattr(filters, "MAX_SCANNED", 1_000)
    rulebook = rulebook_of(tmp_path, RULE % f"{{a: {{template: {json.dumps(template)}}}}}")
    batch = {"list": ["a"] * 300, "text": "a" * 30_000, "events": [{"name": "e"}] * 8}
    wanted = Interpreter(rulebook).run(batch)
    failed = [
        problem.input for problem in wanted.problems if "look through more than 1,000 elements" in problem.message
    ]
    assert 0 < len(failed) < 8
    assert compiler.compile(rulebook).transform(batch) == wanted
    assert compiler.compile(rulebook).transform(batch) == wanted  # each batch is counted anew
    small = {**batch, "list": ["a"] * 90, "text": "a" * 9_000}
    assert Interpreter(rulebook).run(small).problems == ()
    assert compiler.compile(rulebook).transform(small).problems == ()


@pytest.mark.slow
def test_templates_that_would_take_hours_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_SCANNED", 2_000_000)
    monkeypatch.setattr(filters, "MAX_SCANNED", 2_000_000)
    rulebook = rulebook_of(tmp_path, RULE % "{a: {template: '{{ batch.list | join }}'}}")
    result = compiler.compile(rulebook).transform({"list": [""] * 50_000, "events": [{"name": "e"}] * 3_000})
    assert len(result.problems) > 2_900
