"""Verdicts on assertions: proven, broken with an input that shows it, not proven, or without effect."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.checks.shared.session import Session
from moemap.engine.language.loader import join, load
from moemap.engine.language.rulebook import Rule, Rulebook
from moemap.engine.language.traversal import roots_in
from moemap.engine.privacy.assertions import findings
from moemap.engine.privacy.flows import _Walk, flows_of
from moemap.engine.privacy.origins import written
from moemap.engine.privacy.personal import marks_of, members_in
from moemap.engine.privacy.possible import ended, possible
from moemap.engine.source.contents import unsaved
from moemap.engine.values.pointers import leaves
from moemap.engine.values.recall import Recall
from moemap.tests.effort import effort
from moemap.tests.engine.grammar import ROOTS, Dice, _condition, batch, rules
from moemap.tests.engine.privacy.test_flows import OTHERS, missed

ROOT = Path(__file__).parents[3]
SCHEMA = {
    "properties": {
        "mail": {"x-personal": "email"},
        "phone": {"x-personal": "phone"},
        "more": {"type": "object", "x-personal-names": {"*": "free_form"}},
        "ok": {"type": "boolean"},
        "kind": {"type": "string"},
    }
}
HEAD = """
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./in.json}
settings: {mode: {type: string, enum: [a, b], default: a}}
outputs:
  user: {schema: ./out.json, request: {path: /u, query: {q: batch.phone}}}
  event: {schema: ./out.json, request: {path: /e}}
  other: {schema: ./out.json, request: {path: /o}}
let:
  agreed: {from: batch.ok, type: boolean}
  sure: {from: batch.ok, type: boolean, required: true}
