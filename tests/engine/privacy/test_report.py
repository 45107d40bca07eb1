"""Reports on personal members: the places that they reach, and the flows that settings allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.privacy import privacy_of
from moemap.engine.privacy.report import render, summary

SCHEMA = {
    "properties": {
        "mail": {"x-personal": "email"},
        "phone": {"x-personal": "phone"},
        "user": {"properties": {"name": {"x-personal": "name"}, "city": {"x-personal": "address"}}},
        "more": {"x-personal-names": {"Nick": "name", "*": "free_form"}, "propertyNames": {"x-personal": "free_form"}},
        "ip": {"x-personal": "ip_address"},
        "list": {"items": {"properties": {"mail": {"x-personal": "email"}}}},
    }
}
HEAD = """
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./in.json}
settings: {ads: {type: boolean, default: false}}
outputs:
  user:
    schema: ./out.json
    request: {path: "/u/{{ batch.phone }}", query: {q: batch.ip}, headers: {X: batch.user.city}}
tables:
  kinds: {entries: {a: b}, unlisted: keep}
let:
  name: {from: "trim(batch.user.name)", when: batch.ok}
policies:
  all: [{when: "value == 'x'", skip: "{{ name }} is x"}, {}]
rules:
  - {rule: none, when: "batch.more.nick == 'off'", skip: "not {{ batch.mail }}"}
  - rule: user
    output: user
    when: batch.ok
"""
"""The mapping up to the rule; each case adds what the rule gives."""

CASES: list[tuple[str, list[str]]] = [
    ("{a: batch.mail}", ["/mail  (email)", "  -> user /a  (rule user)", "       where batch.ok"]),
    ("{a: {from: 'sha256(batch.mail)'}}", ["  -> user /a  (rule user, masked by sha256())"]),
    ("{a: {from: 'base64_encode(batch.mail)'}}", ["  -> user /a  (rule user)"]),
    ("{a: {from: \"join('', [sha256(batch.mail), batch.mail])\"}}",
     ["  -> user /a  (rule user, masked by sha256())", "  -> user /a  (rule user)"]),
    ("{a: {template: 'x {{ batch.mail | lower }}'}}", ["  -> user /a  (rule user)"]),
    ("{a: {from: batch.mail, table: kinds}}", ["  -> user /a  (rule user)"]),
    ("{a: {fields: {b: batch.mail}}}", ["  -> user /a/b  (rule user)"]),
    ("{a: batch}",
     ["  -> user /a/user/name  (rule user)", "  -> user /a/more/{name}  (rule user)"]),
    ("{a: \"batch.{x: mail}\"}", ["  -> user /a/x  (rule user)"]),
    ("{a: \"batch.list[?mail].mail\"}", ["/list/*/mail  (email)", "  -> user /a/*  (rule user)"]),
    ("{a: {each: batch.list, as: one, fields: {m: one.mail}}}", ["  -> user /a/*/m  (rule user)"]),
    ("{a: {from: batch.mail, when: settings.ads}, b: {const: 1}}",
     ["  -> user /a  (rule user; not with these settings)", "       where settings.ads"]),
    ("{a: \"settings.ads && batch.mail\"}", ["  -> user /a  (rule user; not with these settings)"]),
    ("{a: name}", ["/user/name  (name)", "  -> user /a  (rule user)"]),
    ("{a: \"batch.mail == 'a'\"}", ["  decides about user /a (rule user)"]),
    ("{a: \"length(batch.mail)\"}", ["  decides about user /a (rule user)"]),
    ("{a: {const: 1, when: batch.mail}}", ["  decides about user /a (rule user)"]),
    ("{a: {fields: {}, spread: {from: batch.more, except: {names: [nick], ignore_case: true}, entries: all}}}",
     ["/more/*  (free_form)", "  -> user /a/*  (rule user)", "  -> user /a/{name}  (rule user)"]),
    ("{a: \"get_ignore_case(batch.more, 'NICK')\"}", ["/more/nick  (name)", "  -> user /a  (rule user)"]),
]  # fmt: skip
ALWAYS = [
    "  -> a message of the rules  (rule none)",
    "  -> user path  (all bodies)",
    "  -> user query /q  (all bodies)",
    "  -> user headers /X  (all bodies)",
]


def rulebook_of(folder: Path, fields: str) -> Rulebook:
    (folder / "in.json").write_text(json.dumps(SCHEMA), "utf-8")
    (folder / "out.json").write_text("{}", "utf-8")
    (folder / "mapping.yaml").write_text(f"{HEAD}    fields: {fields}\n", "utf-8")
    loaded = load(folder / "mapping.yaml")
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


@pytest.mark.parametrize(("fields", "lines"), CASES, ids=[case[0] for case in CASES])
def test_lines(tmp_path: Path, fields: str, lines: list[str]) -> None:
    rulebook = rulebook_of(tmp_path, fields)
    text = render("text", rulebook, privacy_of(rulebook)).splitlines()
    at = -1
    for line in lines:  # in this order
        assert line in text[at + 1 :], "\n".join(text)
        at = text.index(line, at + 1)
    assert [line for line in ALWAYS if line not in text] == []


def test_the_whole_report(tmp_path: Path) -> None:
    rulebook = rulebook_of(tmp_path, "{a: {from: 'sha256(batch.mail)'}, b: \"batch.list[?mail == 'x'] | [0].n\"}")
    found = privacy_of(rulebook)
    assert summary(found) == "9 personal members: 4 can be sent, 2 only decide something, 3 go nowhere"
    assert (
        render("text", rulebook, found)
        == """\
/mail  (email)
  -> a message of the rules  (rule none)
       where batch.more.nick == 'off'
  -> user /a  (rule user, masked by sha256())
       where batch.ok
/phone  (phone)
  -> user path  (all bodies)
/user/city  (address)
  -> user headers /X  (all bodies)
/more/nick  (name)
  decides about user (rules user, all bodies)
/ip  (ip_address)
  -> user query /q  (all bodies)
/list/*/mail  (email)
  decides about user /b (rule user)
These go nowhere:
  /user/name  (name)
  /more/*  (free_form)
  /more/{name}  (free_form)"""
    )
    markdown = render("markdown", rulebook, found)
    assert "| email | `/mail` | `user /a` | rule user | `batch.ok` | sha256() |" in markdown
    document: Any = json.loads(render("json", rulebook, found))
    (mail, *_) = document["members"]
    (_, sent) = mail["sent"]
    (way,) = sent["ways"]
    assert [hop["what"] for hop in way["through"]] == ["sha256()", "sha256(batch.mail)"]
    assert [one["text"] for one in way["conditions"]] == ["batch.ok"]
