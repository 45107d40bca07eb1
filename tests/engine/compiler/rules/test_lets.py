"""A let is computed where its value is used, once, and what it needs only where it needs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest

from moemap.engine import compiler
from moemap.engine.compiler.rules.mapping import structs_source_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Result
from moemap.tests.engine.runtime.test_structs import answering

ANYTHING: dict[str, Any] = {"type": "object"}
BATCH = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "user": {"type": ["string", "null"]},
        "given": ANYTHING,
        "found": {"type": "array", "items": ANYTHING},
    },
}
GIVEN: list[Any] = [{}, {"a": 1}, {"a": 1, "A ": 2}, {"b": "x", "c": None}, {"x": 0, "y": 1}]
FOUND: list[Any] = [None, [], [{"name": "a", "n": 2}], [{"name": "b", "n": "1"}, {"name": "c"}, {"name": "b", "n": 3}]]
USERS: list[Any] = [None, "", "someone"]
NEWEST = {"from": "to_object(sort_by_number(batch.found[?name], &n), &name, &n)", "when": "batch.found"}
FIRST = {"from": [{"from": "batch.user", "when": "batch.user"}, "keys(newest)[0]"], "type": "string"}
ENTRIES = {
    "from": "batch.given",
    "entries": [
        {"when": "get(latest, name)", "skip": "'{{ name }}' is known"},
        {"name": {"template": "given_{{ name }}"}},
    ],
}


def rulebook_of(folder: Path, let: Mapping[str, Any], *fields: Mapping[str, Any], schema: Any = None) -> Rulebook:
    """A mapping with an output and a rule for each of `fields`."""
    (folder / "in.schema.json").write_text(json.dumps(BATCH))
    (folder / "out.schema.json").write_text(json.dumps(schema or {}))
    names = [f"output_{number}" for number in range(len(fields))]
    output = {"schema": "./out.schema.json", "request": {"path": "/p"}, "fields": {"user": "user"}}
    mapping = {
        "language": 1,
        "name": "base",
        "version": "1.0.0",
        "input": {"as": "batch", "schema": "./in.schema.json"},
        "let": {"user": {"from": "batch.user", "type": "string"}, **let},
        "outputs": dict.fromkeys(names, output),
        "rules": [
            {"rule": name.replace("_", "-"), "output": name, **given} for name, given in zip(names, fields, strict=True)
        ],
    }
    (folder / "mapping.yaml").write_text(json.dumps(mapping))
    rulebook = load(folder / "mapping.yaml").rulebook
    assert rulebook is not None
    return rulebook


def hold(rulebook: Rulebook, difference: Callable[[Result, Result], str]) -> int:
    """Compares all ways to map; returns how many batches could be mapped as structs."""
    interpreter, compiled, answer = Interpreter(rulebook), compiler.compile(rulebook), answering(rulebook)
    answered = 0
    for given, found, user in product(GIVEN, FOUND, USERS):
        batch = {"given": given, "found": found, "user": user}
        wanted = interpreter.run(batch)
        assert not difference(wanted, compiled.transform(batch))
        by_structs = answer(orjson.dumps(batch))
        assert by_structs is None or not difference(wanted, by_structs)
        answered += by_structs is not None
    return answered


@pytest.mark.parametrize(
    ("let", "fields", "conditional"),
    [
        # Used once, below a condition, in a loop: what it needs is not computed before.
        (
            {"newest": NEWEST, "latest": {"from": "newest", "when": "batch.user"}},
            {"fields": {"n": {"const": 1}}, "spread": ENTRIES},
            "newest",
        ),
        # Used in two places: each has a copy.
        (
            {"newest": NEWEST, "first": FIRST},
            {"when": "first != 'b'", "fields": {"first": "first"}},
            "newest",
        ),
        # Needed by what needs it.
        (
            {"newest": NEWEST, "first": FIRST, "latest": {"from": "newest", "when": "length(first) == `1`"}},
            {"fields": {"n": {"from": "length(latest)", "when": "batch.given"}}, "spread": ENTRIES},
            "",
        ),
        # Read in several branches.
        (
            {
                "newest": NEWEST,
                "first": {"from": [{"from": "newest.b", "when": "batch.user"}, {"from": "newest.c"}, "newest.a"]},
            },
            {"when": "batch.given", "fields": {"first": {"from": "first", "type": "string"}}},
            "",
        ),
    ],
)
def test_what_a_let_needs_is_computed_where_it_is_needed(
    tmp_path: Path,
    difference: Callable[[Result, Result], str],
    let: Mapping[str, Any],
    fields: Mapping[str, Any],
    conditional: str,
) -> None:
    rulebook = rulebook_of(tmp_path, let, fields)
    assert hold(rulebook, difference) > 0
    if conditional:
        source = structs_source_of(rulebook) or ""
        computing = re.findall(rf"^( *){conditional} = (?!UNSET)", source, re.MULTILINE)
        assert computing
        assert min(map(len, computing)) > 4, "it is not computed for each batch"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_value_in_the_envelopes_of_several_outputs_is_validated_once(
    tmp_path: Path, difference: Callable[[Result, Result], str], number: int
) -> None:
    schema = {"properties": {"user": {"type": ["string", "null"], "pattern": "^[a-z]*one$", "maxLength": 9}}}
    fields = [
        {"when": f"user && batch.given != `{json.dumps(GIVEN[index])}`", "fields": {"n": {"const": 1}}}
        for index in range(number)
    ]
    rulebook = rulebook_of(tmp_path, {}, *fields, schema=schema)
    assert hold(rulebook, difference) > 0
    assert ("if not is_tested:" in (structs_source_of(rulebook) or "")) is (number > 1)
