"""A small mapping with its tests and a workspace, written to a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine import api
from moemap.engine.documents.document import MappingDocument
from moemap.engine.documents.whole import documentation

FILES = {
    "mapping.yaml": """\
language: 1
name: shop
version: 1.0.0
description: Orders become `event` requests.
input: {as: batch, schema: ./batch.schema.json}
settings: {vat: {type: boolean, default: false, description: Send <tax>.}}
tables: {sizes: {unlisted: omit, entries: {s: small}}}
policies:
  names:
    - when: starts_with(name, '_')
      skip: it is internal
    - value: {from: value, type: string}
outputs:
  event:
    description: What happened.
    schema: ./event.schema.json
    request: {path: /v1/events}
    fields: {user: batch.user}
    element_of: actions
routes: {events: {each: batch.events, as: event}}
rules:
  - {rule: test, route: events, when: event.type == 'test' || event.draft, skip: a test}
  - rule: order
    description: An order with its items.
    route: events
    when: event.type == 'order'
    output: event
    let: {currency: [event.currency, event.money]}
    warn: [{when: "!currency", message: no currency}]
    fields:
      name: {const: order}
      total: {from: event.total, type: double, required: true}
      size: {from: event.size, table: sizes, when: settings.vat}
      items: {each: event.items, as: item, fields: {id: {from: item.id, type: string}}}
      more: {spread: {from: event.more, except: {names: [internal]}, entries: names}}
  - {rule: other, route: events, reject: "'{{ event.type }}' is unknown"}
""",
    "batch.schema.json": """{
  "type": "object",
  "properties": {
    "user": {"type": "string", "description": "Who."},
    "events": {"type": "array", "items": {"$ref": "#/$defs/event"}}
  },
  "$defs": {"event": {"type": "object", "properties": {
    "type": {"type": "string"}, "draft": {"type": "boolean"},
    "currency": {"type": "string"}, "money": {"type": "string"}, "size": {"type": "string"},
    "total": {"type": "number", "description": "Sum of the order."}, "more": {"type": "object"},
    "items": {"type": "array", "items": {"type": "object", "properties": {"id": {"description": "Key of the item."}}}}
  }}}
}""",
    "event.schema.json": """{
  "type": "object",
  "required": ["actions"],
  "properties": {
    "user": {"type": "string", "description": "The one who did it."},
    "actions": {"type": "array", "items": {
      "type": "object", "required": ["name"], "properties": {"name": {"type": "string", "description": "Its name."}}}}
  }
}""",
    "tests/orders.yaml": """\
tests:
  - test: small
    input: {events: [{type: order, total: 1}]}
    expect: {requests: [], skipped: [], problems: []}
  - test: an order | with `all`
    input: {user: u, events: [{type: order, total: 12.5, items: [{id: 7}], more: {a: 1, _b: 2, internal: 3}}]}
    expect: {requests: [], skipped: [], problems: []}
  - test: a size
    settings: {vat: true}
    input: {events: [{type: test}, {type: order, total: 1, size: s}]}
    expect: {requests: [], skipped: [], problems: []}
  - test: what is unknown
    input: {events: [{type: login}]}
    expect: {requests: [], skipped: [], problems: []}
""",
    "workspace.yaml": """\
language: 1
workspace: mine
extends: ./mapping.yaml
settings: {vat: true}
rules:
  - {rule: order, fields: {total: {type: string}, size: null, tax: {from: event.total}}}
  - {rule: test, enabled: false}
  - {rule: silent, route: events, when: event.type == 'silent', skip: silence}
""",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def made(path: Path) -> MappingDocument:
    loaded = api.inspect(path)
    assert loaded.rulebook is not None, [(problem.message, problem.place) for problem in loaded.problems]
    return documentation(loaded.rulebook)


@pytest.fixture
def document(shop: Path) -> MappingDocument:
    return made(shop / "mapping.yaml")


@pytest.fixture
def workspace(shop: Path) -> MappingDocument:
    return made(shop / "workspace.yaml")
