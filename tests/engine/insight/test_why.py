"""Explanations why a value is in a request or is not: exact wording on a small mapping, laws on all samples."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.insight.explanation import as_html, as_json, steps_text, summary_text
from moemap.engine.insight.namesakes import namesakes, nearest_place
from moemap.engine.insight.tracing import Trace, masked, trace
from moemap.engine.insight.why import readers_of, steps_to
from moemap.engine.insight.why_not import why_not
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.values.pointers import leaves, value_at
from moemap.tests.docs.examples import Block, write

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.json"))

MAPPING = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./batch.schema.json}
settings: {vat: {type: boolean, default: false}}
let: {user_id: [batch.user.id, batch.user.email]}
tables: {sizes: {unlisted: omit, entries: {s: small}}}
outputs:
  event:
    schema: ./event.schema.json
    request: {path: /v1}
    fields: {user: user_id}
    element_of: actions
routes: {events: {each: batch.events, as: event}}
rules:
  - {rule: test, route: events, when: event.test, skip: a test}
  - rule: order
    route: events
    when: event.type == 'order' && event.total
    output: event
    fields:
      name: {const: order}
      total: {from: event.total, type: double}
      currency: {from: event.currency, default: EUR}
      size: {from: event.size, table: sizes}
      vat: {from: event.vat, when: settings.vat}
      place: {fields: {city: event.place.city}}
      label: {template: "{{ event.type }} {{ event.no }}"}
      items: {each: event.items, as: item, fields: {id: {from: item.id, required: true}}}
    spread: {from: event.more, except: {names: [internal]}}
"""
BATCH: dict[str, Any] = {
    "user": {"email": "a@example.com"},
    "events": [
        {"type": "order", "total": "12.25", "size": "xl", "place": {"cty": "Ribe"}, "more": {"a": 1, "internal": 2}},
        {"type": "login", "total": 1},
        {"type": "order", "total": "much", "test": True},
        {"type": "order", "total": 3, "items": [{"id": 7}, {"no": 8}]},
    ],
}  # fmt: skip


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rulebook:
    monkeypatch.chdir(tmp_path)
    loaded = api.inspect(write([Block("mapping.yaml", MAPPING, 1)], Path()))
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


def said(found: Trace, pointer: str) -> list[str]:
    application, local = found.bodies[0][pointer]
    return [
        f"{step.text} @{step.place.line} {' '.join(step.inputs)}".strip()
        for step in steps_to(found, application, local)
    ]


WHY = {
    "/actions/0/total": [
        "rule order takes /events/0 @17",
        "since `when` holds: event.type == 'order' && event.total @19 /events/0/type /events/0/total",
        'from event.total = "12.25" @23 /events/0/total',
        '"12.25" becomes double @23',
        "field total: 12.25 @23",
    ],
    "/actions/0/name": [
        "rule order takes /events/0 @17",
        "since `when` holds: event.type == 'order' && event.total @19 /events/0/type /events/0/total",
        'the constant: "order" @22',
    ],
    "/actions/0/currency": [
        "rule order takes /events/0 @17",
        "since `when` holds: event.type == 'order' && event.total @19 /events/0/type /events/0/total",
        "there is no value, so the default counts @24",
        'field currency: "EUR" @24',
    ],
    "/actions/0/a": [
        "rule order takes /events/0 @17",
        "since `when` holds: event.type == 'order' && event.total @19 /events/0/type /events/0/total",
        "the entry /events/0/more/a passes through @30 /events/0/more/a",
    ],
    "/actions/1/items/0/id": [
        "rule order takes /events/3 @17",
        "since `when` holds: event.type == 'order' && event.total @19 /events/3/type /events/3/total",
        "from item.id = 7 @29 /events/3/items/0/id",
        "field id: 7 @29",
    ],
    "/user": [
        'let user_id from batch.user.email = "a@example.com" @6 /user/email',
        'from user_id = "a@example.com" @12',
        'field user: "a@example.com" @12',
    ],
}


@pytest.mark.parametrize("pointer", WHY)
def test_why(pointer: str, small: Rulebook) -> None:
    assert said(trace(small, BATCH), pointer) == WHY[pointer]


