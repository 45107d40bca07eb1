"""Random mappings: the compiled form against the interpreter; and mappings of unusual shape."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import compiler
from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.syntax_errors import ExpressionError
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Result
from moemap.tests.effort import effort
from moemap.tests.engine.grammar import batch as random_batch
from moemap.tests.engine.random_rulebooks import random_rulebook

Books = Callable[[dict[str, Any]], Rulebook]


@pytest.fixture
def book(tmp_path: Path, head: dict[str, Any]) -> Books:
    """The Rulebook of a mapping file with this content; its output takes everything but a member `bad`."""
    (tmp_path / "in.schema.json").write_text("{}")
    (tmp_path / "out.schema.json").write_text('{"properties": {"bad": false}}')

    def read(content: dict[str, Any]) -> Rulebook:
        path = tmp_path / "mapping.yaml"
        path.write_text(json.dumps({**head, **content}), "utf-8")
        loaded = load(path)
        assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
        return loaded.rulebook

    return read


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(0, 400, 100))
def test_random_mappings(
    difference: Callable[[Result, Result], str], copy_limit: Callable[[int], int], seed: int
) -> None:
    codes: set[str] = set()
    for number in range(seed, seed + effort(40, 100)):
        rulebook, content, dice = random_rulebook(number)
        copy_limit(number)
        interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
        for _ in range(5):
            batch = random_batch(dice)
            wanted = interpreter.run(batch)
            found = difference(wanted, compiled.transform(batch))
            assert not found, f"mapping {number}: {found}\n{json.dumps(batch)}\n{json.dumps(content)}"
            codes.update(problem.code for problem in wanted.problems)
    assert {"M505", "M525"} <= codes


@pytest.mark.slow
def test_a_thousand_rules(book: Books, difference: Callable[[Result, Result], str]) -> None:
    rules = [
        {
            "rule": f"rule{number}",
            "route": "items",
            "when": f"item.kind == 'kind{number}' && item.data.number == `{number % 7}`",
            "output": "list",
            "fields": {"a": {"from": "item.data.a", "type": "string"}, "b": {"from": f"item.data.b{number}"}},
        }
        for number in range(1000)
    ]
    rulebook = book({"routes": {"items": {"each": "batch.items", "as": "item"}}, "rules": rules})
    start = time.process_time()
    compiled = compiler.compile(rulebook)
    assert time.process_time() - start < 20
    items = [
        {"kind": f"kind{number}", "data": {"number": 3, "a": number, "b3": "x"}} for number in (3, 10, 999, 5, 1001)
    ]
    batch = {"a": "x", "items": items}
    assert not difference(Interpreter(rulebook).run(batch), compiled.transform(batch))
    assert compiled.transform(batch).requests


@pytest.mark.parametrize("depth", [3, 15, 25])  # Python nests 20 loops at most; the interpreter helps out
def test_deep_nesting(book: Books, difference: Callable[[Result, Result], str], depth: int) -> None:
    field: dict[str, Any] = {"from": f"x{depth}", "type": "string", "required": True}
    for number in range(depth, 0, -1):
        field = {"each": f"x{number - 1}", "as": f"x{number}", "value": field}
    field["each"] = "batch.nested"
    rulebook = book({"rules": [{"rule": "deep", "output": "single", "fields": {"nested": field}}]})
    nested: Any = ["leaf", None]
    for _ in range(depth - 1):
        nested = [nested]
    batch = {"nested": nested}
    assert not difference(Interpreter(rulebook).run(batch), compiler.compile(rulebook).transform(batch))


@pytest.mark.parametrize(
    ("start", "step"),
    [("batch.a", "lower({})"), ("batch.a", "!({})"), ("batch.a", "({} || batch.b)"),
     ("batch.a", "not_null({}).x"), ("batch", "({})[0]"), ("batch.a", "[{}][0]"),
     ("batch.a", "({})[*].x"), ("batch.a", "length({}) < `1`")],
)  # fmt: skip
def test_deep_expressions(book: Books, difference: Callable[[Result, Result], str], start: str, step: str) -> None:
    text = start
    while True:
        try:
            parse(step.format(text))
        except ExpressionError:
            break
        text = step.format(text)
    rulebook = book({"rules": [{"rule": "deep", "output": "single", "fields": {"x": text}}]})
    interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
    for batch in ({"a": "A"}, {"a": 1}, {"a": None, "b": 2}, {"a": [{"x": [{"x": 1}]}]}, {"a": {"x": {"x": 3}}}):
        assert not difference(interpreter.run(batch), compiled.transform(batch)), text


def test_no_text_of_the_rules_becomes_code(book: Books) -> None:
    evil = "x{}{app_id}'''\"\"\"\n\r\u2028#\\'); raise SystemExit('"
    rules = [
        {
            "rule": "evil",
            "output": "single",
            "description": evil,
            "fields": {evil: {"const": evil}, "b": {"template": evil}, "c": {"from": f"batch.{json.dumps(evil)}"}},
            "spread": [{"from": "batch", "except": {"names": [evil], "prefixes": [evil]}, "rename": {"a": evil}}],
        }
    ]
    compiled = compiler.compile(book({"rules": rules, "let": {"x": {"const": [evil]}}}))
    body = compiled.transform({"a": 1, evil: 2}).requests[0].body
    assert body[evil] == evil
    assert body["c"] == 2


@pytest.mark.parametrize(
    "when",
    [
        "type(value) == 'array' && value[0] == `1`",
        "type(value) == 'object' && value.a == `1`",
        "type(value) == 'object' && get(value, 'a') && get_ignore_case(value, 'A')",
        "type(value) == 'string' && starts_with(value, 'x')",
        "type(value) == 'array' && contains(map(&type(@), value), 'number')",
    ],
)
def test_what_a_condition_says_of_a_value_holds_only_behind_it(
    book: Books, difference: Callable[[Result, Result], str], when: str
) -> None:
    entries = [{"when": when, "value": {"const": "yes"}}, {}]
    rules = [{"rule": "one", "output": "single", "spread": [{"from": "batch", "entries": entries}]}]
    rulebook = book({"rules": rules})
    interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
    values = [[1], [], 1, "x", "", {"a": 1}, {"A": 1, "a": 2}, None, True, 1.5]
    batch = {f"k{number}": value for number, value in enumerate(values)}
    assert not difference(interpreter.run(batch), compiled.transform(batch))


def test_names_of_values_are_never_taken_by_others(book: Books, difference: Callable[[Result, Result], str]) -> None:
    lets = {
        "first": {"from": "batch.A", "when": "batch.a"},
        "second": "batch.A",
        "sure": {"from": "batch.b", "required": True},
    }
    fields = {"a": "batch.a", "A": "batch.A", "first": "first", "second": "second", "sure": "sure", "ä": 'batch."a_"'}
    rulebook = book({"let": lets, "rules": [{"rule": "one", "output": "single", "fields": fields}]})
    batch = {"a": 1, "A": 2, "b": 3, "a_": 4}
    assert not difference(Interpreter(rulebook).run(batch), compiler.compile(rulebook).transform(batch))


def test_a_traceback_shows_the_generated_line_and_the_rule(book: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [{"rule": "one", "output": "single", "fields": {"a": {"from": "batch.a", "type": "string"}}}]
    compiled = compiler.compile(book({"rules": rules}))

    def broken(_value: Any, _notes: Any, _site: Any) -> Any:
        raise KeyError("broken")

    monkeypatch.setitem(compiled._function.__globals__, "as_string", broken)
    with pytest.raises(KeyError) as caught:
        compiled.transform({"a": 1})
    text = "".join(traceback.format_exception(caught.value))
    assert "a = as_string(batch_a, notes, SITE_1)" in text
    assert "<moemap base 1.0.0" in text
    assert "mapping.yaml:1)" in text


LAST = "to_object(batch.items[?k], &k, &@)"
ITEMS = [
    {"kind": "a", "k": "x", "v": 1},
    {"kind": "b", "k": "x", "v": 2},
    {"kind": "a", "k": "y"},
    {"kind": "c", "k": 3, "n": "1"},
    {"kind": "b"},
    {"kind": "d", "k": "z", "n": 2},
    "odd",
    None,
]


@pytest.mark.parametrize(
    "conditions",
    [
        ["item.kind == 'a' && last.x == item", "item.kind == 'b' && get(last, item.k) == item"],
        ["item.kind == 'a' || last.x.v == `2`", "last"],
        ["item.n < `5` && get(last, item.k)", "!last.y", "length(last) > `1`"],
        ["item.n > `0` || get(last, item.k).v == `1`", "contains(keys(last), 'x')"],
        ["item.kind == 'z' && last.x", "item.kind == 'y' && last.y"],
    ],
)
def test_lets_that_wait_until_they_are_used(
    book: Books, difference: Callable[[Result, Result], str], conditions: list[str]
) -> None:
    rules = [
        {"rule": f"r{number}", "route": "items", "when": when, "output": "single", "fields": {"n": {"const": number}}}
        for number, when in enumerate(conditions)
    ]
    rulebook = book(
        {
            "let": {"last": LAST},
            "routes": {"items": {"each": "batch.items", "as": "item"}},
            "rules": [*rules, {"rule": "rest", "route": "items", "skip": "nothing"}],
        }
    )
    compiled, interpreter = compiler.compile(rulebook), Interpreter(rulebook)
    assert "last = " in compiled.source
    for items in (ITEMS, ITEMS[::-1], ITEMS[2:], [], None, "text", [{"kind": "a", "k": "x", "n": "1"}], {"k": 1}):
        batch = {"items": items}
        found = difference(interpreter.run(batch), compiled.transform(batch))
        assert not found, f"{found}\n{json.dumps(batch)}"


POLICY = [
    {"when": "name == 'id' || starts_with(name, 'own_')", "skip": "{{ name }} is taken"},
    {"when": "name == 'n' && type(value) == 'string'", "value": {"from": "value", "type": "integer"}},
    {"when": "contains(listed, name) && value", "warn": "{{ name }} is listed"},
    {"when": "type(value) == 'array' && name == 'tags'", "value": "value[0]"},
    {"when": "type(value) == 'object'", "skip": "an object"},
    {},
]
ENTRIES = [
    {"a": 1, "b": "x", "c": True},
    {"a": 1, "id": 2, "own_x": 3, "B": 1},
    {"n": "7", "tags": ["t"], "a": None},
    {"n": 7, "tags": "t", "listed": 0, "a": {}},
    {"n": "x", "listed": "", "": 1, "a": []},
    {"listed": 1, "a": 1.5, "taken": 1, "x" * 300: 1},
    {"taken": None, "A": 1, "a": 2},
]


@pytest.mark.parametrize("fields", [{}, {"taken": {"const": 1}, "id": {"const": 2}}])
def test_names_that_no_condition_is_about_stay_what_they_are(
    book: Books, difference: Callable[[Result, Result], str], fields: dict[str, Any]
) -> None:
    """Caches about names from one batch never change the next one, whatever the values under the names."""
    spread = {"from": "batch.e", "key": "name", "as": "value", "except": {"names": ["$A", "$B"], "ignore_case": True}}
    rulebook = book(
        {
            "let": {"listed": {"const": ["listed", "a b"]}},
            "policies": {"own": POLICY},
            "rules": [
                {"rule": "one", "output": "single", "fields": fields, "spread": {"from": "batch.e", "entries": "own"}},
                {"rule": "two", "output": "single", "spread": {**spread, "entries": POLICY}},
            ],
        }
    )
    compiled, interpreter = compiler.compile(rulebook), Interpreter(rulebook)
    assert "not in NAMES_1" in compiled.source
    for entries in [*ENTRIES, *ENTRIES[::-1], {}, None, [1]]:
        found = difference(interpreter.run({"e": entries}), compiled.transform({"e": entries}))
        assert not found, f"{found}\n{json.dumps(entries)}"


LISTS: list[list[Any]] = [
    [], ["a"], [1], [0.5], [1, 0.5], [True], [None], ["a", 1], ["a", None], [1, True], [[]], [{}], ["a", []], [{}, 1],
]  # fmt: skip


@pytest.mark.parametrize(
    ("conditions", "is_quick"),
    [
        (["type(value) == 'array' && length(distinct(map(&type(@), value[*]))) > `1`"], True),
        (["type(value) == 'array' && contains(map(&type(@), value), 'boolean')", "type(value) == 'object'"], True),
        (["type(value) == 'array' && value && !(value[*])", "value == `null`"], True),
        (["type(value) == 'array' && !value", "type(value) == 'null' && settings.flag"], True),
        (["type(value) == 'array' && !contains(map(&type(@), value[*]), 'number') && settings.text"], True),
        (["type(value) == 'array' && length(distinct(map(&type(@), value))) > 'x'"], False),
        (["type(value) == 'array' && value[0] == 'a'"], False),
        (["type(value) == 'array' && length(value) > `1`"], False),
        (["type(value) == 'array' && value == `[1]`"], False),
        (["type(value) == 'array' && batch.odd"], False),
        (["type(value) == 'array' && contains(value, `1`)"], False),
        (["type(value) == 'array' && name == 'k1'"], False),
    ],
)
def test_lists_that_no_condition_is_about(
    book: Books, difference: Callable[[Result, Result], str], conditions: list[str], is_quick: bool
) -> None:
    entries = [{"when": when, "skip": f"{number}"} for number, when in enumerate(conditions)]
    spread = {"from": "batch.e", "key": "name", "as": "value", "entries": [*entries, {}]}
    rulebook = book({"rules": [{"rule": "one", "output": "single", "spread": spread}]})
    compiled, interpreter = compiler.compile(rulebook), Interpreter(rulebook)
    assert ("not in LISTS_1" in compiled.source) is is_quick
    values: list[Any] = [*LISTS, "a", 1, 0.5, True, None, {}, {"a": 1}]
    for odd in (None, 1):
        batch = {"e": {f"k{number}": value for number, value in enumerate(values)}, "odd": odd}
        assert not difference(interpreter.run(batch), compiled.transform(batch))


@pytest.mark.parametrize(
    ("lets", "entry", "is_remembered"),
    [
        ({"slug": "lower(name)"}, {"name": {"template": "p_{{ slug }}"}}, True),
        ({"slug": "replace_any(name, ' ', '_')"}, {"name": "slug", "value": {"from": "value", "type": "string"}}, True),
        ({"n": {"from": "name", "type": "integer"}}, {"name": {"template": "p_{{ n | default('x') }}"}}, True),
        ({"n": {"from": "name", "type": "integer"}}, {"name": {"from": "n", "type": "string"}}, True),
        ({"n": "to_number(name)"}, {"name": "n"}, True),
        ({}, {"name": {"from": "name", "type": "integer", "on_problem": "keep"}}, True),
        ({}, {"name": {"from": "name", "type": "integer", "on_problem": "reject"}}, True),
        ({"slug": "lower(name)"}, {"name": "slug", "value": "slug"}, True),
        ({"n": {"from": "name", "type": "integer"}}, {"name": {"template": "p_{{ n }}"}, "value": "n"}, False),
        ({"slug": "not_null(batch.odd, name)"}, {"name": "slug"}, False),
        ({}, {"name": {"template": "p_{{ value }}"}}, False),
        ({}, {"name": "settings.text"}, False),
    ],
)
def test_names_that_depend_on_names_alone(
    book: Books, difference: Callable[[Result, Result], str], lets: Any, entry: dict[str, Any], is_remembered: bool
) -> None:
    """Problems of computing a name are reported each time."""
    spread = {"from": "batch.e", "key": "name", "as": "value", "let": lets, "entries": [entry]}
    rulebook = book({"rules": [{"rule": "one", "output": "single", "spread": spread}]})
    compiled, interpreter = compiler.compile(rulebook), Interpreter(rulebook)
    assert ("Renamed()" in compiled.source) is is_remembered
    for odd in ("A", None, "A"):
        batch: dict[str, Any] = {
            "e": {"A": 1, "a": 2, "7": None, "x y": "z", "": [], "1.5": 3, "x" * 300: 4},
            "odd": odd,
        }
        assert not difference(interpreter.run(batch), compiled.transform(batch))


def test_names_that_are_mapped_elsewhere(book: Books, difference: Callable[[Result, Result], str]) -> None:
    excepts: list[dict[str, Any]] = [
        {"names": ["$A", "$B"], "ignore_case": True},
        {"names": ["kk"], "prefixes": ["x"], "ignore_case": True},
        {"patterns": ["*_at", "z?"]},
    ]
    rules = [
        {"rule": f"rule{number}", "output": "single", "spread": {"from": "batch", "except": except_}}
        for number, except_ in enumerate(excepts)
    ]
    rulebook = book({"rules": rules})
    compiled, interpreter = compiler.compile(rulebook), Interpreter(rulebook)
    names = ["$A", "$a", "$b", "a", "KK", "k\u212a", "Xy", "xy", "at", "_at", "b_at", "z", "zz", "x" * 300, "X" * 300]
    for batch in [dict.fromkeys(names, 1), dict.fromkeys(names[::-1], "x")] * 2:
        assert not difference(interpreter.run(batch), compiled.transform(batch))
