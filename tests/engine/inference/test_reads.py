"""The places that rules read: exact ones for each construct, and a law: changes elsewhere have no effect."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from moemap.engine import api
from moemap.engine.diagnostics.problem import Place
from moemap.engine.expressions.parser import parse
from moemap.engine.expressions.syntax_errors import ExpressionError
from moemap.engine.expressions.tree import EvaluationError, Expression
from moemap.engine.inference.read_places import Reads
from moemap.engine.inference.reads import InputRead, reads_of
from moemap.engine.inference.sources import Depth, InputSource, SourcesOfExpression, ValueSources
from moemap.engine.insight.account import account_of
from moemap.engine.insight.loss import Loss, ReadTree, loss_over
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.values import pointers
from moemap.tests.docs.examples import Block, write
from moemap.tests.effort import effort
from moemap.tests.engine.grammar import ROOTS, Dice, expression, json_value
from moemap.tests.engine.grammar import batch as random_batch
from moemap.tests.engine.random_rulebooks import random_rulebook

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.json"))


def rulebook(folder: Path, piece: str) -> Rulebook:
    main = write([Block("mapping.yaml", piece, 1)], folder)
    loaded = api.inspect(folder / main)
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


HERE = Place("rules.yaml", 1, 1, 1, 2)
RULE = "rules:\n  - rule: event\n    route: events\n    output: event\n"

CASES: dict[str, tuple[str, set[str]]] = {
    "a path": (f"{RULE}    fields: {{a: event.x.y}}\n", {"+events/*/x/y"}),
    "a condition": (f"{RULE}    when: event.k == 'a'\n    fields: {{a: event.x}}\n", {"events/*/k", "+events/*/x"}),
    "a function": (f"{RULE}    fields: {{a: lower(event.x)}}\n", {"+events/*/x"}),
    "a size": (f"{RULE}    fields: {{a: {{const: 1, when: length(event.l) > `1`}}}}\n", {"events/*/l", "events/*/l/*"}),
    "a list that is compared": (f"{RULE}    fields: {{a: {{const: 1, when: event.l == event.m}}}}\n",
                                {"events/*/l/", "events/*/m/"}),
    "a text of a list": (f"{RULE}    fields: {{a: {{const: 1, when: to_string(event.l) == 'a'}}}}\n",
                         {"events/*/l", "events/*/l/"}),
    "whether there is one": (f"{RULE}    fields: {{a: {{const: 1, when: event.l && event.k == 'a'}}}}\n",
                             {"events/*/l", "events/*/k"}),
    "elements of a computed list": (f"{RULE}    fields: {{a: 'split(event.x, event.y)[0]'}}\n",
                                    {"+events/*/x", "+events/*/y"}),
    "the first by a key": (f"{RULE}    fields: {{a: 'max_by(event.l, &k).v'}}\n",
                           {"events/*/l", "events/*/l/*", "events/*/l/*/k/", "+events/*/l/*/v"}),
    "a variable": (f"{RULE}    fields: {{a: 'let $v = event.x in $v.y'}}\n", {"+events/*/x/y"}),
    "a template": (f'{RULE}    fields: {{a: {{template: "{{{{ event.x[0].y }}}}"}}}}\n', {"+events/*/x/*/y"}),
    "alternatives": (f"{RULE}    fields: {{a: [event.x, {{from: event.y, when: event.z}}]}}\n",
                     {"+events/*/x", "+events/*/y", "events/*/z"}),
    "a projection with a filter": (f"{RULE}    fields: {{a: 'event.l[?k == `1`].v'}}\n",
                                   {"events/*/l", "events/*/l/*/k", "+events/*/l/*/v"}),
    "each": (f"{RULE}    fields: {{a: {{each: event.l, as: one, fields: {{b: one.v}}}}}}\n",
             {"events/*/l", "events/*/l/*", "+events/*/l/*/v"}),
    "a spread": (f"{RULE}    spread: {{from: event.m}}\n", {"events/*/m", "+events/*/m/*"}),
    "a let that is sent": (f"{RULE}    let: {{v: event.x}}\n    fields: {{a: v.y}}\n", {"+events/*/x/y"}),
    "a let that decides": (
        f"{RULE}    let: {{v: event.x}}\n    when: event.k\n    fields: {{a: {{const: 1, when: v}}}}\n",
        {"events/*/k", "events/*/x"},
    ),
    "objects in between": (f"{RULE}    let: {{v: '{{p: event.x, q: event.y}}'}}\n    fields: {{a: v.q}}\n",
                           {"+events/*/y"}),
    "a sorted list": (f"{RULE}    fields: {{a: 'sort_by(event.l, &k)[0].v'}}\n",
                      {"events/*/l", "events/*/l/*", "events/*/l/*/k/", "+events/*/l/*/v"}),
    "an object by keys": (f"{RULE}    fields: {{a: 'to_object(event.l, &k, &v).x'}}\n",
                          {"events/*/l", "events/*/l/*", "events/*/l/*/k/", "+events/*/l/*/v"}),
    "a computed name": (f"{RULE}    fields: {{a: 'get(event.m, event.n)'}}\n",
                        {"events/*/m", "+events/*/m/*", "events/*/n", "events/*/n/"}),
    "a skip": ("rules:\n  - {rule: s, route: events, when: event.k, skip: '{{ event.why }}'}\n",
               {"events/*/k", "events/*/why/"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_reads(name: str, tmp_path: Path) -> None:
    piece, wanted = CASES[name]
    reads = reads_of(rulebook(tmp_path, piece))
    sent = {"/".join(one.pattern) for one in reads if one.is_sent}
    read = {f"{'/'.join(one.pattern)}{'/' if one.is_whole else ''}" for one in reads if not one.is_sent}
    found = {f"+{place}" for place in sent} | {place for place in read if place.removesuffix("/") not in sent}
    assert found - {"events", "events/*", "+user/id"} == wanted


AIMED = """\
language: 1
name: aimed
version: 1.0.0
input: {as: batch, schema: ./batch.schema.json}
outputs:
  gone: {body: none, request: {method: DELETE, path: "/of/{{ event.id }}/{{ kind }}", query: {at: event.time}}}
  other: {schema: ./event.schema.json, request: {path: "/of/{{ batch.region }}"}}
