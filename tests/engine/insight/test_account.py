"""Every leaf of a batch is accounted for: sent values are in requests, and unread ones change nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping as Values
from pathlib import Path
from typing import Any

import orjson
import pytest

from moemap.engine import api
from moemap.engine.insight.loss import Collector
from moemap.engine.jobs.unread import UnreadLeaves, places_of
from moemap.engine.runtime.result import Accounted, Result
from moemap.engine.values.equality import equal
from moemap.engine.values.pointers import leaves, value_at
from moemap.tests.engine.grammar import batch
from moemap.tests.engine.inference.test_reads import replaced
from moemap.tests.engine.random_rulebooks import random_rulebook

ROOT = Path(__file__).parents[3]
SAMPLES = sorted((ROOT / "examples").glob("*.json"))


@pytest.fixture(scope="module")
def shipped() -> api.Mapping:
    return api.load("mparticle-moengage")


def check(mapping: api.Mapping, given: Any) -> tuple[Accounted, ...]:
    """The account, after checking the laws that hold for any mapping and batch."""
    account, result = mapping.account(given), mapping.transform(given)
    assert [one.pointer for one in account] == [pointer for pointer, _ in leaves(given)]
    left_out = {one.pointer for one in result.skipped} | {problem.input for problem in result.problems}
    for one in account:
        for to in one.to:
            request = result.requests[to.request]
            there = value_at(request.body if to.part == "body" else getattr(request, to.part), to.pointer)
            if to.how == "same":
                assert equal(there, value_at(given, one.pointer))
            elif to.how == "cut":
                assert value_at(given, one.pointer).startswith(there)
            elif to.part == "body":
                assert there is not None
        assert bool(one.to) == (one.fate == "sent")
        assert one.by if one.fate == "read" else not one.by or one.fate == "unread"
        if one.fate == "skipped" and one.reason != "the spread excepts it":
            assert any(one.pointer == place or one.pointer.startswith(f"{place}/") for place in left_out)
    interpreter = mapping._interpreter.get()
    is_converted = interpreter.converted(given) is not None  # then more values are validated than rules read
    for one in account:
        for value in (None, "zz", 7) if one.fate == "unread" and one.pointer and not (is_converted and one.by) else ():
            assert same(mapping.transform(replaced(given, one.pointer, value)), result), one.pointer
    places = orjson.loads(orjson.dumps(places_of(mapping.rulebook)))
    unread = UnreadLeaves(places, lambda batch: (interpreter.converted(batch) or (None,))[0])
    assert unread.of(given, result) == {one.pointer for one in account if one.fate == "unread" and not one.by}
    return account


def same(one: Result, other: Result) -> bool:
    return equal([one.requests, one.skipped], [other.requests, other.skipped])


@pytest.mark.slow
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_samples(shipped: api.Mapping, path: Path) -> None:
    content = json.loads(path.read_text("utf-8"))
    for sample in content if isinstance(content, list) else [content]:
        check(shipped, sample)


def test_nothing_of_a_purchase_disappears(shipped: api.Mapping) -> None:
    sample = json.loads((ROOT / "examples" / "purchase.json").read_text("utf-8"))
    fates = {one.pointer: one for one in check(shipped, sample)}
    action = "/events/0/data/product_action"
    for place in (f"{action}/coupon_code", f"{action}/affiliation", f"{action}/products/0/variant"):
        assert fates[place].fate == "unread"
    assert fates["/events/0/data/screen_name"].fate == "unread"
    assert fates[f"{action}/transaction_id"].to == ((1, "body", "/actions/0/attributes/TransactionId", "same"),)
    assert fates["/events/0/data/timestamp_unixtime_ms"].to == ((1, "body", "/actions/0/current_time", "converted"),)
    assert fates["/user_identities/customer_id"].to == (
        (0, "body", "/customer_id", "same"),
        (1, "body", "/customer_id", "same"),
    )
    assert fates["/events/0/event_type"].by[0] == "rule purchase, when"


RULES = """
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./any.schema.json}
outputs:
  event:
    schema: ./any.schema.json
    request:
      path: "/v1/{{ batch.user.id }}"
      query: {shop: batch.shop}
      headers: {X-Trace: batch.trace}
