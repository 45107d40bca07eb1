"""The places that rules read: exact ones for each construct, and a law: what is not read does not count."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.insight.loss import Loss, loss_over
from moemap.engine.insight.reads import reads_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.rulebook import Rulebook
from moemap.tests.docs.examples import Block, write

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.json"))


def rulebook(folder: Path, piece: str) -> Rulebook:
    main = write([Block("mapping.yaml", piece, 1)], folder)
    loaded = api.inspect(folder / main)
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


RULE = "rules:\n  - rule: event\n    route: events\n    output: event\n"

CASES: dict[str, tuple[str, set[str]]] = {
    "a path": (f"{RULE}    fields: {{a: event.x.y}}\n", {"+events/*/x/y"}),
    "a condition": (f"{RULE}    when: event.k == 'a'\n    fields: {{a: event.x}}\n", {"events/*/k", "+events/*/x"}),
    "a function": (f"{RULE}    fields: {{a: lower(event.x)}}\n", {"+events/*/x"}),
    "a size": (f"{RULE}    fields: {{a: {{const: 1, when: length(event.l) > `1`}}}}\n", {"events/*/l"}),
    "a template": (f'{RULE}    fields: {{a: {{template: "{{{{ event.x[0].y }}}}"}}}}\n', {"+events/*/x/*/y"}),
    "alternatives": (f"{RULE}    fields: {{a: [event.x, {{from: event.y, when: event.z}}]}}\n",
                     {"+events/*/x", "+events/*/y", "events/*/z"}),
    "a projection with a filter": (f"{RULE}    fields: {{a: 'event.l[?k == `1`].v'}}\n",
                                   {"events/*/l", "events/*/l/*/k", "+events/*/l/*/v"}),
    "each": (f"{RULE}    fields: {{a: {{each: event.l, as: one, fields: {{b: one.v}}}}}}\n",
             {"events/*/l", "+events/*/l/*/v"}),
    "a spread": (f"{RULE}    spread: {{from: event.m}}\n", {"events/*/m", "+events/*/m/*"}),
    "a let that is sent": (f"{RULE}    let: {{v: event.x}}\n    fields: {{a: v.y}}\n", {"+events/*/x/y"}),
    "a let that decides": (
        f"{RULE}    let: {{v: event.x}}\n    when: event.k\n    fields: {{a: {{const: 1, when: v}}}}\n",
        {"events/*/k", "events/*/x"},
    ),
    "objects in between": (f"{RULE}    let: {{v: '{{p: event.x, q: event.y}}'}}\n    fields: {{a: v.q}}\n",
                           {"+events/*/y"}),
    "a sorted list": (f"{RULE}    fields: {{a: 'sort_by(event.l, &k)[0].v'}}\n",
                      {"events/*/l/*/k", "+events/*/l/*/v"}),
    "an object by keys": (f"{RULE}    fields: {{a: 'to_object(event.l, &k, &v).x'}}\n",
                          {"events/*/l/*/k", "+events/*/l/*/v"}),
    "a computed name": (f"{RULE}    fields: {{a: 'get(event.m, event.n)'}}\n", {"+events/*/m/*"}),
    "a skip": ("rules:\n  - {rule: s, route: events, when: event.k, skip: '{{ event.why }}'}\n",
               {"events/*/k", "events/*/why"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_reads(name: str, tmp_path: Path) -> None:
    piece, wanted = CASES[name]
    reads = reads_of(rulebook(tmp_path, piece))
    sent = {"/".join(one.pattern) for one in reads if one.is_sent}
    read = {"/".join(one.pattern) for one in reads if not one.is_sent}
    found = {f"+{place}" for place in sent} | {place for place in read if place not in sent}
    assert found - {"events", "+user/id"} == wanted


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


@pytest.mark.parametrize("sample", EXAMPLES, ids=lambda path: path.stem)
def test_members_that_are_not_read_do_not_count(sample: Path, mapping: api.Mapping) -> None:
    found = loss_over(mapping.rulebook, [str(sample)], lambda _line: None)
    unread = {path for path, member in found.members.items() if member.fate == "unread"}
    content = json.loads(sample.read_text("utf-8"))
    if converted := Interpreter(mapping.rulebook).converted(content):
        content = list(converted[1])
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
