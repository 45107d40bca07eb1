"""Schemas of drafts before 2019-09 have the same meaning in compiled mappings and in proofs as in the libraries."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

from moemap.engine import compiler, schemas
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.proof.subtyping import SubtypeChecker
from moemap.engine.runtime.result import Result
from moemap.engine.schemas.schema import Schema
from moemap.engine.types.from_schema import type_of

OLD = [f"http://json-schema.org/draft-0{number}/schema#" for number in (4, 6, 7)]
NEW = ["https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema"]
BESIDE = {
    "definitions": {"text": {"type": "string"}},
    "properties": {"a": {"$ref": "#/definitions/text", "maxLength": 2}},
}
NOT_BESIDE = {**BESIDE, "properties": {"a": {"not": {"$ref": "#/definitions/text", "maxLength": 2}}}}
FORMAT = {"properties": {"a": {"format": "ipv4"}}}


def schema_of(document: dict[str, Any], draft: str) -> Schema:
    document = {"$schema": draft, **document}
    return schemas.schema_of(document)


@pytest.mark.parametrize("draft", [*OLD, *NEW])
@pytest.mark.parametrize("document", [BESIDE, NOT_BESIDE, FORMAT], ids=["beside", "not beside", "format"])
def test_bodies(
    document: dict[str, Any],
    draft: str,
    tmp_path: Path,
    head: dict[str, Any],
    difference: Callable[[Result, Result], str],
) -> None:
    member = {"type": ["string", "number"]}
    closed = {"type": "object", "additionalProperties": False, "properties": {"a": member}}
    (tmp_path / "in.schema.json").write_text(json.dumps(closed))
    (tmp_path / "out.schema.json").write_text(json.dumps({"$schema": draft, **document}))
    output = {"schema": "./out.schema.json", "request": {"method": "POST", "path": "/s"}}
    rule = {"rule": "one", "output": "one", "fields": {"a": "batch.a"}}
    (tmp_path / "mapping.yaml").write_text(json.dumps({**head, "outputs": {"one": output}, "rules": [rule]}), "utf-8")
    loaded = load(tmp_path / "mapping.yaml")
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    interpreter, compiled = Interpreter(loaded.rulebook), compiler.compile(loaded.rulebook)
    compiled.prepare()
    module = sys.modules["standalone"] = ModuleType("standalone")
    exec(standalone_of(loaded.rulebook), vars(module))
    for value in ("x", "xyz", 1, "127.0.0.1"):
        wanted = interpreter.run({"a": value})
        assert not difference(wanted, compiled.transform({"a": value}))
        given = compiled.transform_text(orjson.dumps({"a": value}))
        assert given is None or not difference(wanted, given)
        assert module.transform({"a": value}) == wanted.to_json()


@pytest.mark.parametrize("draft", [*OLD, *NEW])
def test_what_stands_beside_a_reference(draft: str) -> None:
    (one,) = type_of(schema_of({"type": "object", **BESIDE}, draft)).objects
    text = one.properties["a"].type.string
    assert text is not None
    assert text.most == (None if draft in OLD else 2)


@pytest.mark.parametrize("draft", [*OLD, *NEW])
def test_gaps(draft: str) -> None:
    text = type_of(schema_of({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}, NEW[0]))
    gaps = SubtypeChecker(schema_of(BESIDE, draft)).gaps(text)
    assert [gap.keyword for gap in gaps] == ([] if draft in OLD else ["maxLength"])