WHY_NOT: dict[str, str] = {
    "/actions/0/size": 'rule order, size: sizes does not list "xl" @7',
    "/actions/0/vat": "rule order, vat: `when` does not hold: settings.vat is false @26",
    "/actions/0/place/city": "rule order, place.city: event.place has no 'city'; did you mean 'cty'? @27",
    "/actions/0/label": "rule order, label: a value in the template is null @28",
    "/actions/0/internal": "rule order, spread: `except` leaves out 'internal', since it is mapped elsewhere @30",
    "/actions/0/b": "rule order, spread: event.more has no entry 'b' @30",
}


@pytest.mark.parametrize("pointer", WHY_NOT)
def test_why_not(pointer: str, small: Rulebook) -> None:
    miss = why_not(trace(small, BATCH), pointer, element="/events/0")[0]
    assert f"rule {miss.rule}, {miss.part}: {miss.reason} @{miss.place.line}" == WHY_NOT[pointer]


@pytest.mark.parametrize("pointer", WHY_NOT)
def test_a_place_in_what_one_rule_makes_is_one_in_the_request(pointer: str, small: Rulebook) -> None:
    found = trace(small, BATCH)
    assert why_not(found, pointer.removeprefix("/actions/0"), "event") == why_not(found, pointer, "event")


RULES_NOT_REACHED = {
    "/events/1": "the rule does not take /events/1: event.type == 'order' (event.type is \"login\")",
    "/events/2": "it leaves out /events/2: a test",
}


@pytest.mark.parametrize("element", RULES_NOT_REACHED)
def test_why_a_rule_did_not_take_an_element(element: str, small: Rulebook) -> None:
    miss = why_not(trace(small, BATCH), "/actions/0/total", element=element)[0]
    assert miss.reason == RULES_NOT_REACHED[element]


def test_rules_that_are_not_reached_come_last(small: Rulebook) -> None:
    misses = why_not(trace(small, BATCH), "/actions/0/total", element="/events/2")
    assert list(dict.fromkeys((miss.rule, miss.reason) for miss in misses)) == [
        ("test", "it leaves out /events/2: a test"),
        ("order", "never reached: rule test took all of the route events before"),
    ]


def test_fields_that_all_requests_share(small: Rulebook) -> None:
    found = trace(small, {"user": {}, "events": [{"type": "order", "total": 1}]})
    (miss,) = (one for one in why_not(found, "/user", "event") if one.rule is None)
    assert (miss.part, miss.place.line) == ("output event: user", 12)
    assert miss.reason == "user_id is null; let user_id: batch.user has no 'id'; batch.user has no 'email'"
    assert why_not(trace(small, {"events": []}), "/user")[-1].reason == "no rule gave such a request"


def test_what_masked_misses_say(small: Rulebook) -> None:
    misses = why_not(trace(small, BATCH, masked), "/actions/0/total", element="/events/2")
    assert misses[0].reason == "it leaves out /events/2: a test"


def test_places_of_the_input_that_have_the_name(small: Rulebook) -> None:
    found = trace(small, BATCH)
    assert list(map(str, namesakes(found, "/actions/0/internal"))) == [
        "the input has /events/0/more/internal, which is left out: the spread excepts it"
    ]
    assert [(one.place, one.is_read) for one in namesakes(found, "/x/total")] == [
        ("/events/0/total", True),
        ("/events/1/total", False),
        ("/events/2/total", False),
        ("/events/3/total", True),
    ]
    assert str(namesakes(found, "/x/total")[1]) == (
        "the input has /events/1/total, which is left out: no rule takes it"
    )
    spare = trace(small, {"events": [{**BATCH["events"][0], "spare": 1}]})
    assert str(namesakes(spare, "/spare")[0]) == "the input has /events/0/spare, which no rule reads"
    unmapped = trace(small, {"user": {"email": "a@example.com"}})
    assert str(namesakes(unmapped, "/email")[0]) == (
        "the input has /user/email, which is not read here, but in other batches: output event, user"
    )