routes: {events: {each: batch.events, as: event}}
rules:
- {rule: gone, route: events, when: event.gone, let: {kind: event.kind}, output: gone}
- {rule: other, route: events, output: other, fields: {a: event.a}}
"""


def test_requests_read_what_their_rules_see(tmp_path: Path) -> None:
    read = rulebook(tmp_path, AIMED)
    sent = {("/".join(one.pattern), one.owner, one.part) for one in reads_of(read) if one.is_sent}
    assert sent == {
        ("events/*/id", "output gone", "request.path"),
        ("events/*/kind", "output gone", "request.path"),
        ("events/*/time", "output gone", "request.query.at"),
        ("events/*/a", "rule other", "a"),
        ("region", "output other", "request.path"),
    }
    batch = {"region": "eu", "events": [{"id": 1, "kind": "k", "time": 2, "gone": True}, {"id": 3, "a": 4}]}
    fates = {one.pointer: one.fate for one in account_of(read, batch)}
    assert fates == {
        "/region": "sent",
        "/events/0/id": "sent",
        "/events/0/kind": "sent",
        "/events/0/time": "sent",
        "/events/0/gone": "read",
        "/events/1/id": "read",
        "/events/1/a": "sent",
    }
    (tmp_path / "batch.json").write_text(json.dumps(batch), "utf-8")
    members = loss_over(read, [str(tmp_path / "batch.json")], lambda _line: None).members
    assert {"/".join(path): member.fate for path, member in members.items()} == {
        "region": "sent",
        "events/*/id": "sent",
        "events/*/kind": "sent",
        "events/*/time": "sent",
        "events/*/gone": "read",
        "events/*/a": "sent",
    }


def without(batch: Any, path: list[Any]) -> Any:
    batch = copy.deepcopy(batch)
    above = batch
    for token in path[:-1]:
        above = above[token]
    del above[path[-1]]
    return batch


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        return [leaf for key, member in value.items() for leaf in leaves(member, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for index, member in enumerate(value) for leaf in leaves(member, (*path, index))]
    return [path]


@pytest.fixture(scope="module")
def mapping() -> api.Mapping:
    return api.load("mparticle-moengage")


@pytest.mark.slow
@pytest.mark.parametrize("sample", EXAMPLES, ids=lambda path: path.stem)
def test_members_that_are_not_read_do_not_count(sample: Path, mapping: api.Mapping) -> None:
    found = loss_over(mapping.rulebook, [str(sample)], lambda _line: None)
    unread = {path for path, member in found.members.items() if member.fate == "unread"}
    content = json.loads(sample.read_text("utf-8"))
    for batch in content if isinstance(content, list) else [content]:
        requests = mapping.transform(batch).requests
        for path in leaves(batch):
            general = tuple("*" if isinstance(token, int) else token for token in path)
            if general in unread and not isinstance(path[-1], int):
                assert mapping.transform(without(batch, list(path))).requests == requests, path


def test_members_that_a_purchase_loses(mapping: api.Mapping) -> None:
    sample = next(path for path in EXAMPLES if path.stem == "purchase")
    found: Loss = loss_over(mapping.rulebook, [str(sample)], lambda _line: None)
    action = ("events", "*", "data", "product_action")
    fates = {path[-1]: member.fate for path, member in found.members.items() if path[:4] == action}
    assert {name for name, fate in fates.items() if fate == "unread"} >= {"coupon_code", "affiliation", "variant"}
    assert found.members[*action, "total_amount"].by[0] == "rule purchase, attributes.Total Amount"


EMPTY = [
    ("event.x[0]", {"x": []}, "read"),
    ("event.x[-1].y", {"x": []}, "read"),
    ("event.x.y", {"x": {}}, "read"),
    ("event.x.y.z[0]", {"x": {}}, "read"),
    ("event.x[0]", {"x": [[]]}, "sent"),
    ("event.x[0][0]", {"x": [[]]}, "read"),
    ({"template": "{{ event.x[0] }}"}, {"x": []}, "read"),
    ("get(event.x, 'y')", {"x": {}}, "read"),
    ("get_ignore_case(event.x, 'y')", {"x": {}}, "read"),
    ("event.x.y", {"x": []}, "unread"),
    ("event.x[0]", {"x": 5}, "unread"),
    ("event.y[0]", {"x": []}, "unread"),
]
"""An expression of a field, an event, and the fate of its one leaf."""


@pytest.mark.parametrize(("field", "event", "fate"), EMPTY)
def test_what_could_be_in_an_empty_value_is_read(field: Any, event: Any, fate: str, tmp_path: Path) -> None:
    found = rulebook(tmp_path, f"{RULE}    fields: {{a: {json.dumps(field)}, b: {{const: 1}}}}\n")
    batch = {"events": [event]}
    (tmp_path / "batch.json").write_text(json.dumps(batch), "utf-8")
    members = loss_over(found, [str(tmp_path / "batch.json")], lambda _line: None).members
    assert [member.fate for path, member in members.items() if "x" in path] == [fate]
    assert [one.fate for one in account_of(found, batch) if "/x" in one.pointer] == [fate]


@pytest.mark.parametrize("values", [["", []], [[], ""]])
def test_the_order_of_values_does_not_matter(values: list[Any], tmp_path: Path) -> None:
    found = rulebook(tmp_path, f"{RULE}    fields: {{a: 'event.x[0]'}}\n")
    (tmp_path / "batch.json").write_text(json.dumps({"events": [{"x": value} for value in values]}), "utf-8")
    members = loss_over(found, [str(tmp_path / "batch.json")], lambda _line: None).members
    assert members["events", "*", "x"].fate == "read"


def replaced(batch: Any, pointer: str, value: Any) -> Any:
    batch = copy.deepcopy(batch)
    *path, last = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    above = batch
    for token in path:
        above = above[int(token) if isinstance(above, list) else token]
    above[int(last) if isinstance(above, list) else last] = value
    return batch


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(0, 600, 100))
def test_values_that_random_rules_do_not_read_do_not_count(tmp_path: Path, seed: int) -> None:
    tried = 0
    for number in range(seed, seed + effort(35, 100)):
        found, _, dice = random_rulebook(number)
        interpreter = Interpreter(found)
        for _ in range(3):
            content = random_batch(dice)
            (tmp_path / "batch.json").write_text(json.dumps(content), "utf-8")
            members = loss_over(found, [str(tmp_path / "batch.json")], lambda _line: None).members
            unread = {path for path, member in members.items() if member.fate == "unread"}
            before = interpreter.run(content).requests
            for pointer, _ in pointers.leaves(content):
                if general(content, pointer) in unread and pointer:
                    tried += 1
                    for value in (None, "zz", 7):
                        assert interpreter.run(replaced(content, pointer, value)).requests == before, (number, pointer)
    assert tried > 5


@pytest.mark.slow
@pytest.mark.fuzz
@given(seed=integers(0, 2**32))
def test_values_that_expressions_do_not_read_do_not_count(seed: int) -> None:
    dice = Dice(seed)
    try:
        parsed = parse(expression(dice))
    except ExpressionError:
        return
    found: list[InputRead] = []

    def look(value: ValueSources, depth: Depth) -> None:
        for _, origin, is_whole in value.read(depth):
            found.append(InputRead(origin.place, is_whole, False, "", "", HERE, origin.guards))

    roots = {name: ValueSources(frozenset({InputSource((name,))})) for name in ROOTS}
    look(SourcesOfExpression(roots, look).of(parsed.tree), "whole")
    for _ in range(5):
        context = {name: json_value(dice) for name in ROOTS}
        unread = unread_leaves(Reads(found), context)
        before = outcome(parsed, context)
        for pointer, _ in pointers.leaves(context):
            if pointer in unread:
                for value in (None, "zz", 7):
                    assert outcome(parsed, replaced(context, pointer, value)) == before, (parsed.text, pointer)


def unread_leaves(reads: Reads[InputRead], context: dict[str, Any]) -> set[str]:
    tree = ReadTree(reads, {})
    return {place for place, node, value in tree.root.leaves(context) if tree.fate(node, value).fate == "unread"}


def outcome(parsed: Expression, context: dict[str, Any]) -> Any:
    try:
        return json.dumps(parsed.search(context))
    except EvaluationError:
        return "it fails"


def general(batch: Any, pointer: str) -> tuple[str, ...]:
    """The path of a place, with `*` for indexes."""
    path = []
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        path.append("*" if isinstance(batch, list) else name)
        batch = batch[int(name)] if isinstance(batch, list) else batch[name]
    return tuple(path)
