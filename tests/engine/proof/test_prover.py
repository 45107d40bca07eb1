"""Proofs of outputs: the verdicts, their guards, and attempts to refute proofs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest

from moemap.engine.inference.facts import Flow
from moemap.engine.inference.rulebook import walk
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.proof.bodies import is_memberwise
from moemap.engine.proof.counterexamples import Search, batch_for, words_of
from moemap.engine.proof.prover import Proof, prove
from moemap.engine.proof.samples import NoSampleError
from moemap.engine.source.homes import MAPPINGS
from moemap.tests.effort import effort

SHOP = Path(__file__).parents[1] / "checks" / "shop" / "mapping.yaml"
SHIPPED = next(MAPPINGS.glob("*/*/mapping.yaml"))
SAMPLES = [
    batch
    for path in sorted((Path(__file__).parents[3] / "examples").glob("*.json"))
    if isinstance(batch := json.loads(path.read_text(encoding="utf-8")), dict)
]

# What is changed in the small mapping, the verdict, and each guard: place in the body, keyword, always or not.
CASES: list[tuple[str, str, str, list[tuple[str, str, bool]]]] = [
    ("", "", "proven", []),
    ("short: {const: abc}", "short: line.sku", "refuted", [("/short", "maxLength", False)]),
    ("short: {const: abc}", "short: {const: abcdef}", "refuted", [("/short", "maxLength", True)]),
    ("{from: line.quantity, type: integer, default: 1}", "line.price", "refuted", [("/quantity", "type", False)]),
    ("table: levels}", "table: {unlisted: keep, entries: {post: low}}}", "refuted", [("/level", "enum", False)]),
    ("value: lower(tag)", "value: to_number(tag)", "refuted", [("/tags/*", "type", True)]),
    ("type: string, required: true", "type: string", "guarded", [("/who/name", "required", False)]),
    ("      value: upper(value)\n", "      value: length(value)\n", "refuted", [("/options/*", "type", True)]),
    ("      order: order.id\n", "      order: trim(order.id)\n", "refuted", [("/order", "minLength", False)]),
    ("short: {const: abc}", "shrt: {const: abc}", "refuted", [("/shrt", "additionalProperties", True)]),
]


def _rulebook(path: Path, text: str | None = None) -> Rulebook:
    rulebook = load(path, text=text).rulebook
    assert rulebook is not None
    return rulebook


@cache
def _shipped() -> Flow:
    """The types of the shipped mapping, which are inferred once."""
    return walk(_rulebook(SHIPPED))


def _verdicts(proof: Proof) -> dict[str, str]:
    return {output.output: output.verdict for output in proof.outputs}


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "verdict", "guards"), CASES, ids=[case[1] or "as it is" for case in CASES])
def test_verdict(old: str, new: str, verdict: str, guards: list[tuple[str, str, bool]]) -> None:
    text = SHOP.read_text(encoding="utf-8").replace(old, new) if old else None
    (output,) = prove(_rulebook(SHOP, text), tries=1500).outputs
    assert output.verdict == verdict
    assert [(guard.output, guard.keyword, guard.always) for guard in output.guards] == guards
    if output.counterexample is not None:
        assert output.counterexample.problem.code == "M509"
        rulebook = _rulebook(SHOP, text)
        changed = replace(rulebook, values={**rulebook.values, **output.counterexample.settings})
        again = Interpreter(changed).run(output.counterexample.batch)
        assert output.counterexample.problem in again.problems
    assert (output.counterexample is not None) == (verdict == "refuted")


def test_a_guard_names_its_place() -> None:
    text = SHOP.read_text(encoding="utf-8").replace("short: {const: abc}", "short: line.sku")
    (output,) = prove(_rulebook(SHOP, text), tries=0).outputs
    (guard,) = output.guards
    assert output.verdict == "guarded"
    assert (guard.rules, guard.place.line, guard.place.column) == (("product",), 48, 14)
    assert guard.reason == "it can have more than 5 characters"


@pytest.mark.slow
def test_the_shipped_mapping_is_proven() -> None:
    proof = prove(_shipped().rulebook)
    assert _verdicts(proof) == {"customer": "proven", "event": "proven", "device": "proven"}


@pytest.mark.parametrize("note", ["$comment", "title", "examples", "default", "deprecated", "readOnly", "x-distinct"])
def test_annotations_keep_joined_bodies_apart_from_no_rule(note: str) -> None:
    """Each member of a joined body is compared with its own rule, if the schema asks no more than of each member."""
    schema = {"type": "object", "propertyNames": {"minLength": 1}}
    assert is_memberwise({**schema, note: 256})
    assert not is_memberwise({**schema, "maxProperties": 256})


@pytest.mark.slow
def test_names_that_are_settings_without_patterns_are_guarded() -> None:
    text = re.sub(r"^ +pattern: .*\n", "", SHIPPED.read_text(encoding="utf-8"), flags=re.MULTILINE)
    rulebook = _rulebook(SHIPPED, text)
    proof = prove(rulebook, tries=900)
    assert _verdicts(proof) == {"customer": "guarded", "event": "proven", "device": "proven"}
    guards = proof.outputs[0].guards
    assert {(guard.rules, guard.place.file.rpartition("/")[2]) for guard in guards} == {(("consent",), "consent.yaml")}
    examples = [guard.counterexample for guard in guards if guard.counterexample is not None]
    assert examples
    for example in examples:
        assert example.settings
        changed = replace(rulebook, values={**rulebook.values, **example.settings})
        assert example.problem in Interpreter(changed).run(example.batch).problems


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("name", ["event", "device", "customer"])
def test_the_shipped_mapping_withstands(name: str) -> None:
    flow = _shipped()
    assert list(Search(flow, flow.rulebook.outputs[name]).found(effort(400, 4000))) == []


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("name", ["event", "device", "customer"])
def test_a_search_gives_the_requests_of_the_whole_mapping(name: str) -> None:
    rulebook = _shipped().rulebook
    search = Search(_shipped(), rulebook.outputs[name])
    requests = 0
    for case in range(22):
        values = {**rulebook.values, **search.settings[case]}
        interpreter = Interpreter(replace(rulebook, values=values))
        for batch in SAMPLES[case % effort(3, 1) :: effort(3, 1)]:
            alone, whole = search.run(batch, case), interpreter.run(batch)
            own = [request for request in whole.requests if request.output == name]
            assert [request for request in alone.requests if request.output == name] == own
            assert list(search.refused(alone)) == list(search.refused(whole))
            requests += len(own)
    assert requests > 0


@pytest.mark.slow
def test_what_is_proven_is_not_refuted() -> None:
    rulebook = _rulebook(SHOP)
    flow, interpreter, random = walk(rulebook), Interpreter(rulebook), Random(7)
    assert _verdicts(prove(rulebook)) == {"item": "proven"}
    requests = 0
    for _ in range(300):
        try:
            batch = batch_for(flow, random.choice(flow.emissions), random, words_of(flow))
        except NoSampleError:
            continue
        result = interpreter.run(batch)
        assert not [problem for problem in result.problems if problem.code == "M509"], json.dumps(batch)
        requests += len(result.requests)
    assert requests > 50
