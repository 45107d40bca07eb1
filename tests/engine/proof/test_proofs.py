"""Adversarial mappings: each gets the right verdict, and attempts to refute a proof fail."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from moemap.engine.inference.rulebook import walk
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.proof.counterexamples import Search
from moemap.engine.proof.prover import prove
from moemap.engine.proof.samples import instance
from moemap.engine.schemas.schema import Validator

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "proofs.yaml").read_text(encoding="utf-8"))


def _rulebook(case: dict[str, Any], folder: Path) -> Rulebook:
    body = {
        "type": "object",
        "properties": {**case["body"], **case.get("extra", {})},
        "required": case.get("required", []),
        "additionalProperties": case.get("rest", False),
        **case.get("whole", {}),
    }
    (folder / "batch.schema.json").write_text(json.dumps({"type": "object", "properties": case["batch"]}))
    (folder / "body.schema.json").write_text(json.dumps(body))
    output = {"schema": "./body.schema.json", "request": {"path": "/x"}, "fields": case.get("envelope", {})}
    more = [{"rule": "more", "output": "body", **case["more"]}] if "more" in case else []
    mapping = {
        "language": 1,
        "name": "case",
        "version": "1.0.0",
        "input": {"as": "batch", "schema": "./batch.schema.json"},
        "outputs": {"body": {**output, **({"combine": case["combine"]} if "combine" in case else {})}},
        "let": case.get("let", {}),
        "rules": [{"rule": "rule", "output": "body", **case["rule"]}, *more],
    }
    path = folder / "mapping.yaml"
    path.write_text(json.dumps(mapping))
    loaded = load(path)
    assert loaded.rulebook is not None, loaded.problems
    return loaded.rulebook


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_verdict(case: dict[str, Any], tmp_path: Path) -> None:
    rulebook = _rulebook(case, tmp_path)
    (output,) = prove(rulebook).outputs
    assert [[guard.output, guard.keyword] for guard in output.guards] == case["guards"]
    assert output.verdict == case["verdict"]
    assert not list(Search(walk(rulebook), rulebook.outputs["body"]).found(400 if output.verdict == "proven" else 0))


@pytest.mark.slow
def test_generated_schemas_and_mappings(tmp_path: Path) -> None:
    """Every field of one of these schemas is handed on in one of these ways, to a place with another of them."""
    parts: list[Any] = [
        *({"type": "string", "minLength": 1, "maxLength": 4}, {"type": ["string", "null"], "pattern": "^a|b$"}),
        *({"enum": ["a", "ab", 1, True, None]}, {"type": "number", "exclusiveMinimum": 0, "maximum": 9}),
        *({"type": "integer", "minimum": 1}, {"type": "array", "items": {"type": ["string", "number"]}, "maxItems": 2}),
        *({"type": ["string", "number", "boolean"]}, {"type": "string", "not": {"pattern": "^a"}}),
    ]
    ways: list[Any] = [
        *("batch.x", {"from": "batch.x", "type": "string"}, {"from": "batch.x", "type": "integer"}),
        *({"from": "batch.x", "when": "batch.x"}, {"from": "batch.x", "when": "batch.x > `0`"}),
        *({"from": "batch.x", "when": "!contains(['a', 'ab'], lower(trim(batch.x)))"}, {"template": "a{{ batch.x }}"}),
        *({"from": "trim(batch.x)", "default": "ab"}, {"from": "batch.x", "when": "length(batch.x) > `1`"}),
        *({"from": "batch.x", "type": "string", "when": "starts_with(batch.x, 'a')"}, "to_string(batch.x)"),
        *({"from": "batch.x", "table": {"unlisted": "keep", "entries": {"a": "b", "1": 1}}}, "[batch.x, `1`]"),
    ]
    random, proven, tried = Random(3), 0, 0
    for _ in range(160):
        given, way, wanted = random.choice(parts), random.choice(ways), random.choice(parts)
        case = {"batch": {"x": given}, "body": {"x": wanted}, "rule": {"fields": {"x": way}}}
        rulebook = _rulebook(case, tmp_path)
        (output,) = prove(rulebook, tries=0).outputs
        if output.verdict != "proven":
            continue
        proven += 1
        schema = rulebook.schemas[rulebook.input.schema]
        interpreter, fits = Interpreter(rulebook), Validator(schema)
        for seed in range(40):
            batch = instance(schema, Random(seed), fits)
            refused = [problem for problem in interpreter.run(batch).problems if problem.code == "M509"]
            assert not refused, f"{case} {batch}"
            tried += 1
    assert proven > 25
    assert tried > 1000