routes:
  events: {each: batch.events, as: event}
rules:
  - rule: event
    route: events
    when: event.type == 'order'
    output: event
    fields:
      name: "truncate(event.name, `3`, '')"
      total: {from: event.total, type: integer}
      label: {template: "{{ event.brand }}/{{ event.model }}"}
      ids: event.items[].id
      gift: {from: event.gift, when: event.wants_gift}
      tagged: {const: true, when: length(event.tags) > `1`}
      basic: {const: true, when: "event.options == {size: 'S'}"}
    spread: {from: event.more, except: {names: [secret]}, entries: [{when: "value == 'no'", skip: says no}, {}]}
  - rule: login
    route: events
    when: event.type == 'login'
    skip: logins are not sent
"""
BATCH = {
    "user": {"id": "u 1", "age": 7},
    "shop": "s",
    "trace": "t",
    "events": [
        {
            "type": "order",
            "name": "abcdef",
            "total": "12",
            "brand": "a",
            "model": "b",
            "items": [{"id": 1, "size": {"of": 2}}],
            "gift": "card",
            "wants_gift": False,
            "tags": ["a", {"b": 1}],
            "options": {"size": {"of": 1}},
            "more": {"secret": 1, "x": [1, {"y": 2}], "z": "no"},
        },
        {"type": "login", "at": 5},
        {"type": "other"},
    ],
}
FATES: Values[str, Any] = {
    "/user/id": [("path", "", "converted")],
    "/user/age": "unread",
    "/shop": [("query", "/shop", "same")],
    "/trace": [("headers", "/X-Trace", "same")],
    "/events/0/type": ("read", ("rule event, when",)),
    "/events/0/name": [("body", "/name", "cut")],
    "/events/0/total": [("body", "/total", "converted")],
    "/events/0/brand": [("body", "/label", "converted")],
    "/events/0/items/0/id": [("body", "/ids", "part")],
    "/events/0/items/0/size/of": "unread",
    "/events/0/gift": "unread",
    "/events/0/wants_gift": ("read", ("rule event, gift",)),
    "/events/0/tags/0": ("read", ("rule event, tagged",)),
    "/events/0/tags/1/b": "unread",
    "/events/0/options/size/of": ("read", ("rule event, basic",)),
    "/events/0/more/secret": ("event", "the spread excepts it"),
    "/events/0/more/x/1/y": [("body", "/x/1/y", "same")],
    "/events/0/more/z": ("event", "says no"),
    "/events/1/at": ("login", "logins are not sent"),
    "/events/2/type": (None, "no rule takes it"),
}


CONVERTED = {
    "mapping.yaml": """
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./any.schema.json}
outputs: {event: {schema: ./any.schema.json, request: {path: /e}}}
routes: {events: {each: batch.events, as: event}}
rules:
  - {rule: old, when: batch.messages, convert: ./old}
  - rule: event
    route: events
    when: event.kind != 'login'
    output: event
    fields: {total: {from: event.total, type: string}, name: event.name, user: batch.user}
""",
    "old/mapping.yaml": """
language: 1
name: old
version: 1.0.0
input: {as: old, schema: ../any.schema.json}
outputs: {batch: {schema: ../any.schema.json, request: {path: /b}}}
routes: {messages: {each: old.messages, as: message}}
rules:
  - {rule: ping, route: messages, when: message.type == 'ping', skip: pings say nothing}
  - rule: message
    route: messages
    output: batch
    fields:
      user: message.who
      extra: message.extra
      events: {each: message.items, as: item, fields: {kind: item.kind, total: {from: item.total, type: integer},
        name: "truncate(item.name, `2`, '')"}}
