"""Lines in braces are completed while they are typed, closed or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine.editing.completion import completions
from moemap.engine.editing.data import Position
from moemap.engine.editing.scanning import closed
from moemap.engine.editing.state import EditingState
from moemap.engine.source.homes import MAPPINGS

PATH = MAPPINGS / "mparticle-moengage" / "v1" / "commerce.yaml"
TEXT = PATH.read_text("utf-8")
LINES = TEXT.split("\n")
FIELDS = [
    ("Extra: {from: event.da¦", "data"),
    ("Extra: {from: event.da¦}", "data"),
    ("Extra: {¦", "from"),
    ("Extra: { ¦", "from"),
    ("Extra: {¦}", "from"),
    ("Extra: {fr¦", "from"),
    ("Extra: {from¦", "from"),
    ("Extra: {from: ¦", "event"),
    ("Extra: {from: ¦}", "event"),
    ("Extra: {from: ev¦", "event"),
    ("Extra: {from: event.¦", "data"),
    ("Extra: {from: event.¦}", "data"),
    ("Extra: {from: event.data.currency_code, ¦", "type"),
    ("Extra: {from: event.data.currency_code,¦", "type"),
    ("Extra: {from: event.data.currency_code, ¦}", "type"),
    ("Extra: {from: event.data.currency_code, ty¦", "type"),
    ("Extra: {from: event.data.currency_code, ty¦}", "type"),
    ("Extra: {from: event.data.currency_code, type: ¦", "string"),
    ("Extra: {from: event.data.currency_code, type: ¦}", "string"),
    ("Extra: {from: event.data.currency_code, type: st¦", "string"),
    ("Extra: {from: event.data.currency_code, type: string, when: ¦", "has_amounts"),
    ("Extra: {from: event.data.currency_code, type: string, when: has¦", "has_amounts"),
    ('Extra: {from: event.data.currency_code, type: string, when: "event.da¦', "data"),
    ("Extra: {from: event.data.currency_code, when: event.da¦, type: string}", "data"),
    ("Extra: {from: [event.da¦", "data"),
    ("Extra: {from: [event.da¦]", "data"),
    ("Extra: {from: [event.da¦]}", "data"),
    ("Extra: {from: [event.data.currency_code, event.da¦", "data"),
    ("Extra: {from: [event.data.currency_code, ¦", "event"),
    ("Extra: {from: [event.data.currency_code, {fr¦", "from"),
    ("Extra: {from: [event.data.currency_code, {from: event.da¦", "data"),
    ('Extra: {from: "event.da¦', "data"),
    ('Extra: {from: "event.da¦"', "data"),
    ("Extra: {from: 'event.da¦", "data"),
    ("Extra: {from: ¦, type: string}", "event"),
    ("Extra: {¦, type: string}", "from"),
    ("Extra: {type: string, from: event.da¦", "data"),
    ("Extra: {type: string, fr¦", "from"),
    ("Extra: {each: event.data.product_action.products, as: product, fields: {Id: product.¦", "id"),
    ("Extra: {each: event.data.product_action.products, as: product, fields: {Id: {from: product.¦", "id"),
    ("Extra: {each: event.data.product_action.products, as: product, fields: {Id: {from: product.id, ty¦", "type"),
    ("Extra: {from: contains(event.da¦", "data"),
    ("Extra: {from: to_string(event.da¦)}", "data"),
    ("Extra: {default: 1, on_problem: ¦", "omit"),
    ("Extra: event.da¦", "data"),
    ("Extra: ¦", "event"),
    ('"Extra One": {from: event.da¦', "data"),
    ("Extra: {from: event.data.currency_code, when: event.event_type == 'x' && event.da¦", "data"),
    ("Extra: {from: event.data.currency_code, when: event.da¦   # a comment", "data"),
    ("Extra: {from: event.da¦   # a comment", "data"),
    ('Extra: {template: "{{ ¦', "event"),
    ("Extra: {template: '{{ event.event_type | ¦", "lower"),
    ('Extra: "event.data.product_action.products[?price > ¦', "id"),
]
RULES = [
    ("- {rule: extra, route: ¦", "events"),
    ("- {rule: extra, route: events, when: event.da¦", "data"),
    ("- {rule: extra, route: events, wh¦", "when"),
    ("- {rule: extra, route: events, output: ¦", "event"),
    ("- {¦", "rule"),
    ("- {rule: extra, route: events, let: {a: event.da¦", "data"),
    ("- {rule: extra, route: events, output: event, fields: {¦", "action"),
    ("- {rule: extra, route: events, output: event, fields: {action: event.da¦", "data"),
    ("- {rule: extra, route: events, output: event, fields: {action: {from: event.da¦", "data"),
    ('- {rule: extra, route: events, skip: "{{ event.da¦', "data"),
    ('- {rule: extra, route: events, skip: "{{ event.da¦ }}"}', "data"),
    ('- {rule: extra, route: events, skip: "{{ ¦', "event"),
]
PLACES = [
    *((f"          {text}", "          currency:", label) for text, label in FIELDS),
    *((f"  {text}\n", "  - rule: unknown-product-action", label) for text, label in RULES),
]


@pytest.fixture(scope="module")
def state() -> EditingState:
    made = EditingState([PATH.parent])
    made.open(PATH, TEXT)
    made.diagnostics(PATH)
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("text", "above", "label"), PLACES)
def test_labels(state: EditingState, text: str, above: str, label: str) -> None:
    line = next(number for number, one in enumerate(LINES) if one.startswith(above))
    place = text.index("¦")
    for start in (0, place):  # at once, and after the line was there without what follows
        state.open(PATH, TEXT)
        for written in dict.fromkeys((text[:start], text.replace("¦", ""))):
            state.open(PATH, "\n".join([*LINES[:line], written, *LINES[line:]]))
            state.rulebook(PATH.parent / "mapping.yaml")
        assert label in [one.label for one in completions(state, PATH, Position(line + 1, place + 1))]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a: {b: c", "a: {b: c}"),
        ("a: {b: c\nd: e", "a: {b: c}\nd: e"),
        ("a: {b: c,\n  d: e}", "a: {b: c,\n  d: e}"),
        ("a: [\n  b\n]", "a: [\n  b\n]"),
        ("a: {b: [c, 'd  # e\nf: g", "a: {b: [c, 'd  # e']}\nf: g"),
        ("a: {b: [c  # e\nf: g", "a: {b: [c  ]}# e\nf: g"),
        ('- "b', '- "b"'),
        ("a: b {c", "a: b {c"),
    ],
)
def test_what_is_open_is_closed(text: str, whole: str) -> None:
    assert closed(text) == whole


@pytest.mark.parametrize("path", sorted(MAPPINGS.rglob("*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_closed_stays(path: Path) -> None:
    assert closed(path.read_text("utf-8")) == path.read_text("utf-8")
