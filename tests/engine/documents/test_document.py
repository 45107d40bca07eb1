"""The documentation of a small mapping and the marks of a workspace, exactly; laws on the shipped mapping."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.documents.document import MappingDocument, document_of
from moemap.engine.documents.examples import examples_of
from moemap.engine.documents.lineage import drawing, mermaid
from moemap.engine.documents.listings import Listing
from moemap.engine.documents.markdown import markdown
from moemap.engine.documents.whole import as_html, documentation
from moemap.engine.language.rulebook import ABSENT


def rows(listing: Listing) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row.cells) for row in listing.rows]


def listing(document: MappingDocument, title: str) -> Listing:
    every = [*document.overview, *document.details, *(one for part in document.sections for one in part.listings)]
    return next(one for one in every if one.title == title)


def test_fields_have_source_target_type_description_and_line(document: MappingDocument) -> None:
    assert rows(listing(document, "Fields")) == [
        ('always "order"', "actions[].name", '"order"', "yes", "Its name."),
        (
            *("event.total", "actions[].total", "double", "yes"),
            "Sum of the order. Without it, what is being mapped is rejected.",
        ),
        ("event.size, table sizes if settings.vat", "actions[].size", '"small"', "", ""),
        ("each event.items as item", "actions[].items", "array", "", ""),
        ("item.id", "actions[].items[].id", "string", "", "Key of the item."),
        ("every entry of event.more except internal, policy names", "actions[].more.*", "", "", ""),
    ]
    assert [row.place.line for row in listing(document, "Fields").rows if row.place] == [31, 32, 33, 34, 34, 35]
    assert rows(listing(document, "Every request of event")) == [
        ("batch.user", "user", "a string", "", "The one who did it.")
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Outputs", [("event", "POST /v1/events", "./event.schema.json", "What happened.")]),
        ("Settings", [("vat", "boolean", "false", "Send <tax>.")]),
        ("Lists of the input", [("events", "batch.events", "event", "")]),
        ("What is sent", [("order", "event if event.type == 'order'", "event", '"order"', "An order with its items.")]),
        (
            "What is left out",
            [
                ("test", "event if event.type == 'test' || event.draft", "a test", ""),
                ("other", "every event", "rejected: '{{ event.type }}' is unknown", ""),
            ],
        ),
        (
            "Policy names",
            [("starts_with(name, '_')", "left out: it is internal", ""), ("all others", "value as string", "")],
        ),
        ("Table sizes", [('"s"', '"small"')]),
    ],
)
def test_listings(document: MappingDocument, title: str, expected: Any) -> None:
    assert rows(listing(document, title)) == expected


def test_a_section_says_what_a_rule_takes_and_gives(document: MappingDocument) -> None:
    section = document.sections[1]
    assert [(name, cell.text) for name, cell in section.facts] == [
        ("Takes", "event if event.type == 'order'"),
        ("Gives", "event"),
        ("let currency", "event.currency else event.money"),
        ("Warns", "no currency (if !currency)"),
    ]


def test_the_example_of_a_rule_shows_most_of_it_with_the_fewest_settings(document: MappingDocument) -> None:
    taken, order, other = (section.example for section in document.sections)
    assert taken is not None
    assert (taken.settings, taken.pointer, taken.words) == ({"vat": True}, "/events/0", "Left out: a test")
    assert order is not None
    assert (order.test, order.pointer, order.request) == ("an order | with `all`", "/events/0", "POST /v1/events")
    assert order.output == {"actions": [{"name": "order", "total": 12.5, "items": [{"id": "7"}], "more": {"a": "1"}}]}
    assert other is not None
    assert other.words == "Rejected: 'login' is unknown"


def test_an_example_keeps_the_digits_of_its_input(shop: Path) -> None:
    tests = shop / "tests" / "orders.yaml"
    tests.write_text(tests.read_text("utf-8").replace("id: 7", "id: 10482000000000000000001"), "utf-8")
    document = documentation(api.load(shop / "mapping.yaml").rulebook)
    for text in (markdown(document), as_html(document)):
        assert text.count("10482000000000000000001") >= 2
        assert "1.0482" not in text


def test_what_a_workspace_changes_is_marked(workspace: MappingDocument) -> None:
    assert workspace.base == "shop 1.0.0"
    assert {one.name: one.mark for one in workspace.sections} == {"silent": "new", "order": "changed", "other": ""}
    marks = {row.cells[1].text: row.mark for row in listing(workspace, "Fields").rows}
    assert marks == {
        "actions[].name": "",
        "actions[].total": "changed",
        "actions[].items": "",
        "actions[].items[].id": "",
        "actions[].more.*": "",
        "actions[].tax": "new",
        "actions[].size": "removed",
    }
    left_out = listing(workspace, "What is left out").rows
    assert [(row.key, row.mark, row.cells[0].form) for row in left_out] == [
        ("silent", "new", "rule"),
        ("other", "", "rule"),
        ("test", "removed", "code"),
    ]
    assert [row.mark for row in listing(workspace, "Settings").rows] == ["changed"]


def test_examples_of_a_workspace_come_from_its_own_rules(workspace: MappingDocument) -> None:
    order = next(one.example for one in workspace.sections if one.name == "order")
    assert order is not None
    assert order.output["actions"][0]["total"] == "12.5"


def test_the_lineage_has_every_rule_that_sends(document: MappingDocument) -> None:
    assert document.mermaid.splitlines() == [
        "flowchart LR",
        '  s0["events"]',
        '  t0["event"]',
        '  t1["left out or rejected"]',
        '  s0 --> r0("order") --> t0',
        '  s0 --> r1("2 rules") --> t1',
    ]
    assert [(line.node.text, line.node.rule) for line in document.drawing.lines] == [
        ("order", "order"),
        ("2 rules", None),
    ]


@pytest.fixture(scope="module")
def shipped() -> Any:
    return api.load("mparticle-moengage").rulebook


def test_boxes_of_the_lineage_do_not_overlap(shipped: Any) -> None:
    made = drawing(shipped)
    boxes = [*made.ends, *(line.node for line in made.lines)]
    for x in {box.x for box in boxes}:
        heights = sorted(box.y for box in boxes if box.x == x)
        assert all(after - before >= 28 for before, after in pairwise(heights))
        assert heights[-1] + 11 < made.height
    assert mermaid(shipped).count("-->") == 2 * len(made.lines)


@pytest.mark.slow
def test_examples_of_the_shipped_mapping_are_what_it_gives(shipped: Any) -> None:
    """All rules but those that no test reaches have one."""
    found = examples_of(shipped, [Path(shipped.main.path)])
    assert {rule.name for rule in shipped.rules} - set(found) <= {"deletion-without-name"}
    for name, example in found.items():
        rule = next(one for one in shipped.rules if one.name == name)
        assert (example.output is ABSENT) == bool(example.words)
        assert example.words or rule.output is not None
        assert example.size < 8000, name


DELIVERED = """
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./any.schema.json}
bulk: {schema: ./any.schema.json, request: {path: /all}, elements: list, max_bytes: 1000}
outputs:
  event: {schema: ./any.schema.json, request: {path: /event}}
  user: {schema: ./any.schema.json, request: {path: /user}, delivery: {effect: upsert, order: id, bulk: false}}
