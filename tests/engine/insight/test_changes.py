"""Changes between two versions of a mapping: exact wording, effect and id, and the version that is due."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine import api
from moemap.engine.insight.change_report import Comparison
from moemap.engine.insight.changes import Change, changes_between, due_version
from moemap.engine.language.rulebook import Rulebook

BASE = """\
language: 1
name: shop
version: 1.2.0
input: {as: batch, schema: ./any.schema.json}
server: {url: "https://a.example.com", headers: {X-A: a}}
settings:
  currency: {enum: [EUR, USD], default: EUR}
  least: {type: double, default: 0.5}
let: {user: batch.user.id}
tables:
  sizes: {unlisted: omit, entries: {s: small}}
policies:
  plain: [{when: "value != 'x'"}]
outputs:
  event:
    schema: ./any.schema.json
    request: {path: /v1/event, query: {currency: settings.currency}}
    fields: {user: user}
routes:
  events: {each: batch.events, as: event}
rules:
  - rule: order
    route: events
    when: event.type == 'order'
    output: event
    fields:
      name: {const: order}
      total: {from: event.total, type: double}
      size: {from: event.size, table: sizes}
      items: {each: event.items, as: item, fields: {id: item.id}}
      place: {fields: {city: event.city}}
    spread: {from: event.attributes, entries: plain}
  - {rule: visit, route: events, when: event.type == 'visit', output: event, fields: {name: event.name}}
  - {rule: rest, route: events, skip: of no interest}
