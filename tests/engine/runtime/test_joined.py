"""Bodies are joined in objects of their own: no batch changes what the rules give the next one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from moemap.engine.compiler.rules.mapping import structs_source_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.runtime.result import Result
from moemap.tests.engine.runtime.test_structs import answering

SCALAR = {"type": ["string", "null"]}
MEMBERS = {"type": "object", "additionalProperties": SCALAR}
INPUT = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"first": SCALAR, "second": SCALAR, "free": MEMBERS},
}
BATCHES: list[dict[str, Any]] = [
    {"second": "a"},
    {"first": "b", "second": "c"},
    {},
    {"first": "d"},
    {"free": {"x": "e"}, "second": "f"},
    {"free": {"x": "g"}, "first": "h"},
    {},
]


@pytest.mark.parametrize(
    ("attributes", "is_in_place"),
    [
        ({"fields": {"one": "batch.first"}}, True),
        ({"fields": {"one": "batch.first"}, "when": "batch.second"}, True),
        ({"fields": {"kind": {"const": "x"}}}, True),
        ({"fields": {"one": "batch.first"}, "default": {"kind": "y"}}, False),
        ({"const": {"kind": "z"}}, False),
        ("batch.free", False),
    ],
)
@pytest.mark.parametrize("envelope", [{}, {"t": {"const": "u"}}])
def test_what_the_rules_give_is_never_changed(
    tmp_path: Path,
    difference: Callable[[Result, Result], str],
    attributes: Any,
    is_in_place: bool,
    envelope: Mapping[str, Any],
) -> None:
    (tmp_path / "in.schema.json").write_text(json.dumps(INPUT))
    (tmp_path / "out.schema.json").write_text("{}")
    path = tmp_path / "mapping.yaml"
    output = {"schema": "./out.schema.json", "request": {"path": "/p"}, "combine": {"attributes": "merge"}}
    mapping = {
        "language": 1,
        "name": "base",
        "version": "1.0.0",
        "input": {"as": "batch", "schema": "./in.schema.json"},
        "outputs": {"single": {**output, **({"fields": envelope} if envelope else {})}},
        "rules": [
            {"rule": "one", "output": "single", "fields": {"attributes": attributes}},
            {"rule": "two", "output": "single", "fields": {"attributes": {"fields": {"two": "batch.second"}}}},
        ],
    }
    path.write_text(json.dumps(mapping))
    rulebook = load(path).rulebook
    assert rulebook is not None
    assert ("joined(" in (structs_source_of(rulebook) or "")) is is_in_place
    interpreter, answer = Interpreter(rulebook), answering(rulebook)
    for batch in BATCHES:
        given = answer(orjson.dumps(batch))
        assert given is not None
        assert not difference(interpreter.run(batch), given)
