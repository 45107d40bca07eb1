"""Values written like names (M233), with schemas that declare much, little or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine import api

BACKTICKS = "numbers, booleans and null are in backticks: `{}`"
QUOTES = "strings are in single quotes: '{}'"
STATES = {"state": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}, "n": {"type": "number"}}
OPEN: dict[str, Any] = {}
DESCRIBED: dict[str, Any] = {"properties": {"items": {"type": "array", "items": {"properties": STATES}}}}
LISTED: dict[str, Any] = {"properties": {"items": {"items": {"properties": {**STATES, "true": {}, "new": {}}}}}}
Found = Callable[..., list[tuple[str, str, str | None]]]


@pytest.fixture
def found(write: Callable[..., Path]) -> Found:
    def problems(expression: str, schema: Any = OPEN) -> list[tuple[str, str, str | None]]:
        rules = {"rules": [{"rule": "one", "output": "out", "fields": {"a": expression}}]}
        main = write({"in.schema.json": json.dumps(schema), "rules.yaml": rules})
        return [(problem.code, problem.message, problem.hint) for problem in api.inspect(main).problems]

    return problems


@pytest.mark.parametrize("schema", [OPEN, DESCRIBED], ids=["open", "described"])
@pytest.mark.parametrize(
    ("expression", "word", "hint"),
    [
        ("batch.items[?active == true]", "true", BACKTICKS.format("true")),
        ("batch.items[?false != active]", "false", BACKTICKS.format("false")),
        ("batch.items[?a == null && b]", "null", BACKTICKS.format("null")),
        ("batch.items[?b && !true]", "true", BACKTICKS.format("true")),
        ("batch.items[?not_null(a, null)]", "null", BACKTICKS.format("null")),
        ('batch.items[?state == "running"]', '"running"', QUOTES.format("running")),
        ('batch.items[?contains(tags, "new")]', '"new"', QUOTES.format("new")),
        ("batch.items[*].[state, null]", "null", BACKTICKS.format("null")),
        ("batch.items[*].{state: state, new: true}", "true", BACKTICKS.format("true")),
        ("map(&(state == true), batch.items)", "true", BACKTICKS.format("true")),
    ],
)
def test_words(expression: str, word: str, hint: str, schema: Any, found: Found) -> None:
    ((code, message, given_hint),) = found(expression, schema)
    where = "'batch.items[*]'" if "[*]" in expression else "an element of 'batch.items'"
    assert (code, given_hint) == ("M233", hint)
    assert message == f"{word} is read as a member of {where}, and the schema lists no such member"


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("batch.items[?contains(tags, new)]", QUOTES.format("new")),
        ("batch.items[?state == running]", QUOTES.format("running")),
        ("batch.items[?starts_with(state, run)]", QUOTES.format("run")),
        ('batch.items[?state == "it\'s on"]', QUOTES.format("it\\'s on")),
    ],
)
def test_bare_words_beside_known_strings(expression: str, hint: str, found: Found) -> None:
    assert [(code, given_hint) for code, _, given_hint in found(expression, DESCRIBED)] == [("M233", hint)]
    assert found(expression) == []


@pytest.mark.parametrize(
    "expression",
    [
        "batch.items[?n == price]",
        "batch.items[?\"state\" == 'running']",
        "batch.items[?state == state]",
        "batch.items[?length(name) > `1`]",
        'batch.items[*].{"state": "first name"}',
        "batch.items[?contains(tags, state)]",
        "batch.true",
        "batch.other[?a || @ != c]",
        "batch.items[*].null",
    ],
)
@pytest.mark.parametrize("schema", [OPEN, DESCRIBED, LISTED], ids=["open", "described", "listed"])
def test_members_that_are_meant(expression: str, schema: Any, found: Found) -> None:
    assert found(expression, schema) == []


@pytest.mark.parametrize("expression", ["batch.items[?a == true]", "batch.items[?contains(tags, new)]"])
def test_members_that_the_schema_lists(expression: str, found: Found) -> None:
    assert found(expression, LISTED) == []


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("batch.active == true", BACKTICKS.format("true")),
        ('batch.state == "running"', QUOTES.format("running")),
        ("batch.state == running", QUOTES.format("running")),
        ("contains(batch.tags, new)", QUOTES.format("new")),
        ("batch.a == btch", "did you mean 'batch'?"),
        ('"btch".a == batch.b', "did you mean 'batch'?"),
        ("running", "known here: batch, settings"),
    ],
)
def test_an_unknown_name_at_the_top_has_a_hint(expression: str, hint: str, found: Found) -> None:
    assert [(code, given_hint) for code, _, given_hint in found(expression)] == [("M204", hint)]


NAMES = ("a", "b", "c", "d", "A", "x y")
RECURSIVE = {"properties": {name: {"$ref": "#"} for name in NAMES}, "items": {"$ref": "#"}}


@pytest.mark.fuzz
@pytest.mark.parametrize("schema", [OPEN, RECURSIVE], ids=["open", "recursive"])
def test_no_false_alarms(schema: Any, grammar: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("words")
    head = {"language": 1, "name": "base", "version": "1.0.0", "input": {"as": "batch", "schema": "./in.schema.json"}}
    outputs = {"out": {"schema": "./out.schema.json", "request": {"path": "/out"}}}
    (folder / "in.schema.json").write_text(json.dumps(schema))
    (folder / "out.schema.json").write_text("{}")

    @given(st.integers(0, 2**32))
    @settings(max_examples=settings().max_examples // 8)
    def law(seed: int) -> None:
        dice = grammar.Dice(seed, ("batch",))
        fields = {f"f{number}": grammar.expression(dice) for number in range(8)}
        rules = [{"rule": "one", "output": "out", "fields": fields}]
        (folder / "mapping.yaml").write_text(json.dumps({**head, "outputs": outputs, "rules": rules}))
        found = [problem for problem in api.inspect(folder / "mapping.yaml").problems if problem.code == "M233"]
        assert [f"{problem.place}: {problem.message}" for problem in found] == []

    law()
