"""Fields that only copy members are written as one loop, which does what each of them does."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest

from moemap.engine.compiler.rules.mapping import structs_source_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.runtime.result import Result
from moemap.tests.engine.runtime.test_structs import answering

NAMES = ("a", "b", "c", "d")
SCALAR = {"type": ["string", "number", "boolean", "null"]}
INPUT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "user": {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(NAMES, SCALAR)},
        "free": {"type": "object"},
    },
}
HEAD = {
    "language": 1,
    "name": "base",
    "version": "1.0.0",
    "input": {"as": "batch", "schema": "./in.schema.json"},
    "outputs": {"single": {"schema": "./out.schema.json", "request": {"path": "/p"}}},
}
OUTPUT = {"additionalProperties": {"type": "string", "pattern": r"\S"}}
USERS: list[Any] = [
    {},
    {"a": "x", "b": 1.0, "c": True, "d": None},
    {"a": " ", "b": "", "d": "y" * 300},
    {"b": "xyz"},
]
FREE: list[Any] = [{}, {"A": "x", "a": "y", "B": 2, "c": "z" * 600}, {"C": [], "d": {}}]
TEXTS = {name: {"from": f"batch.user.{name}", "type": "string"} for name in NAMES}
SPELT = {name: {"from": f"get_ignore_case(batch.free, '{name}')", "type": "string"} for name in NAMES}


@pytest.mark.parametrize(
    ("fields", "schema", "are_alike"),
    [
        (TEXTS, OUTPUT, True),
        (TEXTS, {}, True),
        ({name: f"batch.user.{name}" for name in NAMES}, OUTPUT, True),
        ({name: f"batch.free.{name}" for name in NAMES}, OUTPUT, True),
        (SPELT, OUTPUT, True),
        ({name: TEXTS[name] for name in "ab"}, OUTPUT, False),
        ({**TEXTS, "b": {"from": "batch.user.b", "type": "boolean"}}, {}, False),
        ({**TEXTS, "b": {**TEXTS["b"], "when": "batch.free"}}, OUTPUT, False),
        (TEXTS, {**OUTPUT, "properties": {"b": {"maxLength": 2}}}, False),
        ({**TEXTS, "b": SPELT["b"]}, OUTPUT, False),
    ],
)
def test_fields_that_differ_in_nothing_but_the_member(
    tmp_path: Path,
    difference: Callable[[Result, Result], str],
    fields: Any,
    schema: Any,
    are_alike: bool,
) -> None:
    (tmp_path / "in.schema.json").write_text(json.dumps(INPUT))
    (tmp_path / "out.schema.json").write_text(json.dumps(schema))
    path = tmp_path / "mapping.yaml"
    path.write_text(json.dumps({**HEAD, "rules": [{"rule": "one", "output": "single", "fields": fields}]}))
    rulebook = load(path).rulebook
    assert rulebook is not None
    assert ("in zip(" in (structs_source_of(rulebook) or "")) is are_alike
    interpreter, answer = Interpreter(rulebook), answering(rulebook)
    answered = 0
    for user, free in product(USERS, FREE):
        batch = {"user": user, "free": free}
        given = answer(orjson.dumps(batch))
        assert given is None or not difference(interpreter.run(batch), given)
        answered += given is not None
    assert answered > 0