assert: {plain: {category: [any], never_in: ["* headers"]}}
"""


def rulebook(folder: Path, text: str) -> Rulebook:
    folder.mkdir()
    (folder / "any.schema.json").write_text('{"type": "object"}', "utf-8")
    (folder / "mapping.yaml").write_text(text, "utf-8")
    loaded = api.inspect(folder)
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


def changes(tmp_path: Path, *edits: tuple[str, str]) -> tuple[Change, ...]:
    text = BASE
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return changes_between(rulebook(tmp_path / "old", BASE), rulebook(tmp_path / "new", text))


CASES: dict[str, tuple[str, str, str, str]] = {
    "removed field": ("      place: {fields: {city: event.city}}\n", "", "breaking", "rule order, place is gone"),
    "removed inner field": (
        "{fields: {city: event.city}}", "{fields: {c: event.c}}", "breaking",
        "rule order, place, city is gone",
    ),
    "new field": (
        "{name: event.name}", "{name: event.name, at: event.at}", "addition", "rule visit, at is new: event.at",
    ),
    "renamed field": ("{id: item.id}", "{key: item.id}", "breaking", "rule order, items[], key was called id"),
    "type": ("type: double}\n      size", "type: string}\n      size", "breaking",
             'rule order, total: `type` is "string", was "double"'),
    "source": ("event.total", "event.sum", "behaviour", "rule order, total comes from event.sum, was event.total"),
    "source of another shape": (
        "{fields: {city: event.city}}",
        "event.place",
        "breaking",
        "rule order, place comes from event.place, was an object",
    ),
    "default": (
        "type: double}\n      size", "type: double, default: 0}\n      size", "behaviour",
        "rule order, total: has `default` now: 0",
    ),
    "condition": (
        "event.type == 'visit'", "event.type == 'view'", "behaviour",
        "rule visit: `when` is event.type == 'view', was event.type == 'visit'",
    ),
    "removed rule": (
        "  - {rule: visit, route: events, when: event.type == 'visit', output: event, fields: {name: event.name}}\n",
        "",
        "breaking", "rule visit (for event) is gone",
    ),
    "removed skip": (
        "  - {rule: rest, route: events, skip: of no interest}\n", "", "behaviour", "rule rest (that skips) is gone",
    ),
    "renamed rule": ("rule: visit", "rule: view", "behaviour", "rule view was called visit"),
    "new rule": (
        "  - {rule: rest", "  - {rule: new, route: events, when: event.n, output: event, fields: {n: event.n}}\n"
        "  - {rule: rest",
        "addition", "rule new (for event) is new",
    ),
    "path": (
        "/v1/event", "/v2/event", "breaking", 'output event: the path is "/v2/event", was "/v1/event"',
    ),
    "query": ("query: {currency: settings.currency}", "query: {}", "breaking", "output event, query, currency is gone"),
    "server": (
        "a.example.com", "b.example.com", "breaking",
        'the server: `url` is "https://b.example.com", was "https://a.example.com"',
    ),
    "new assertion": (
        "assert: {plain", "assert: {more: {category: [any], only_in: [event]}, plain", "addition",
        "assertion more is new",
    ),
    "removed assertion": (
        'assert: {plain: {category: [any], never_in: ["* headers"]}}\n', "", "behaviour", "assertion plain is gone",
    ),
    "weaker assertion": (
        '["* headers"]', '["* headers"], without: user', "behaviour", "assertion plain: has `without` now: user",
    ),
    "another place": (
        '"* headers"', '"* query"', "behaviour", "assertion plain: `never_in` is * query, was * headers",
    ),
    "table entry": (
        "{s: small}", "{s: tiny}", "behaviour", 'table sizes: "s" becomes "tiny", was "small"',
    ),
    "new table entry": (
        "{s: small}", "{s: small, l: large}", "addition", 'table sizes has an entry "l": "large"',
    ),
    "removed setting": ("  least: {type: double, default: 0.5}\n", "", "breaking", "setting least is gone"),
    "new setting": (
        "  least: {", "  most: {default: x}\n  least: {", "addition", "setting most is new",
    ),
    "removed value": ("enum: [EUR, USD]", "enum: [EUR]", "breaking", 'setting currency no longer allows "USD"'),
    "new value": (
        "enum: [EUR, USD]", "enum: [EUR, USD, DKK]", "addition", 'setting currency also allows "DKK"',
    ),
    "let": (
        "batch.user.id", "batch.user.key", "behaviour",
        "the mapping, let user comes from batch.user.key, was batch.user.id",
    ),
    "policy": (
        "value != 'x'", "value != 'y'", "behaviour",
        "policy plain: part 1: `when` is value != 'y', was value != 'x'",
    ),
    "spread": (
        "from: event.attributes", "from: event.more", "behaviour",
        "rule order, spread 1: `from` is event.more, was event.attributes",
    ),
    "iteration": (
        "each: event.items", "each: event.lines", "behaviour",
        "rule order, items: `each` is event.lines, was event.items",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_changes(name: str, tmp_path: Path) -> None:
    old, new, effect, text = CASES[name]
    found = changes(tmp_path, (old, new))
    assert (effect, text) in [(change.effect, change.text) for change in found]
    assert name == "server" or all(change.old is not None or change.new is not None for change in found)
    if name not in {"removed inner field"}:
        assert len(found) == 1


ALIKE = {
    "settings": ("mode: {type: any, default: 1}", "mode: {type: any, default: true}",
                 "setting mode: `default` is true, was 1"),
    "lists": ("codes: {type: array, default: [1]}", "codes: {type: array, default: [true]}",
              "setting codes: `default` is [true], was [1]"),
    "tables": ("entries: {a: 1}", "entries: {a: true}", 'rule visit, kind: `table` differs: "a" is true, was 1'),
    "constants": ("{const: {a: [1]}}", "{const: {a: [true]}}",
                  'rule visit, fixed comes from the constant {"a": [true]}, was the constant {"a": [1]}'),
}  # fmt: skip


def with_numbers() -> str:
    """A mapping with ones, in whose places booleans can stand, which are equal to them in Python."""
    kind = "{from: event.kind, table: {unlisted: keep, entries: {a: 1}}}"
    fields = f"{{name: event.name, kind: {kind}, fixed: {{const: {{a: [1]}}}}}}"
    settings = "  mode: {type: any, default: 1}\n  codes: {type: array, default: [1]}\n"
    return BASE.replace("fields: {name: event.name}", f"fields: {fields}").replace(
        "settings:\n", f"settings:\n{settings}"
    )


@pytest.mark.parametrize("name", ALIKE)
def test_a_number_is_no_boolean(name: str, tmp_path: Path) -> None:
    old, new, text = ALIKE[name]
    base = with_numbers()
    assert base.count(old) == 1
    found = changes_between(rulebook(tmp_path / "old", base), rulebook(tmp_path / "new", base.replace(old, new)))
    assert [change.text for change in found] == [text]


def test_a_setting_of_a_workspace_is_a_number_or_a_boolean(tmp_path: Path) -> None:
    rulebook(tmp_path / "base", with_numbers())
    (tmp_path / ".moemap").touch()
    loaded = []
    for value in ("2", "2.0", "true", "1"):
        path = tmp_path / f"{value}.yaml"
        path.write_text(f"language: 1\nworkspace: acme\nextends: ./base\nsettings: {{mode: {value}}}\n", "utf-8")
        inspected = api.inspect(path)
        assert inspected.rulebook is not None, inspected.problems
        loaded.append(inspected.rulebook)
    _, _, true, one = loaded
    assert [change.text for change in changes_between(one, true)] == ["setting mode has the value true, was 1"]


NO_CHANGES = {
    "blanks in expressions": ("event.type == 'order'", "event.type  ==  'order'"),
    "a comment": ("let: {user", "# the user\nlet: {user"),
    "a description": ("  - rule: order\n", "  - rule: order\n    description: An order.\n    reference: [a]\n"),
    "layout": ("{name: event.name}}", "{name: {from: event.name}}}"),
    "the order of keys": ("{from: event.total, type: double}", "{type: double, from: event.total}"),
}


@pytest.mark.parametrize("name", NO_CHANGES)
def test_what_has_no_meaning_is_no_change(name: str, tmp_path: Path) -> None:
    assert changes(tmp_path, NO_CHANGES[name]) == ()


def test_the_order_of_rules_counts_within_a_route(tmp_path: Path) -> None:
    visit = "  - {rule: visit, route: events, when: event.type == 'visit', output: event, fields: {name: event.name}}\n"
    old = BASE.replace(visit, "").replace("rules:\n", f"rules:\n{visit}")
    found = changes_between(rulebook(tmp_path / "old", old), rulebook(tmp_path / "new", BASE))
    assert [(change.effect, change.text) for change in found] == [("behaviour", "rule order comes before rule visit")]


def test_ids_name_what_changed_and_places_are_those_of_both_versions(tmp_path: Path) -> None:
    (change,) = changes(tmp_path, ("let: {user", "\nlet: {user"), ("event.total", "event.sum"))
    assert change.id == "rules/order/fields/total/from"
    assert change.old is not None
    assert change.new is not None
    assert (change.old.line, change.new.line) == (28, 29)
    assert change.to_json()["new"] == {"file": change.new.file, "line": 29, "column": 7}


@pytest.mark.parametrize(
    ("version", "effects", "due"),
    [
        ("1.2.3", [], "1.2.3"),
        ("1.2.3", ["none"], "1.2.3"),
        ("1.2.3", ["addition"], "1.3.0"),
        ("1.2.3", ["behaviour", "none"], "1.3.0"),
        ("1.2.3", ["addition", "breaking"], "2.0.0"),
        ("0.2.3", ["breaking"], "0.3.0"),
        ("1.2.3-rc.1+x", ["addition"], "1.3.0"),
    ],
)
def test_due_versions(version: str, effects: list[str], due: str) -> None:
    assert due_version(version, [Change("x", effect, "", None, None) for effect in effects]) == due  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("new_version", "effect", "summary"),
    [
        ("1.3.0", "breaking", "1 breaking; version 1.3.0 is not enough after 1.2.0: at least 2.0.0"),
        ("2.0.0", "breaking", "1 breaking; version 2.0.0 is enough"),
        ("1.2.0", "none", "no change in meaning; version 1.2.0 is enough"),
        ("1.3.1", "addition", "1 addition; version 1.3.1 is enough"),
    ],
)
def test_summaries(new_version: str, effect: str, summary: str) -> None:
    found = [Change("x", effect, "", None, None)]  # type: ignore[arg-type]
    assert Comparison("a", "b", "1.2.0", new_version, found).summary == summary