delivery:
  description: As it wants it.
  order: user
  uncertain: hold
  windows:
    second: {limit: 1500, seconds: 1, description: Of its contract.}
    minute: {limit: 9, seconds: 60, elements_of: list, outputs: [event], sent: in_bulk, each_key: true}
  answers: {stop: [401], reject: [501]}
  retry: {attempts: 3}
  bulk_from: 20
rules: [{rule: event, output: event, fields: {a: batch.a}}, {rule: user, output: user, fields: {a: batch.b}}]
"""


def test_the_delivery_is_documented(tmp_path: Path) -> None:
    (tmp_path / "any.schema.json").write_text("{}", "utf-8")
    (tmp_path / "mapping.yaml").write_text(DELIVERED, "utf-8")
    document = document_of(api.load(tmp_path / "mapping.yaml").rulebook, {})
    found = [listing(document, title) for title in ("Delivery", "Limits of the receiver", "Answers")]
    assert [one.note for one in found] == [
        "As it wants it.",
        "All hold at once, in any span of their length, for all that is sent.",
        "After 3 attempts that count, a request is dead; so it is after any other status.",
    ]
    assert [rows(one) for one in found] == [
        [
            ("event", "has its effect again; what may have arrived is held for a person", "user", "from 20 on"),
            ("user", "changes nothing", "id", "never"),
        ],
        [
            ("second", "1,500 a second", "requests", "Of its contract."),
            ("minute", "9 in 60 seconds", "elements of list of event sent in bulk of each key", ""),
        ],
        [
            ("2xx", "it has arrived"),
            ("408, 425, 5xx", "it is sent again later"),
            ("429", "everything waits"),
            ("401", "sending stops, and all is kept"),
            ("501", "it is dead"),
        ],
    ]