"""
PROVEN: list[str] = []
MAIL = "category: [email], never_in: [event]"

CASES: list[tuple[str, str, list[str]]] = [
    # the assertion, the rule `event`, and what is found
    ("no_output: [event], without: sure", "when: sure, fields: {a: batch.kind}",
     ["unproven its `without` reads the let 'sure', which may reject what reads it"]),
    ("no_output: [event], without: batch.ok", "when: batch.ok, fields: {a: batch.kind}", PROVEN),
    ("no_output: [event], without: batch.ok", "when: \"batch.ok && batch.kind == 'x'\", fields: {a: batch.kind}",
     PROVEN),
    ("no_output: [event], without: agreed", "when: agreed, fields: {a: batch.kind}", PROVEN),
    ("no_output: [event], without: \"settings.mode == 'b'\"", "when: \"settings.mode == 'b'\", fields: {a: batch.kind}",
     PROVEN),
    ("no_output: [event], without: batch.ok", "fields: {a: {from: batch.kind, when: batch.ok}}", PROVEN),
    ("no_output: [event], without: batch.ok", "fields: {a: batch.kind}",
     ["broken the output 'event' is sent, as for the input {\"kind\": \"1\"}"]),
    ("no_output: [event], without: \"settings.mode == 'a'\"", "when: \"settings.mode == 'b'\", fields: {a: batch.kind}",
     ["unproven the output 'event' may be sent"]),
    ("no_output: [other], without: batch.ok", "fields: {a: batch.kind}", ["empty no rule emits the output 'other'"]),
    ("no_output: [event], without: settings.mode", "fields: {a: batch.kind}", ["empty its `without` always holds"]),
    (MAIL, "fields: {a: batch.kind}", PROVEN),
    (MAIL, "when: batch.mail, fields: {a: batch.kind}", PROVEN),
    (MAIL, "fields: {a: batch.mail}",
     ["broken email of /mail is sent to event /a, as for the input {\"mail\": \"ada@example.com\"}"]),
    (MAIL, "fields: {a: \"sha256(batch.mail)\"}",
     ["broken email of /mail is sent to event /a, as for the input {\"mail\": \"ada@example.com\"}"]),
    (f"{MAIL}, unmasked: true", "fields: {a: \"sha256(batch.mail)\"}", PROVEN),
    (f"{MAIL}, unmasked: true", "fields: {a: \"[sha256(batch.mail), batch.mail]\"}",
     ["broken email of /mail is sent to event /a/*, as for the input {\"mail\": \"ada@example.com\"}"]),
    (f"{MAIL}, without: batch.ok", "fields: {a: {from: batch.mail, when: batch.ok}, b: batch.kind}", PROVEN),
    (f"{MAIL}, without: batch.ok", "fields: {a: \"if(batch.ok, batch.mail, 'x')\"}", PROVEN),
    (f"{MAIL}, without: batch.ok", "fields: {a: \"batch.ok && batch.mail\"}", PROVEN),
    (f"{MAIL}, without: batch.ok", "fields: {a: {from: batch.mail, when: \"to_string(batch.ok) == 'true'\"}}",
     ["unproven email of /mail may reach event /a"]),
    ("category: [email], never_in: [event /b]", "fields: {a: batch.mail, b: batch.kind}", PROVEN),
    ("category: [email], never_in: [event /c]", "fields: {a: batch.mail}",
     ["empty no request has the place 'event /c'"]),
    ("category: [email], never_in: [event /a/x]", "fields: {a: batch.more}", PROVEN),
    ("category: [free_form], never_in: [event /a/x]", "fields: {a: batch.more}",
     ["broken free_form of /more/* is sent to event /a/*"
      ", as for the input {\"more\": {\"some\": \"ada@example.com\"}}"]),
    ("category: [any], never_in: [event]", "fields: {a: batch.kind}", PROVEN),
    ("category: [any], never_in: [\"* query\"]", "fields: {a: batch.kind}", PROVEN),
    ("category: [any], never_in: [\"user query\"]", "output: user, fields: {a: batch.kind}",
     ["broken phone of /phone is sent to user query /q"
      ", as for the input {\"kind\": \"1\", \"phone\": \"ada@example.com\"}"]),
    ("category: [name], never_in: [event]", "fields: {a: batch.kind}",
     ["empty no member of the input is marked as name"]),
    ("category: [email], never_in: [messages]", "skip: \"{{ batch.mail }}\"",
     ["broken email of /mail is sent to messages, as for the input {\"mail\": \"ada@example.com\"}"]),
    ("category: [email], never_in: [messages]", "when: \"batch.kind == 'a'\", skip: \"{{ batch.mail }}\"",
     ["broken email of /mail is sent to messages, as for the input"
      " {\"kind\": \"a\", \"mail\": \"ada@example.com\"}"]),
    ("category: [email], never_in: [messages]",
     "output: event, fields: {a: batch.kind}, warn: [{message: \"{{ batch.mail }}\"}]",
     ["broken email of /mail is sent to messages, as for the input {\"mail\": \"ada@example.com\"}"]),
    ("category: [email], only_in: [event /a]", "fields: {a: batch.mail, b: batch.kind}", PROVEN),
    ("category: [email], only_in: [event /a]", "fields: {a: batch.mail, b: batch.mail}",
     ["broken email of /mail is sent to event /b, as for the input {\"mail\": \"ada@example.com\"}"]),
    ("category: [free_form], only_in: [event /a/x]", "fields: {a: batch.more}",
     ["broken free_form of /more/* is sent to event /a/*"
      ", as for the input {\"more\": {\"some\": \"ada@example.com\"}}"]),
    ("category: [free_form], only_in: [event /a/*]", "fields: {a: batch.more}", PROVEN),
]  # fmt: skip


def rulebook_of(folder: Path, text: str) -> Rulebook:
    (folder / "in.json").write_text(json.dumps(SCHEMA), "utf-8")
    (folder / "out.json").write_text("{}", "utf-8")
    (folder / "mapping.yaml").write_text(text, "utf-8")
    loaded = load(folder / "mapping.yaml")
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


@pytest.mark.parametrize(("assertion", "rule", "found"), CASES, ids=[f"{one} | {rule}" for one, rule, _ in CASES])
def test_findings(tmp_path: Path, assertion: str, rule: str, found: list[str]) -> None:
    given = rule if "output:" in rule or "skip:" in rule else f"output: event, {rule}"
    text = f"{HEAD}assert:\n  it: {{{assertion}}}\nrules:\n  - {{rule: event, {given}}}\n"
    if "output: event" not in given:
        text += "  - {rule: last, output: event, fields: {a: batch.kind}}\n"
    assert [f"{one.verdict} {one.reason}" for one in findings(rulebook_of(tmp_path, text))] == found


def test_an_input_that_another_mapping_converts_shows_it(tmp_path: Path) -> None:
    (tmp_path / ".moemap").touch()
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "mapping.yaml").write_text(
        f"{HEAD.split('settings:', 1)[0].replace('name: shop', 'name: old').replace('./in.json', './old.json')}"
        "outputs: {batch: {schema: ../in.json, request: {path: /b}}}\n"
        "rules: [{rule: all, output: batch, fields: {mail: batch.old_mail, kind: batch.kind}}]\n",
        "utf-8",
    )
    properties = {"old_mail": {"x-personal": "phone"}, "kind": {"enum": ["b"]}, "is_old": {"type": "boolean"}}
    (tmp_path / "old" / "old.json").write_text(json.dumps({"properties": properties}), "utf-8")
    text = (
        f"{HEAD}assert:\n  it: {{category: [phone], never_in: [event]}}\nrules:\n"
        "  - {rule: old, when: batch.is_old, convert: ./old}\n"
        "  - {rule: event, when: batch.kind == 'b', output: event, fields: {a: batch.mail}}\n"
    )
    found = [one.reason for one in findings(rulebook_of(tmp_path, text))]
    example = '{"kind": "b", "is_old": true, "old_mail": "ada@example.com"}'
    assert found == [f"phone of /old_mail is sent to event /a, as for the input {example}"]


def test_the_way_is_told(tmp_path: Path) -> None:
    text = (
        f"{HEAD}  mail: {{from: batch.mail, type: string}}\nassert:\n  it: {{{MAIL}, without: batch.ok}}\n"
        "rules:\n  - {rule: event, output: event, fields: {a: {template: '{{ mail }}!'}}}\n"
    )
    (one,) = findings(rulebook_of(tmp_path, text))
    assert [(related.place.line, related.text) for related in one.related] == [
        (14, "through batch.mail"),
        (14, "through let mail"),
        (18, "through a template"),
        (18, "the rule 'event' sends it"),
    ]
    assert one.hint == "let the rule 'event' take elements only where 'batch.ok' holds"


_PATH = re.compile(r"\b(event|batch)\.[a-z_.]+")
WORKSPACE = ROOT / "examples" / "workspaces" / "consent.yaml"


def found_in(text: str, folder: Path) -> list[tuple[str, str]]:
    path = folder / "workspace.yaml"
    path.write_text(text, "utf-8")
    rulebook = load(path).rulebook
    assert rulebook is not None
    return sorted({(one.assertion.name, one.verdict) for one in findings(rulebook)})


@pytest.mark.slow
def test_the_example_holds_and_breaks_with_its_rules(tmp_path: Path) -> None:
    text = WORKSPACE.read_text("utf-8")
    assert found_in(text, tmp_path) == []
    assert found_in(text.replace('when: "!gdpr_granted"', "when: gdpr_granted"), tmp_path) == [
        ("no-mail-without-consent", "broken"),
        ("nothing-without-consent", "broken"),
        ("nothing-without-consent", "unproven"),
    ]
    fields = "{gaid: android_advertising_id, seen_at: batch.ip}"
    leak = f"  - {{rule: user, fields: {{attributes: {{fields: {fields}}}}}}}\n\nassert:"
    found = found_in(text.replace("assert:", leak), tmp_path)
    assert [name for name, _ in found] == ["advertising-ids-on-demand", "no-traces-of-the-network"]


def flows_in(main: Path, recalls: tuple[Recall, Recall]) -> Counter[tuple[Any, ...]]:
    """All flows of personal members, with the places on their ways; the first Recall is that of the loader."""
    for one in recalls:
        one.begin()
    rulebook = join(main, recalls[0]).draft
    assert rulebook is not None
    marks = recalls[1].of("marks", lambda: marks_of(members_in(rulebook)))
    flows = flows_of(rulebook, possible(rulebook, recall=recalls[1]), marks, recalls[1])
    ways = {id(way): way for flow in flows for way in flow.ways}
    parts = {id(part): part for way in ways.values() for part in (*way.conditions, *(hop.part for hop in way.hops))}
    places = {key: part.place for key, part in parts.items()}
    told = {
        key: (
            tuple(places[id(one)] for one in way.conditions),
            tuple((hop.what, places[id(hop.part)]) for hop in way.hops),
        )
        for key, way in ways.items()
    }
    return Counter(
        (
            *(getattr(flow, name) for name in ("is_sent", "output", "part", "rule")),
            *(written(pattern) for pattern in (flow.origin.pattern, flow.pointer)),
            *((flow.origin.mask, flow.origin.converter, flow.origin.is_whole, flow.origin.is_alone)),
            tuple(told[id(way)] for way in flow.ways),
        )
        for flow in flows
    )


def with_rejecting_lets(files: dict[Path, str]) -> dict[Path, str]:
    """Rule files in which lets can reject what reads them: at the top, in rules, and in each other."""
    inner = r"\1let:\n\1  sure: {from: batch.mpid, required: true}\n"
    found = {}
    for path, text in files.items():
        sure, more = f"sure_{path.stem}", f"more_{path.stem}"
        lets = f"  {sure}: {{from: batch.ip, required: true}}\n  {more}: {{from: {sure}, required: true}}\n"
        new = re.sub(r"^let:\n", f"let:\n{lets}", text, count=1, flags=re.MULTILINE)
        new = re.sub(r"^(    )let:\n", inner, new, flags=re.MULTILINE)
        found[path] = re.sub(r"\{from: (event\.[a-z_.]+)(?=[,}])", rf"{{from: [{more}, \1]", new, count=3)
    return found


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("rejects", [False, True])
def test_flows_after_changes_are_those_of_new_rules(rejects: bool) -> None:
    main = WORKSPACE.parents[2] / "mappings" / "mparticle-moengage" / "v1"
    files = {path: path.read_text("utf-8") for path in main.glob("[ceu]*.yaml")}
    files = with_rejecting_lets(files) if rejects else files
    random, recalls, texts = Random(1), (Recall(), Recall()), dict(files)
    with unsaved(texts):
        known = flows_in(WORKSPACE, recalls)
    changed = 0
    for _ in range(effort(4, 40)):
        path = random.choice(sorted(files))
        paths = [*_PATH.finditer(texts[path])]
        if random.random() < 0.2 or not paths:
            texts[path] = f"# more\n{files[path]}"
        else:
            one, other = random.choice(paths), random.choice(paths)
            texts[path] = f"{texts[path][: one.start()]}{other[0]}{texts[path][one.end() :]}"
        with unsaved(texts):
            found, new = flows_in(WORKSPACE, recalls), flows_in(WORKSPACE, (Recall(), Recall()))
        assert found == new
        changed += found != known
        known = found
    assert changed > 1


@pytest.mark.slow
@pytest.mark.parametrize("rejects", [False, True])
def test_only_flows_of_rules_that_changed_are_found_again(rejects: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[str] = []
    emitted = _Walk.emitted

    def counted(walk: _Walk, rule: Rule, *more: Any) -> Any:
        walked.append(rule.name)
        return emitted(walk, rule, *more)

    monkeypatch.setattr(_Walk, "emitted", counted)
    rules = WORKSPACE.parents[2] / "mappings" / "mparticle-moengage" / "v1" / "commerce.yaml"
    text, session = rules.read_text("utf-8"), Session()
    text = with_rejecting_lets({rules: text})[rules] if rejects else text
    with unsaved({rules: text}):
        draft = join(WORKSPACE, Recall()).draft
    assert draft is not None
    assert ({"sure", "sure_commerce"} <= possible(draft).kept.rejecting) is rejects
    session.inspect(WORKSPACE, {rules: text})
    assert len(walked) > 20
    assert max(Counter(walked).values()) < 3  # though there are assertions about three conditions
    walked.clear()
    changed = text.replace("event.data.currency_code", "event.data.screen_name", 1)
    session.inspect(WORKSPACE, {rules: changed})
    assert changed != text
    assert set(walked) == {"product-action", "purchase"}  # which extends it


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(0, 80, 20))
def test_nothing_is_missed_where_a_condition_does_not_hold(tmp_path: Path, head: dict[str, Any], seed: int) -> None:
    (tmp_path / "in.schema.json").write_text("{}", "utf-8")
    (tmp_path / "out.schema.json").write_text("{}", "utf-8")
    count = proven = 0
    for number in range(seed, seed + effort(10, 20)):
        dice = Dice(number)
        made = rules(dice)
        dice.roots = ("batch", "settings", *made["let"])
        made["assert"] = {"it": {"no_output": ["single"], "without": _condition(dice)}}
        if dice.random() < 0.6:  # else hardly any output depends on it
            made["rules"][0]["when"] = made["assert"]["it"]["without"]
        (tmp_path / "mapping.yaml").write_text(json.dumps({**head, **made}), "utf-8")
        rulebook = load(tmp_path / "mapping.yaml").rulebook  # without the checks
        assert rulebook is not None
        without = rulebook.assertions["it"].without
        assert without is not None
        can = possible(rulebook, without)
        if can.kept.rejecting.intersection(roots_in(without)):
            continue  # nothing is proven by such a condition
        flows, mapping, holds = flows_of(rulebook, can), api.Mapping(rulebook), api.Mapping(ended(rulebook, without))
        proven += len({rule.output for rule in rulebook.rules} - {None} - can.outputs)
        dice.roots = ROOTS
        for _ in range(3):
            given = batch(dice)
            if not isinstance(given, dict) or is_ended(holds, given):
                continue
            assert can.is_possible
            assert {one.output for one in mapping.transform(given).requests} <= can.outputs, number
            places = [place for place, _ in leaves(given) if place]
            for place in dice.sample(places, min(len(places), 8)):
                value = dice.choice(OTHERS)
                found = list(missed(mapping, flows, given, place, value, lambda _, batch: is_ended(holds, batch)))  # noqa: B023
                assert found == [], (number, given)
                count += 1
    assert count > 50
    assert proven


def is_ended(mapping: api.Mapping, given: Any) -> bool:
    """Returns whether the condition holds, for which the mapping leaves the input out."""
    return any(one.rule == "" for one in mapping.transform(given).skipped)
