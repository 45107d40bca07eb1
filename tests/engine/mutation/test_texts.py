"""Changes of templates, messages and the defaults of settings, and which tests find them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from moemap.engine.golden import files
from moemap.engine.golden.runner import GoldenRunner
from moemap.engine.mutation.running import mutate
from moemap.engine.mutation.texts import other_value

MAPPING = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./any.schema.json}
settings:
  mode: {enum: [fast, slow], default: fast}
  most: {type: integer, default: 2}
  plain: {type: boolean, default: true}
  unset: {type: string, default: null}
outputs: {event: {schema: ./any.schema.json, request: {path: /v1}}}
routes: {events: {each: batch.events, as: event}}
rules:
  - rule: event
    route: events
    output: event
    fields:
      mode: settings.mode
      most: settings.most
      label: {template: "{{ event.a }}/{{ event.b }}"}
    warn: [{when: event.odd, message: "{{ event.odd }} is odd"}]
"""
TESTS = """\
mapping: ./mapping.yaml
tests:
  - test: by default
    input: {events: [{a: 1, b: 2}]}
    expect: {requests: [{output: event, method: POST, path: /v1, query: {}, body: {mode: fast, most: 2, label: 1/2}}]}
  - test: with a setting
    settings: {plain: false}
    input: {events: [{odd: 3}]}
    match: partial
    expect: {problems: [{code: M512}]}
"""


def test_which_tests_find_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("any.schema.json", "{}"), ("mapping.yaml", MAPPING), ("tests.yaml", TESTS)):
        Path(name).write_text(text, "utf-8")
    runner = GoldenRunner()
    file, _, problems = files.load(Path("tests.yaml"), "tests.yaml", runner.opening)
    assert file is not None, problems
    (found,) = mutate([(file, test) for test in file.tests], runner.opening, is_cached=False).mappings
    verdicts = {one.text: found.verdicts[one.id].status for one in found.mutants if one.operator in ("text", "default")}
    assert verdicts == {
        "output event, path: the text is another one": "killed",
        'setting mode: the default "fast" becomes "slow"': "killed",
        "setting most: the default 2 becomes 3": "killed",
        "setting plain: the default true becomes false": "survived",
        "rule event, label: {{ event.a }} is left out": "killed",
        "rule event, label: {{ event.b }} is left out": "killed",
        "rule event, warning: {{ event.odd }} is left out": "survived",
    }


@pytest.mark.parametrize(
    ("value", "allowed", "other"),
    [(True, (), False), ("ab", (), "a"), ("a", (), "a~"), (1, (), 2), (1.5, (), 2.5), ([1, 2], (), [1]),
     ([], (), None), ({}, (), None), (None, (), None), (None, ("a",), "a"), ("a", ("a", "b"), "b"),
     ("a", ("a",), None)],
)  # fmt: skip
def test_a_mutant_of_a_value_has_another_one(value: Any, allowed: tuple[Any, ...], other: Any) -> None:
    assert other_value(value, allowed) == other
