"""Schemas that input and output share, with numbers of any size: the same results at every door."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from moemap.engine import compiler
from moemap.engine.checks import check
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.jobs.program import open_program
from moemap.engine.language.loader import load
from moemap.engine.runtime.result import Result

HUGE = 2**64 - 1
SCHEMAS: list[dict[str, Any]] = [
    {"type": "string", "maxLength": 2**63},
    {"type": "string", "maxLength": HUGE, "minLength": 1},
    {"type": "string", "minLength": HUGE},
    {"type": "string", "pattern": r"^\p{L}+$"},
    {"type": "string", "pattern": "."},
    {"type": "number", "maximum": HUGE, "exclusiveMinimum": -(2**63)},
    {"type": "number", "multipleOf": 0.1},
    {"type": ["string", "number"], "enum": [HUGE, "x", 5.0]},
    {"type": ["string", "number"], "const": 2**63 + 1},
    {"type": "array", "maxItems": 2**63, "uniqueItems": True, "items": {"type": ["number", "boolean"]}},
    {"type": "object", "minProperties": 2**63},
    {"$ref": "in.schema.json"},
    {"$id": "old.json", "$schema": "http://json-schema.org/draft-07/schema#", "type": "string", "format": "date"},
]
VALUES: list[Any] = ["x", "", "\u2028", "a b", "2026-01-31", 5, 5.0, 0.3, 0.35, 2**63, 1e300, [1, 1.0], [1, True], {}]


@pytest.mark.slow
@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:40])
def test_results(
    schema: dict[str, Any], tmp_path: Path, head: dict[str, Any], difference: Callable[[Result, Result], str]
) -> None:
    both = {"type": "object", "additionalProperties": False, "properties": {"a": schema}}
    (tmp_path / "in.schema.json").write_text(json.dumps(both))
    output = {"schema": "./in.schema.json", "limits": "./in.schema.json", "request": {"path": "/s"}}
    rule = {"rule": "one", "output": "one", "fields": {"a": "batch.a"}}
    path = tmp_path / "mapping.yaml"
    path.write_text(json.dumps({**head, "settings": {}, "outputs": {"one": output}, "rules": [rule]}))
    rulebook = load(path).rulebook
    assert rulebook is not None
    assert check(rulebook) == ()
    interpreter, compiled = Interpreter(rulebook), compiler.compile(rulebook)
    programs = [open_program(str(path), {}), open_program(str(path), {})]
    ways: list[Any] = [compiled, *programs]
    for ready in ways:
        ready.prepare()
    module = sys.modules["standalone"] = ModuleType("standalone")
    exec(standalone_of(rulebook), vars(module))
    for value in VALUES:
        batch = {"a": value}
        wanted = interpreter.run(batch)
        assert module.transform(batch) == wanted.to_json()
        text = json.dumps(batch).encode()
        for ready in ways:
            assert difference(wanted, ready.transform(batch)) == ""
            given = ready.transform_text(text)
            assert given is None or difference(wanted, given) == ""
