"""Members that only decide something: each part of the rules that passes on what decides about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from moemap.engine import api
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.privacy import privacy_of
from moemap.engine.privacy.report import render

SCHEMA = {
    "properties": {
        "mail": {"x-personal": "email"},
        "list": {"items": {"properties": {"mail": {"x-personal": "email"}}}},
        "map": {"x-personal": "free_form"},
    }
}
GIVEN = {"mail": "a", "list": [{"mail": "a"}, {"mail": "b"}], "map": {"k": 1}, "plain": {"k": 2}}
OTHERS = {"mail": None, "list": [{}, {"mail": "b"}], "map": None}
"""Other values of the personal members."""
HEAD = """
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./in.json}
outputs: {user: {schema: ./out.json, request: {path: /u}}}
"""
MAIL, LIST, MAP = "/mail  (email)", "/list/*/mail  (email)", "/map  (free_form)"

CASES: list[tuple[str, str, str, list[str]]] = [
    # what decides, the mapping, the member, and what the report says about it
    ("the condition of a rule", "rules: [{rule: one, output: user, when: batch.mail, fields: {a: {const: 1}}}]",
     MAIL, ["  decides about user (rule one)"]),
    ("the condition of a rule of a route", """
routes: {all: {each: "[batch]", as: it}}
rules: [{rule: one, route: all, output: user, when: it.mail, fields: {a: {const: 1}}}]""",
     MAIL, ["  decides about user (rule one)"]),
    ("the condition of an earlier rule of a route", """
routes: {all: {each: "[batch]", as: it}}
rules:
- {rule: none, route: all, when: it.mail, skip: "no"}
- {rule: one, route: all, output: user, fields: {a: {const: 1}}}""",
     MAIL, ["  decides about user (rule one)"]),
    ("the list of a route", """
routes: {all: {each: "batch.list[?mail == 'a']", as: it}}
rules: [{rule: one, route: all, output: user, fields: {a: {const: 1}}}]""",
     LIST, ["  decides about user (rule one)"]),
    ("the list of a route, by the index", """
routes: {all: {each: "batch.list[?mail == 'a']", as: it, index: i}}
rules: [{rule: one, route: all, skip: "{{ i }}"}]""",
     LIST, ["  decides about a message of the rules (rule one)"]),
    ("the list of a field", """
rules:
- rule: one
  output: user
  fields: {a: {each: "batch.list[?mail == 'a']", as: it, value: {const: 1}}}""",
     LIST, ["  decides about user /a (rule one)"]),
    ("an earlier alternative", """
let:
  x: {from: [{fields: {b: batch.mail}, omit_empty: true}, "`null`", batch.plain]}
rules: [{rule: one, output: user, fields: {a: x.k}}]""",
     MAIL, ["  decides about user /a (rule one)"]),
    ("a value in the place of which a default stands", """
let:
  x: {fields: {b: batch.mail}, omit_empty: true, default: {k: 1}}
rules: [{rule: one, output: user, fields: {a: x.k}}]""",
     MAIL, ["  decides about user /a (rule one)"]),
    ("the object of a spread", """
rules:
- rule: one
  output: user
  fields: {a: {fields: {}, spread: {from: batch.map, entries: [{name: {const: n}, value: {const: 1}}]}}}""",
     MAP, ["  decides about user /a/* (rule one), user /a/{name} (rule one)"]),
    ("the condition of an entry", """
rules:
- rule: one
  output: user
  fields:
    a: {fields: {}, spread: {from: batch.plain, entries: [{when: batch.mail, value: {const: 1}}, {skip: "no"}]}}""",
     MAIL, ["  decides about user /a/* (rule one), user /a/{name} (rule one)"]),
    ("the condition of an earlier entry", """
rules:
- rule: one
  output: user
  fields: {a: {fields: {}, spread: {from: batch.plain, entries: [{when: batch.mail, skip: "no"}, {}]}}}""",
     MAIL, ["  decides about user /a/* (rule one), user /a/{name} (rule one)"]),
    ("the name of an entry", """
rules:
- rule: one
  output: user
  fields: {a: {fields: {}, spread: {from: batch.plain, entries: [{name: {const: n, when: batch.mail}}]}}}""",
     MAIL, ["  decides about user /a/* (rule one), user /a/{name} (rule one)"]),
    ("a value that is looked up", """
tables: {kinds: {unlisted: omit, entries: {a: x}}}
rules: [{rule: one, output: user, fields: {a: {from: batch.mail, table: kinds}}}]""",
     MAIL, ["  -> user /a  (rule one)"]),
]  # fmt: skip


def rulebook_of(folder: Path, text: str) -> Rulebook:
    (folder / "in.json").write_text(json.dumps(SCHEMA), "utf-8")
    (folder / "out.json").write_text("{}", "utf-8")
    (folder / "mapping.yaml").write_text(f"{HEAD}{text}\n", "utf-8")
    loaded = load(folder / "mapping.yaml")
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


@pytest.mark.parametrize(("mapping", "member", "lines"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_flow_is_real_and_is_found(tmp_path: Path, mapping: str, member: str, lines: list[str]) -> None:
    rulebook = rulebook_of(tmp_path, mapping)
    before, after = (api.Mapping(rulebook).transform(given) for given in (GIVEN, {**GIVEN, **OTHERS}))
    assert (before.requests, before.skipped) != (after.requests, after.skipped)
    text = render("text", rulebook, privacy_of(rulebook)).splitlines()
    assert text[: len(lines) + 2] == [member, *lines, "These go nowhere:"], "\n".join(text)


def test_what_decides_whether_there_is_a_converted_input(tmp_path: Path) -> None:
    (tmp_path / ".moemap").touch()
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "mapping.yaml").write_text(
        HEAD.replace("shop", "old").replace("./in", "../in").replace("./out", "../in")
        + "rules: [{rule: all, output: user, when: batch.mail, fields: {kind: {const: b}}}]\n",
        "utf-8",
    )
    rulebook = rulebook_of(
        tmp_path,
        """
rules:
- {rule: old, when: batch.is_old, convert: ./old}
- {rule: one, output: user, fields: {a: batch.kind}}""",
    )
    counts = [len(api.Mapping(rulebook).transform({"is_old": True, "mail": mail}).requests) for mail in ("a", None)]
    assert counts == [1, 0]
    text = render("text", rulebook, privacy_of(rulebook)).splitlines()
    assert text[:2] == ["/mail of ./old  (email)", "  decides about user (rules one, all bodies)"], "\n".join(text)