@pytest.mark.parametrize(
    ("pointer", "near"),
    [("/actions/0/totl", "/actions/0/total"), ("/cty", "/actions/0/place/city"), ("/usr", "/user"), ("/zzzz", None)],
)
def test_the_nearest_place_that_rules_can_give(pointer: str, near: str | None, small: Rulebook) -> None:
    assert nearest_place(small, pointer) == near


def test_no_rule_can_give_a_value(small: Rulebook) -> None:
    assert why_not(trace(small, BATCH), "/actions/0/total", output="none") == ()


def test_who_read_a_place(small: Rulebook) -> None:
    found = readers_of(trace(small, BATCH), "/events/0/size")
    assert [(one.owner, one.text, one.place.line, one.value) for one in found] == [
        ("rule order", "event.size", 25, "xl")
    ]
    assert [(one.text, one.value) for one in readers_of(trace(small, BATCH), "/events/0/items")] == [
        ("event.items", None)
    ]
    assert [(one.text, one.value) for one in readers_of(trace(small, BATCH), "/events/3/items/0/no")] == []
    assert [one.text for one in readers_of(trace(small, BATCH), "/events/3/items/0")] == ["item.id"]
    assert [(one.text, one.value) for one in readers_of(trace(small, BATCH), "/events/0/more/a")] == [
        ("event.more", {"a": 1, "internal": 2})
    ]
    assert ("{{ event.type }} {{ event.no }}", None) in [
        (one.text, one.value) for one in readers_of(trace(small, BATCH), "/events/0/type")
    ]
    assert readers_of(trace(small, BATCH), "/events/0/unknown") == ()


REFUSING = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./any.json}
outputs: {event: {schema: ./note.json, request: {path: /v1}, max_bytes: 50}}
routes: {events: {each: batch.events, as: event}}
rules:
  - {rule: order, route: events, output: event, fields: {name: event.name, order: event.order, note: event.note}}