""",
}
OLD = {
    "messages": [
        {"type": "a", "who": "u", "unused": 1, "extra": "x", "items": [{"kind": "b", "total": "1", "name": "abc"}]},
        {"type": "ping", "at": 1},
        {"type": "a", "who": "v", "items": [{"kind": "login", "total": 7}, {"kind": "b", "total": 8}]},
    ]
}


def test_leaves_are_followed_through_a_conversion(tmp_path: Path) -> None:
    for name, content in CONVERTED.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    (tmp_path / "any.schema.json").write_text("{}", "utf-8")
    (tmp_path / ".moemap").touch()
    found = {
        one.pointer.removeprefix("/messages/"): [(to.request, to.pointer, to.how) for to in one.to]
        or one.by
        or one.reason
        or one.fate
        for one in check(api.load(tmp_path), OLD)
    }
    assert found == {
        "0/type": ("old: rule ping, when",),
        "0/who": [(0, "/user", "same")],
        "0/unused": "unread",
        "0/extra": ("old: rule message, extra",),
        "0/items/0/kind": ("rule event, when",),
        "0/items/0/total": [(0, "/total", "converted")],
        "0/items/0/name": [(0, "/name", "cut")],
        "1/type": "pings say nothing",
        "1/at": "pings say nothing",
        "2/type": ("old: rule ping, when",),
        "2/who": [(1, "/user", "same")],
        "2/items/0/kind": "no rule takes it",
        "2/items/0/total": "no rule takes it",
        "2/items/1/kind": ("rule event, when",),
        "2/items/1/total": [(1, "/total", "converted")],
    }


def test_every_fate(tmp_path: Path) -> None:
    (tmp_path / "any.schema.json").write_text("{}", "utf-8")
    (tmp_path / "mapping.yaml").write_text(RULES, "utf-8")
    mapping = api.load(tmp_path)
    found: dict[str, Any] = {}
    for one in check(mapping, BATCH):
        if one.fate == "sent":
            found[one.pointer] = [(to.part, to.pointer, to.how) for to in one.to]
        elif one.fate == "skipped":
            found[one.pointer] = (one.rule, one.reason)
        else:
            found[one.pointer] = "unread" if one.fate == "unread" else (one.fate, one.by)
    assert {pointer: found[pointer] for pointer in FATES} == FATES


def test_rules_that_take_one_element_account_for_their_own_values(tmp_path: Path) -> None:
    (tmp_path / "any.schema.json").write_text("{}", "utf-8")
    also = "  - {rule: also, route: events, output: event, fields: {alias: event.alias}, then: continue}\n"
    (tmp_path / "mapping.yaml").write_text(RULES.replace("rules:\n", f"rules:\n{also}"), "utf-8")
    batch = {"user": {"id": "u"}, "events": [{"type": "order", "name": "a", "alias": "b"}]}
    found = {one.pointer: [(to.request, to.pointer) for to in one.to] for one in check(api.load(tmp_path), batch)}
    del found["/user/id"]
    assert found == {"/events/0/type": [], "/events/0/name": [(1, "/name")], "/events/0/alias": [(0, "/alias")]}


@pytest.mark.parametrize("value", [[], "", "abc", {}])
def test_a_value_of_which_only_the_length_is_sent_is_read_as_lost_says(tmp_path: Path, value: Any) -> None:
    (tmp_path / "any.schema.json").write_text("{}", "utf-8")
    fields = "    fields: {count: length(event.tags), both: [length(event.more), event.more]}\n"
    rules = RULES[: RULES.index("    fields:")].replace("query: {", "query: {n: length(batch.list), ") + fields
    (tmp_path / "mapping.yaml").write_text(rules, "utf-8")
    mapping = api.load(tmp_path)
    batch = {"user": {"id": "u"}, "list": value, "events": [{"type": "order", "tags": value, "more": value}]}
    found = {one.pointer: one.fate for one in check(mapping, batch)}
    wanted = {"/list": "read", "/events/0/tags": "read", "/events/0/more": "sent"}
    assert found == {"/user/id": "sent", "/events/0/type": "read", **wanted}
    collector = Collector(mapping.rulebook)
    collector.add(batch)
    fates = {"/" + "/".join(path): one.fate for path, one in collector.loss.members.items()}
    assert {path.replace("*", "0"): fate for path, fate in fates.items()} == found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 120, 60))
def test_random_mappings(seed: int) -> None:
    fates: set[str] = set()
    for number in range(seed, seed + 60):
        made = random_rulebook(number)
        mapping = api.Mapping(made.rulebook)
        for _ in range(3):
            fates.update(one.fate for one in check(mapping, batch(made.dice)))
    assert fates == {"sent", "skipped", "read", "unread"}


LETS = {
    "a template": ('{template: "a {{ item.a }}"}', {"a": "q"}),
    "an alternative with a template": ('{from: [item.no, {template: "a {{ item.a }}"}]}', {"a": "q"}),
    "each": ("{each: item.l, as: x, value: x.v}", {"l": [{"v": 1}, {"v": 2}]}),
    "each with fields": ("{each: item.l, as: x, fields: {m: x.v, n: item.n}}", {"l": [{"v": 1}], "n": 3}),
    "each with a let": ("{each: item.l, as: x, let: {y: x.v}, fields: {m: y}}", {"l": [{"v": 1}]}),
    "fields": ("{fields: {m: item.m, o: {fields: {n: item.n}}}}", {"m": 1, "n": 2}),
    "a list": ("{list: [item.m, item.n]}", {"m": 1, "n": 2}),
    "a spread": ("{spread: {from: item.o, as: x, key: k, entries: [{}]}}", {"o": {"m": 1, "n": 2}}),
    "another let": ("{list: [before, item.m]}", {"m": 1, "b": 4}),
}
"""The definition of a let that reads `item`, and an item all of whose leaves are sent by it."""
IN_LETS = """\
language: 1
name: lets
version: 1.0.0
input: {{as: batch, schema: ./any.schema.json}}
outputs: {{out: {{schema: ./any.schema.json, request: {{path: /out}}}}}}
{top}
routes: {{items: {{each: batch.items, as: item{route}}}}}
rules:
- rule: one
  route: items
  output: out
  {rule}
  fields: {{made: made}}
