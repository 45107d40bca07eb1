"""Proofs of equivalence: what is proven, what is not, and no batch that conforms to the schema refutes one."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine import api
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.jobs.input_check import input_problems
from moemap.engine.language.loader import load
from moemap.engine.mutation.equivalence import Proofs
from moemap.engine.mutation.mutants import mutants_of
from moemap.engine.mutation.rewriting import Rewriter
from moemap.tests.docs.examples import Block, write
from moemap.tests.effort import effort
from moemap.tests.engine.insight.test_coverage import batches

SCHEMA = """\
{"type": "object", "properties": {"events": {"type": "array", "items": {"type": "object", "properties": {
  "kind": {"enum": ["order", "refund", "login"]}, "name": {"type": "string"}, "total": {"type": "number"}}}}}}
"""
RULES = """\
rules:
  - {rule: order, route: events, when: event.kind == 'order' && event.kind != 'login', output: event,
     fields: {name: {from: event.name, type: string}, total: {from: event.total, type: string}}}
  - {rule: refund, route: events, when: event.kind == 'refund', output: event, fields: {name: event.name}}
  - {rule: named, route: events, when: event.name, output: event, fields: {name: event.name}}
  - {rule: rest, route: events, skip: it is no order}
"""
PROVEN = {
    "rules/order#rule-order": "no input meets both conditions",
    "rules/order/when#operand.2": "the condition holds for the same inputs",
    "rules/order/fields/name#type": "the value always has this type",
}


def test_proven_and_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rulebook = load(write([Block("mapping.yaml", RULES, 1), Block("batch.schema.json", SCHEMA, 1)], Path())).rulebook
    assert rulebook is not None
    proofs = Proofs(rulebook)
    found = {one.id: reason for one in mutants_of(rulebook) if (reason := proofs.reason(one)) is not None}
    assert {name: found.get(name) for name in PROVEN} == PROVEN
    assert not {"rules/refund#rule-order", "rules/order/when#operand", "rules/order/fields/total#type"} & set(found)


@pytest.mark.slow
@pytest.mark.fuzz
def test_no_batch_that_conforms_refutes_a_proof() -> None:
    rulebook = api.load("mparticle-moengage").rulebook
    proofs, rewriter, whole = Proofs(rulebook), Rewriter(rulebook), Interpreter(rulebook)
    conforming = [batch for batch in batches() if not input_problems(rulebook, batch)]
    assert len(conforming) > 10
    results = [whole.run(batch) for batch in conforming]
    proven = [mutant for mutant in mutants_of(rulebook) if proofs.reason(mutant) is not None]
    assert len(proven) > 20
    for mutant in proven[:: effort(3, 1)]:
        changed = Interpreter(rewriter.rewritten(mutant.changes))
        assert [changed.run(batch) for batch in conforming] == results, mutant.id