"""
LARGE = 10482000000000000000001
ROUNDED = f"a number of the event request would be rounded: {LARGE} needs more than 64 bits"


@pytest.mark.parametrize(
    ("events", "pointer", "reason"),
    [
        (
            [{"name": "a"}, {"name": "b", "order": LARGE}],
            "/order",
            f"it gave {LARGE} there, but {ROUNDED}",
        ),
        ([{"name": "b", "order": LARGE}], "/name", 'it gave "b" there'),
        ([{"order": LARGE}], "", ROUNDED),
        (
            [{"name": "a"}, {"name": "b", "note": 5}],
            "/name",
            'it gave "b" there, but the event request is invalid: must be string, not integer',
        ),
        ([{"name": "a"}, {"name": "b", "note": 5}], "", "the event request is invalid: must be string, not integer"),
        ([{"name": "x" * 60}], "", "the event request has a body of 71 bytes; at most 50 are allowed"),
    ],
)
def test_what_was_given_but_not_sent(
    events: list[dict[str, Any]], pointer: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    note = '{"type": "object", "properties": {"note": {"type": "string"}}}'
    files = [Block("mapping.yaml", REFUSING, 1), Block("any.json", "{}", 1), Block("note.json", note, 1)]
    rulebook = api.inspect(write(files, Path())).rulebook
    assert rulebook is not None
    (miss,) = why_not(trace(rulebook, {"events": events}), pointer)
    assert miss.reason == reason
    (unsaid,) = why_not(trace(rulebook, {"events": events}, masked), pointer)
    assert not unsaid.reason.endswith("integer")
    assert str(LARGE) not in unsaid.reason


def test_a_batch_of_which_no_rule_takes_anything(small: Rulebook) -> None:
    found = trace(small, {"events": [{"type": "login"}]})
    assert (found.applications, found.result.requests) == ((), ())
    assert [miss.reason for miss in why_not(found, "")][:1] == [
        "the rule does not take /events/0: event.type == 'order' (event.type is \"login\")"
    ]


@pytest.mark.slow
def test_a_long_list_is_explained_in_the_time_of_its_length(small: Rulebook) -> None:
    """Quadratic time would be many minutes."""
    order = {"type": "order", "total": 1}
    many = {**order, "more": {"list": ["x"] * 20_000}, "items": [{"id": 1}] * 1000}
    found = trace(small, {"events": [many, *[order] * 300]})
    values = as_json(found, [0])["requests"][0]["values"]
    assert len(values) == 20_000 + 1000 + 3 * 301
    assert all(value["steps"] for value in values)


def test_masked_explanations_have_no_values(small: Rulebook) -> None:
    found = trace(small, BATCH, masked)
    texts = [summary_text(found, [0], color=False), steps_text(found, 0, "/actions/0/total", color=False) or ""]
    texts += [
        json.dumps(as_json(found, range(len(found.result.requests)))),
        as_html(found, "batch"),
    ]
    texts += [miss.reason for miss in why_not(found, "/actions/0/size")]
    for text in texts:
        assert "12.25" not in text
        assert "a@example.com" not in text
        assert "xl" not in text.replace("xlink", "")


def test_html_links_values_to_rules_and_inputs(small: Rulebook) -> None:
    page = as_html(trace(small, BATCH), "batch.json")
    (links,) = re.findall(r'id="links">(.*?)</script>', page)
    value, line, place = (
        next(
            re.findall(r'id="([^"]+)"', row)[0]
            for row in unescape(page).splitlines()
            if row.endswith(f"{end}</span></li>")
        )
        for end in ('"total": 12.25,', "total: {from: event.total, type: double}", '"total": "12.25",')
    )
    assert value.startswith("o0-")
    assert line == "r0-23"
    assert {line, place} <= set(json.loads(links)[value])


@pytest.mark.slow
@pytest.mark.parametrize("sample", EXAMPLES, ids=lambda path: path.stem)
def test_every_value_of_every_sample_has_its_steps(sample: Path, shipped_mapping: Callable[..., api.Mapping]) -> None:
    mapping, content = shipped_mapping(), json.loads(sample.read_text("utf-8"))
    for batch in content if isinstance(content, list) else [content]:
        found = trace(mapping.rulebook, batch)
        assert found.result == mapping.transform(batch)
        for request, places in zip(found.result.requests, found.bodies, strict=True):
            for pointer, _ in leaves(request.body):
                near = pointer
                while near and near not in places:
                    near = near.rpartition("/")[0]
                assert near, pointer
                application, local = places[near]
                steps = steps_to(found, application, local)
                assert steps, pointer
                assert steps[-1].value == value_at(request.body, near), pointer


@pytest.mark.parametrize("batch", [[], {}, {"events": 3}, None], ids=str)
def test_an_input_that_no_rule_takes(small: Rulebook, batch: Any) -> None:
    found = trace(small, batch)
    assert (found.result.requests, found.applications, found.bodies) == ((), (), ())


def test_a_tree_of_steps(small: Rulebook) -> None:
    assert (
        steps_text(trace(small, BATCH), 0, "/actions/0/total", color=False)
        == """\
/actions/0/total = 12.25
├─ rule order takes /events/0
│  mapping.yaml:17:11
├─ since `when` holds: event.type == 'order' && event.total
│  mapping.yaml:19:11, reads /events/0/type, /events/0/total
│  ├─ event.type = "order"
│  ├─ event.type == 'order' = true
│  └─ event.total = "12.25"
├─ from event.total = "12.25"
│  mapping.yaml:23:21, reads /events/0/total
├─ "12.25" becomes double
│  mapping.yaml:23:14
└─ field total: 12.25
   mapping.yaml:23:14"""
    )


def test_the_summary_of_an_input_without_requests(small: Rulebook) -> None:
    assert summary_text(trace(small, []), [], color=False) == (
        "the input gives no request\n  error M502: a batch must be an object, not a list"
    )
    found = trace(small, {"events": [{"test": True}]})
    assert summary_text(found, [], color=False) == "the input gives no request\n  /events/0: a test"


@pytest.mark.slow
def test_a_page_of_a_large_input_is_cut_off(small: Rulebook) -> None:
    events = [{"type": "order", "total": 1, "more": {f"m{number}": 1 for number in range(200)}} for _ in range(80)]
    page = as_html(trace(small, {"events": events}), "batch")
    assert page.count('role="option"') < 2 * 10_000 + 100
    assert page.count(" more lines</span>") == 2
    assert "<span>... 6484 more lines</span>" in page