"""


@pytest.mark.parametrize("level", ["top", "route", "rule"])
@pytest.mark.parametrize(("definition", "item"), LETS.values(), ids=LETS)
def test_what_is_sent_through_lets_is_sent(definition: str, item: Any, level: str, tmp_path: Path) -> None:
    (tmp_path / "any.schema.json").write_text("{}", "utf-8")
    lets = f"let: {{before: item.b, made: {definition}}}"
    written = {"top": "let: {unused: batch.no}", "route": "", "rule": "let: {own: item.no}"}
    batch = {"items": [item, item | {"other": 1}]}
    if level == "top":
        lets, batch = lets.replace("item.", "batch.item."), {"item": item, "items": [{}, {"other": 1}]}
    written[level] = f", {lets}" if level == "route" else lets
    (tmp_path / "mapping.yaml").write_text(IN_LETS.format(**written), "utf-8")
    fates = {one.pointer: one for one in check(api.load(tmp_path), batch)}
    unsent = {pointer for pointer, one in fates.items() if one.fate != "sent"}
    assert unsent == {pointer for pointer in fates if pointer.endswith("/other") or pointer == "/items/0"}


CHAINS = {
    "a long chain": [f"a{n}: a{n - 1}" for n in range(1, 900)],
    "in many ways": [f"{x}{n}: not_null(a{n - 1}, b{n - 1})" for n in range(1, 60) for x in "ab"],
}
"""Lets that build on each other; the one that is sent is the last of the names with an `a`."""


@pytest.mark.parametrize("lets", CHAINS.values(), ids=CHAINS)
def test_lets_that_build_on_each_other_are_followed_once_each(lets: list[str], tmp_path: Path) -> None:
    (tmp_path / "any.schema.json").write_text("{}", "utf-8")
    last = max(int(let[1 : let.index(":")]) for let in lets)
    written = ["a0: item.a", "b0: item.b", *lets, f"made: a{last}"]
    rule = "let:\n" + "".join(f"    {let}\n" for let in written)
    text = IN_LETS.format(top="", route="", rule=rule)
    (tmp_path / "mapping.yaml").write_text(text, "utf-8")
    account = api.load(tmp_path).account({"items": [{"a": "x", "b": "y"}]})
    assert {one.pointer: one.fate for one in account}["/items/0/a"] == "sent"
