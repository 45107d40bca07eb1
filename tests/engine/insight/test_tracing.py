"""Traces are bounded: in the decisions they keep, and in the time of questions about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main
from moemap.engine import api
from moemap.engine.insight import tracing
from moemap.engine.insight.account import account_of_trace
from moemap.engine.insight.namesakes import namesakes
from moemap.engine.insight.tracing import TooManyDecisionsError, trace
from moemap.engine.insight.why import readers_of
from moemap.engine.insight.why_not import why_not
from moemap.engine.language.rulebook import Rulebook
from moemap.tests.docs.examples import Block, write

RULES = 60
ELEMENTS = 60

MAPPING = """\
language: 1
name: many
version: 1.0.0
input: {as: batch, schema: ./any.json}
outputs:
  out: {schema: ./any.json, request: {path: "/of/{{ event.n }}", query: {n: event.n}}}
  bare: {body: none, request: {path: "/bare/{{ event.n }}"}}
routes: {events: {each: batch.events, as: event}}
rules:
- {rule: early, route: events, when: event.kind == 'early', skip: it is early}
"""


def of_rule(number: int) -> str:
    return (
        f"- {{rule: r{number}, route: events, when: event.n > `0` && event.kind == 'k{number}', output: out, "
        f"fields: {{a{number}: event.v, same: event.n}}}}\n"
    )


OTHERS = """\
- {rule: bare, route: events, when: event.kind == 'bare', output: bare}
"""


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rulebook:
    monkeypatch.chdir(tmp_path)
    text = MAPPING + "".join(map(of_rule, range(RULES))) + OTHERS
    loaded = api.inspect(write([Block("mapping.yaml", text, 1), Block("any.json", "{}", 1)], Path()))
    assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
    return loaded.rulebook


def batch_of(kind: Callable[[int], str], count: int = ELEMENTS) -> dict[str, Any]:
    return {"events": [{"n": number, "kind": kind(number), "v": f"v{number}"} for number in range(count)]}


@pytest.mark.slow
def test_rules_that_do_not_take_an_element_are_not_kept(many: Rulebook) -> None:
    """There are as many as rules times elements, and few questions are about them."""
    found = trace(many, batch_of(lambda number: f"k{number}"))
    assert len(found.decisions) < RULES * ELEMENTS / 4
    assert [one.value for one in readers_of(found, "/events/9/kind")] == [False] * 10 + [True]  # early, r0 to r9
    assert [(one.place, one.is_read) for one in namesakes(found, "/kind")] == [
        (f"/events/{number}/kind", number > 0) for number in range(5)
    ]


@pytest.mark.slow
def test_the_nearest_of_the_elements_that_rules_do_not_take(many: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    found = trace(many, batch_of(lambda number: "other"))
    (miss,) = why_not(found, "/a3")
    assert (miss.element, found.refused[None][1]) == ("/events/1", 0)
    assert miss.reason == "the rule does not take /events/1: event.kind == 'k3' (event.kind is \"other\")"
    assert {miss.element for miss in why_not(found, "/a3", element="/events/7")} == {"/events/7"}
    monkeypatch.setattr(tracing, "MAX_REFUSALS", 1)
    found = trace(many, batch_of(lambda number: "other"))
    (miss,) = why_not(found, "/a3")
    assert (miss.element, found.refused[None][1]) == ("/events/0", 1)


@pytest.mark.slow
def test_at_most_so_many_decisions(many: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "MAX_DECISIONS", 100)
    batch = batch_of(lambda number: f"k{number}")
    with pytest.raises(TooManyDecisionsError, match=r"^mapping it takes more than 1,000,000 decisions$"):
        trace(many, batch)
    result = asked(batch)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == (
        "Error: batch.json: mapping it takes more than 1,000,000 decisions; "
        "give a part of it, such as a few of its elements"
    )
    Path("batch.json").write_text(json.dumps(batch))
    result = CliRunner().invoke(main, ["transform", "--mapping", "mapping.yaml", "--account", "batch.json"])
    made = json.loads(result.stdout)
    assert (result.exit_code, made["account"], len(made["requests"])) == (0, [], ELEMENTS - 1)
    assert [problem["code"] for problem in made["problems"]] == ["M527"]


def asked(batch: Any, *options: str) -> Result:
    Path("batch.json").write_text(json.dumps(batch))
    return CliRunner().invoke(main, ["explain", "batch.json", "--mapping", "mapping.yaml", *options])


@pytest.mark.slow
def test_how_many_elements_are_compared_is_said(many: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = batch_of(lambda number: "other")
    assert asked(batch, "--why-not", "/a3").stderr == ""
    monkeypatch.setattr(tracing, "MAX_REFUSALS", 20 * (RULES + 2))
    result = asked(batch, "--why-not", "/a3")
    assert (result.exit_code, result.stderr) == (
        0,
        "of the elements that a rule does not take, only the first 20 are compared\n",
    )


@pytest.mark.slow
def test_elements_that_are_left_out_take_time_in_proportion(many: Rulebook) -> None:
    """Quadratic time would be many seconds."""
    found = trace(many, batch_of(lambda number: "early", 1_000))
    assert len(why_not(found, "/same")) == 20


@pytest.mark.slow
def test_requests_are_accounted_for_by_what_made_them(many: Rulebook) -> None:
    """Requests without a body, too; and in linear time."""
    batch = batch_of(lambda number: "bare" if number < 10 else "k3", 500)
    found = trace(many, batch)
    sent = {
        one.pointer: [(found.result.requests[to.request].path, to.part) for to in one.to]
        for one in account_of_trace(found)
    }
    assert sent["/events/3/n"] == [("/bare/3", "path")]
    assert sent["/events/12/n"] == [("/of/12", "body"), ("/of/12", "path"), ("/of/12", "query")]
