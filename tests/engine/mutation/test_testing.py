"""Verdicts on mutants: those that tests find, those that they miss, and which tests run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.golden.diff import canonical
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.loader import load
from moemap.engine.mutation.mutants import mutants_of
from moemap.engine.mutation.rewriting import Rewriter
from moemap.engine.mutation.testing import TestedMapping, meets
from moemap.tests.effort import effort
from moemap.tests.engine.grammar import ROOTS, Dice, batch, rules
from moemap.tests.engine.mutation.mapping import MAPPING, TESTS, by_id, loaded_tests, mutated

MISSED = {
    "tables/sizes#unlisted": "not covered",
    "tables/sizes#letter-case": "survived",
    "tables/sizes#table-entry.2": "not covered",
    "rules/order#rule-order": "equivalent",
    "rules/order/fields/size/from/2#alternative": "not covered",
    "rules/order/fields/size/from/2#path-step": "survived",
    "rules/order/fields/size/from/1#alternative-order": "survived",
    "rules/order/fields/total#required": "not covered",
    "rules/refund#rule": "not covered",
    "rules/refund/warn/1#warning": "not covered",
    "let/let/blocked#constant.2": "survived",
}


def test_mutants_that_tests_miss(tmp_path: Path) -> None:
    found = mutated(tmp_path)
    status = {name: verdict.status for name, verdict in found.verdicts.items()}
    assert {name: status[name] for name in MISSED} == MISSED
    killed = found.verdicts["rules/order/fields/total#type"]
    assert (killed.status, killed.killed_by, killed.completed) == ("killed", "tests.yaml: an order", 1)


def test_more_tests_find_more_mutants(tmp_path: Path) -> None:
    more = """\
  - test: the other size, from the other member
    input: {events: [{type: order, total: 1, format: l}, {type: order, total: 1, size: S, format: l}]}
    match: partial
    expect: {requests: [{body: {size: large}}, {body: {size: small}}]}
"""
    found = mutated(tmp_path, tests=TESTS + more)
    status = {name: verdict.status for name, verdict in found.verdicts.items()}
    assert {name for name, before in MISSED.items() if before != "killed" and status[name] == "killed"} == {
        "tables/sizes#letter-case",
        "tables/sizes#table-entry.2",
        "rules/order/fields/size/from/2#alternative",
        "rules/order/fields/size/from/2#path-step",
        "rules/order/fields/size/from/1#alternative-order",
    }


def test_only_tests_that_take_the_changed_part_run(tmp_path: Path) -> None:
    tests = loaded_tests(tmp_path)
    loaded = api.inspect(tests[0][0].mapping)
    assert loaded.rulebook is not None
    tested = TestedMapping((test, loaded.rulebook) for _, test in tests)
    mutants = by_id(loaded.rulebook)
    names = {
        name: [test.name for test in tested.covering(mutants[name])]
        for name in ("rules/order/fields/total#type", "rules/rest#rule", "rules/order#when", "rules/refund#rule")
    }
    assert names == {
        "rules/order/fields/total#type": ["an order"],
        "rules/rest#rule": ["what is no order"],
        "rules/order#when": ["what is no order"],
        "rules/refund#rule": [],
    }


@pytest.mark.slow
def test_the_tests_that_do_not_run_would_pass(tmp_path: Path) -> None:
    """No test outside of those that take the changed part finds a mutant."""
    tests = loaded_tests(tmp_path, MAPPING, TESTS)
    loaded = api.inspect(tests[0][0].mapping)
    assert loaded.rulebook is not None
    tested = TestedMapping((test, loaded.rulebook) for _, test in tests)
    for mutant in mutants_of(loaded.rulebook):
        changed = Interpreter(Rewriter(loaded.rulebook).rewritten(mutant.changes))
        others = [test for _, test in tests if test not in tested.covering(mutant)]
        for test in others:
            assert [changed.run(batch) for batch in test.batches] == [
                Interpreter(loaded.rulebook).run(batch) for batch in test.batches
            ], (mutant.id, test.name)


def test_a_mutant_that_converts_without_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    old = "language: 1\nname: old\nversion: 1.0.0\ninput: {as: order, schema: ./any.schema.json}\n" + (
        "outputs: {batch: {schema: ./../batch.schema.json, request: {path: /}}}\n"
        "rules: [{rule: batch, output: batch, fields: {events: {list: [{fields: {name: order.sum}}]}}}]\n"
    )
    rules = """\
rules:
  - {rule: old-form, when: batch.sum, convert: ./old}
  - {rule: event, route: events, output: event, fields: {name: event.name}}
"""
    Path("old").mkdir()
    Path("old/mapping.yaml").write_text(old, "utf-8")
    Path("old/any.schema.json").write_text("{}", "utf-8")
    Path(".moemap").touch()
    tests = "tests: [{test: t, input: {sum: 1}, match: partial, expect: {requests: [{body: {name: 1}}]}}]"
    found = mutated(Path(), rules, tests)
    assert found.verdicts["rules/old-form#when"].status == "killed"
    assert found.verdicts["rules/old-form/when#path-step"].status == "killed"


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", [0, 1000])
def test_a_batch_that_takes_no_decision_of_a_mutant_gives_the_same(
    tmp_path: Path, head: dict[str, Any], seed: int
) -> None:
    """This is why tests that do not take the changed part need not run."""
    (tmp_path / "in.schema.json").write_text("{}", "utf-8")
    (tmp_path / "out.schema.json").write_text("{}", "utf-8")
    differing = same = 0
    for number in range(seed, seed + effort(6, 24)):
        dice = Dice(number)
        (tmp_path / "mapping.yaml").write_text(json.dumps({**head, **rules(dice)}), "utf-8")
        rulebook = load(tmp_path / "mapping.yaml").rulebook
        assert rulebook is not None
        dice.roots = ROOTS
        batches = [batch(dice) for _ in range(3)]
        interpreter, rewriter, mutants = Interpreter(rulebook), Rewriter(rulebook), mutants_of(rulebook)
        for mutant in dice.sample(mutants, min(25, len(mutants))):
            changed = Interpreter(rewriter.rewritten(mutant.changes))
            for one in batches:
                hits: dict[tuple[int, str], int] = {}
                before = interpreter.count(one, hits)
                taken = {*hits, *((part, "") for part, _ in hits)}
                reached = mutant.decisions is None or not mutant.decisions.isdisjoint(taken)
                reached = reached or any(
                    meets(mutant, problem.place) for problem in before.problems if problem.place is not None
                )
                after = changed.run(one)
                if canonical(before.to_json()) != canonical(after.to_json()):
                    assert reached, (number, mutant.id, mutant.text)
                    differing += 1
                else:
                    same += not reached
    assert differing > 5
    assert same > 10
