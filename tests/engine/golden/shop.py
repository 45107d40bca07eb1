"""A small mapping, and tests of it that pass."""

from __future__ import annotations

import json
from pathlib import Path

from moemap.engine import golden

FILES = {
    "batch.schema.json": json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}),
    "event.schema.json": json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["actions"]}
    ),
    "mapping.yaml": """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./batch.schema.json}
settings:
  source: {type: string, default: shop}
outputs:
  event:
    schema: ./event.schema.json
    request: {method: POST, path: /v1/event, query: {source: settings.source}}
    fields:
      customer: batch.user
    element_of: actions
    combine: {actions: append}
routes:
  events: {each: batch.events, as: event}
rules:
  - rule: purchase
    route: events
    when: event.type == 'purchase'
    output: event
    fields:
      action: {const: Purchase}
      attributes:
        fields:
          currency: event.currency
          total: {from: event.total, type: double}
          items: {each: event.items, as: item, fields: {id: {from: item.id, type: string}}}
  - rule: refund
    route: events
    when: event.type == 'refund'
    output: event
    fields:
      action: {const: Refund}
      attributes:
        fields:
          currency: event.currency
          total: {from: event.total, type: double}
        spread: {from: event.more}
  - rule: ping
    route: events
    when: event.type == 'ping'
    skip: pings are not mapped
  - rule: copy
    route: events
    when: event.type == 'copy'
    output: event
    fields:
      value: event.value
""",
}

INPUT = """\
    input:
      user: u
      events:
        - {type: purchase, total: "15", currency: EUR, items: [{id: 1}, {id: 2}]}
        - {type: refund, total: abc, currency: USD, more: {note: late}}
        - {type: ping}
"""
PASSING = f"""\
tests:
  - test: all kinds
{INPUT}\
    expect:
      requests:
        - output: event
          method: POST
          path: /v1/event
          query: {{source: shop}}
          body:
            customer: u
            actions:
              - action: Purchase
                attributes: {{currency: EUR, total: 15.0, items: [{{id: "1"}}, {{id: "2"}}]}}
              - action: Refund
                attributes: {{currency: USD, note: late}}
      skipped: [{{pointer: /events/2, rule: ping, reason: pings are not mapped}}]
      problems: [{{code: M505, rule: refund}}]
"""


def file_of(text: str) -> golden.TestFile:
    path = Path("tests.yaml")
    path.write_bytes(text.encode())
    file, problems, _ = golden.load(path, "tests.yaml")
    assert problems == (), (problems, text)
    assert file is not None
    return file


def outcomes(text: str, runner: golden.GoldenRunner) -> list[golden.Outcome]:
    file = file_of(text)
    return [runner.run(file, test) for test in file.tests]


def differing(text: str, runner: golden.GoldenRunner) -> list[str]:
    return [difference.headline for outcome in outcomes(text, runner) for difference in outcome.differences]


def one_test(expect: str, match: str = "exact", input: str = INPUT) -> str:
    return f"tests:\n  - test: t\n    match: {match}\n{input}    expect: {expect}\n"
