"""The mutants of a small mapping: all of them, what they change, and laws on the shipped mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.mutation.mutants import mutants_of
from moemap.engine.mutation.rewriting import Rewriter
from moemap.tests.docs.examples import Block, write
from moemap.tests.engine.mutation.mapping import MAPPING, by_id


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rulebook:
    monkeypatch.chdir(tmp_path)
    loaded = api.inspect(write([Block("mapping.yaml", MAPPING, 1)], Path()))
    assert loaded.rulebook is not None, loaded.problems
    return loaded.rulebook


def test_all_mutants_in_order(small: Rulebook) -> None:
    assert [f"{one.place.line}: {one.text}" for one in mutants_of(small)] == [
        "5: output event: POST becomes PUT",
        "5: output event, path: the text is another one",
        "7: the mapping, let blocked: it is dropped",
        '7: the mapping, let blocked: the element "id" is dropped',
        '7: the mapping, let blocked: the element "secret" is dropped',
        "9: table sizes: keep becomes omit",
        "9: table sizes: letter case counts",
        '9: table sizes: the entry "s" is dropped',
        '9: table sizes: the entry "l" is dropped',
        "10: route events, each: the step '.events' is dropped",
        "12: rule order: it is dropped",
        "12: rule order: it comes after the rule refund",
        "14: rule order: the condition is dropped",
        "14: rule order, when: the operand \"event.type == 'order'\" of && is dropped",
        "14: rule order, when: the operand 'event.total' of && is dropped",
        "14: rule order, when: the step '.type' is dropped",
        "14: rule order, when: == becomes !=",
        "14: rule order, when: 'order' becomes 'orde'",
        "14: rule order, when: the step '.total' is dropped",
        "17: rule order, name: it is dropped",
        "17: rule order, name: it is called name_",
        '17: rule order, name: "order" becomes "orde"',
        "18: rule order, size: it is dropped",
        "18: rule order, size: it is called size_",
        "18: rule order, size (alternative 1 of 2): it is dropped",
        "18: rule order, size: alternative 1 comes after the next",
        "18: rule order, size (alternative 1 of 2): the step '.size' is dropped",
        "18: rule order, size (alternative 2 of 2): it is dropped",
        "18: rule order, size (alternative 2 of 2): the step '.format' is dropped",
        "18: rule order, size: it is dropped",
        "19: rule order, total: it is dropped",
        "19: rule order, total: it is called total_",
        "19: rule order, total: the step '.total' is dropped",
        "19: rule order, total: it is dropped",
        "19: rule order, total: it is dropped",
        "21: rule order, spread: it is dropped",
        "21: rule order, spread: the step '.more' is dropped",
        "22: rule order, spread: size is not left out",
        "23: rule order, spread: old keeps its name",
        "25: rule order, spread, entry rule 1: it is dropped",
        "25: rule order, spread, entry rule 1: it comes after entry rule 2",
        "25: rule order, spread, entry rule 1: the condition is dropped",
        "25: rule order, spread, entry rule 1: the text is another one",
        "26: rule order, spread, entry rule 2: it is dropped",
        "27: rule refund: it is dropped",
        "27: rule refund: it comes after the rule rest",
        "29: rule refund: the condition is dropped",
        "29: rule refund, when: the step '.type' is dropped",
        "29: rule refund, when: == becomes !=",
        "29: rule refund, when: 'refund' becomes 'refun'",
        "32: rule refund, name: it is dropped",
        "32: rule refund, name: it is called name_",
        '32: rule refund, name: "refund" becomes "refun"',
        "34: rule refund, warning: the condition is dropped",
        "34: rule refund, warning, when: the step '.total' is dropped",
        "34: rule refund, warning: it is dropped",
        "34: rule refund, warning: the text is another one",
        "35: rule rest: it is dropped",
        "37: rule rest, reason: {{ event.type }} is left out",
    ]


ORDER = {"type": "order", "size": "S", "format": "l", "total": "12", "more": {"id": 1, "size": 2, "old": 3}}
BATCH = {"events": [ORDER, {"type": "refund", "total": 1}, {"type": "login"}]}
CHANGED: list[tuple[str, Any]] = [
    ("rules/order/fields/total#type", ("body", "total", "12")),
    ("rules/order/fields/size#name", ("body", "size_", "small")),
    ("rules/order/fields/size/from/1#alternative-order", ("body", "size", "large")),
    ("rules/order/fields/size/from/1#alternative", ("body", "size", "large")),
    ("rules/order/fields/size#table", ("body", "size", "S")),
    ("tables/sizes#table-entry", ("body", "size", "S")),
    ("tables/sizes#letter-case", ("body", "size", "S")),
    ("rules/order/spread/1#rename", ("body", "old", 3)),
    ("rules/order/spread/1/entries/1#entry-rule", ("body", "id", 1)),
    ("rules/order/spread/1/entries/1#entry-rule-order", ("body", "id", 1)),
    ("let/let/blocked#constant", ("body", "id", 1)),
    ("rules/order/fields/name#constant", ("body", "name", "orde")),
]


@pytest.mark.parametrize(("name", "wanted"), CHANGED)
def test_a_mutant_changes_what_it_says(small: Rulebook, name: str, wanted: tuple[str, str, Any]) -> None:
    result = Interpreter(Rewriter(small).rewritten(by_id(small)[name].changes)).run(BATCH)
    _, key, value = wanted
    assert (key, result.requests[0].body.get(key)) == (key, value)
    assert Interpreter(small).run(BATCH).requests[0].body.get(key) != value


AROUND = """\
server: {url: "https://a.example", headers: {Key: "{key}"}}
settings: {region: {default: eu}}
tables: {regions: {unlisted: omit, entries: {eu: "https://eu.example"}}}
outputs:
  event:
    schema: ./any.schema.json
    request: {path: /v1/event}
    max_bytes: 1000
    server: {url: {from: settings.region, table: regions, default: "https://example"}}
  other: {body: list, schema: ./any.schema.json, request: {method: PUT, path: /v1/other}, max_items: 2}
