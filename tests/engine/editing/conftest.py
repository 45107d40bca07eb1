"""A small project with all kinds of files, for the tests of editing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

MAPPING = """\
language: 1
name: shop
version: 1.0.0
description: Orders of a shop.  # what it does
include: [parts/orders.yaml, parts/tables.yaml]
input: {as: batch, schema: ./schemas/in.schema.json}
settings:
  currency: {type: string, enum: [EUR, USD], default: EUR, description: Of all prices.}
  key: {type: string, default: a}
outputs:
  event:
    schema: ./schemas/out.schema.json
    request: {method: POST, path: "/events/{{ batch.id }}"}
    fields:
      user: user
let:
  user: batch.user.id
  home: {from: "batch.user.addresses[0].city", default: '-'}
policies:
  private:
  - {when: "starts_with(name, '_')", skip: it is private}
routes:
  orders: {each: batch.orders, as: order, let: {total: "sum(order.lines[].price)"}}
rules:
- rule: nothing
  when: length(batch.orders) == `0`
  skip: "there is no order of {{ user }}"
"""
ORDERS = """\
# Orders and refunds
rules:
- rule: base
  abstract: true
  route: orders
  output: event
  fields:
    total: {from: total, type: string}
    currency: settings.currency
- rule: order
  extends: base
  when: order.kind == 'order' && $total > `0`
  let:
    code: {from: order.kind, table: kinds}
  fields:
    kind: code
    "line items":
      each: order.lines
      as: line
      index: number
      fields:
        name: {from: [line.name, line.id], type: string}
        number: number
        note: {template: "{{ line.name }} of {{ user }}"}
  spread:
    from: order.attributes
    entries: private
- rule: refund
  extends: base
  when: >-
    order.kind == 'refund'
    && order.id != 'x'
  fields: {home: home, kind: {const: refund}}
- {rule: other, route: orders, reject: 'it''s no order: {{ order.kind }}'}
"""
TABLES = """\
tables:
  kinds: {entries: {order: Order, refund: Refund}, unlisted: keep}
"""
WORKSPACE = """\
language: 1
workspace: acme
extends: ./mapping.yaml
settings: {currency: USD}
let: {extra: "join('-', [not_null(user, 'u'), to_string(batch.id)])"}
rules:
- rule: refund
  fields: {home: null, extra: extra}
- rule: vip
  extends: base
  when: order.vip
  fields: {vip: {const: true}, currency: settings.key}
"""
TESTS = """\
tests:
- test: an order
  settings: {currency: USD}
  input_file: inputs/order.json
  match: partial
  expect: {skipped: [], problems: [{code: M509, rule: order}]}
- test: none
  input: {id: 1, user: {id: u}, orders: []}
  expect: {skipped: [{pointer: "", rule: nothing, reason: there is no order of u}]}
"""
IN_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "description": "The number of the batch."},
        "user": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "addresses": {"type": "array", "items": {"$ref": "#/$defs/at"}}},
        },
        "orders": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "id": {"type": "string"},
                    "kind": {"type": "string", "description": "Order or refund."},
                    "vip": {"type": "boolean"},
                    "attributes": {"type": "object"},
                    "lines": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "id": {"type": "string"},
                                "name": {"type": "string"},
                                "price": {"type": "number"},
                            },
                        },
                    },
                },
            },
        },
    },
    "$defs": {"at": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
OUT_SCHEMA = {"type": "object", "properties": {"user": {"type": "string"}, "kind": {}, "total": {"type": "string"}}}
FILES: dict[str, str] = {
    ".moemap": "",
    "mapping.yaml": MAPPING,
    "parts/orders.yaml": ORDERS,
    "parts/tables.yaml": TABLES,
    "parts/lonely.yaml": "tables: {unused: {entries: {a: b}}}\n",
    "acme.yaml": WORKSPACE,
    "tests/orders.yaml": TESTS,
    "tests/inputs/order.json": '{"id": 1, "user": {"id": "u"}, "orders": [{"kind": "order", "lines": []}]}',
    "schemas/in.schema.json": json.dumps(IN_SCHEMA, indent=2),
    "schemas/out.schema.json": json.dumps(OUT_SCHEMA, indent=2),
    "other/compose.yaml": "services: {web: {image: a}}\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return written(tmp_path / "project", FILES)


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return folder