bulk:
  schema: ./any.schema.json
  request: {path: /v1/bulk}
  fields: {kind: {const: all}}
  elements: bodies
  max_bytes: 100
rules:
  - {rule: other, route: events, when: event.other, output: other, value: event.name}
  - {rule: event, route: events, output: event, fields: {name: event.name}}
"""


def test_what_is_around_bodies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = api.inspect(write([Block("mapping.yaml", AROUND, 1), Block("any.schema.json", "{}", 1)], Path()))
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    owners = ("the server", "output", "the bulk", "table", "setting")
    found = [one for one in mutants_of(loaded.rulebook) if one.owner.startswith(owners)]
    assert all(one.decisions is None for one in found)
    assert [one.text for one in found] == [
        "the server, url: the text is another one",
        "the server, header Key: it is dropped",
        "the server, header Key: it is called Key_",
        "the server, header Key: the text is another one",
        'setting region: the default "eu" becomes "e"',
        "table regions: omit becomes keep",
        'table regions: the entry "eu" is dropped',
        "output event: POST becomes PUT",
        "output event, path: the text is another one",
        "output event: max_bytes is dropped",
        "output event, url: the step '.region' is dropped",
        "output event, url: it is dropped",
        "output event, url: it is dropped",
        "output other: PUT becomes POST",
        "output other, path: the text is another one",
        "output other: max_items is dropped",
        "the bulk requests: POST becomes PUT",
        "the bulk requests, path: the text is another one",
        "the bulk requests, kind: it is dropped",
        "the bulk requests, kind: it is called kind_",
        'the bulk requests, kind: "all" becomes "al"',
        "the bulk requests: bodies is called bodies_",
        "the bulk requests: max_bytes becomes 1000",
    ]


def test_what_is_inherited_is_changed_wherever_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inherited = """\
rules:
  - {rule: base, abstract: true, route: events, output: event, fields: {name: event.name, kind: {const: base}}}
  - {rule: first, extends: base, when: event.first}
  - {rule: second, extends: base}
"""
    loaded = api.inspect(write([Block("mapping.yaml", inherited, 1)], Path()))
    assert loaded.rulebook is not None
    dropped = by_id(loaded.rulebook)["rules/first/fields/name#field"]
    result = Interpreter(Rewriter(loaded.rulebook).rewritten(dropped.changes)).run(
        {"events": [{"name": "a", "first": True}, {"name": "b"}]}
    )
    assert [request.body for request in result.requests] == [{"kind": "base"}, {"kind": "base"}]
    assert sum(one.operator == "field" for one in mutants_of(loaded.rulebook)) == 2


@pytest.mark.slow
def test_nothing_but_the_changed_parts_is_made_again() -> None:
    rulebook = api.load("mparticle-moengage").rulebook
    rewriter = Rewriter(rulebook)
    mutants = mutants_of(rulebook)
    assert len({mutant.id for mutant in mutants}) == len(mutants)
    for mutant in (one for one in mutants if not one.settings):
        changed = rewriter.rewritten(mutant.changes)
        assert changed is not rulebook
        same = sum(one is other for one, other in zip(rulebook.rules, changed.rules, strict=False))
        assert same or mutant.operator in ("rule", "entry rule", "spread") or "policy" in mutant.owner, mutant.id
    assert rewriter.rewritten({}) is rulebook
