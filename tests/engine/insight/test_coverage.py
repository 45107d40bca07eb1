"""Coverage of branches: exact on a small mapping, and laws on the shipped one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.insight.branches import branches_of
from moemap.engine.insight.coverage import CountingInterpreter, Coverage, coverage_of
from moemap.engine.insight.coverage_report import as_html, as_json, as_lcov, text
from moemap.engine.insight.reachability import unreachable
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.tests.docs.examples import Block, write

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.json"))

MAPPING = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./batch.schema.json}
outputs: {event: {schema: ./event.schema.json, request: {path: /v1}}}
routes: {events: {each: batch.events, as: event}}
rules:
  - rule: order
    route: events
    when: event.type == 'order'
    output: event
    fields:
      name: {const: order}
      size:
        from: [event.size, event.format]
        table: {unlisted: omit, entries: {s: small, l: large}}
      total: {from: event.total, type: double, default: 0}
  - rule: rest
    route: events
    skip: "no {{ event.type }}"
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CountingInterpreter:
    monkeypatch.chdir(tmp_path)
    loaded = api.inspect(write([Block("mapping.yaml", MAPPING, 1)], Path()))
    assert loaded.rulebook is not None
    return CountingInterpreter(loaded.rulebook)


def run(interpreter: CountingInterpreter, *events: Any) -> Coverage:
    interpreter.run({"events": list(events)})
    return coverage_of([interpreter])


def test_branches_that_are_not_taken_in_words(small: CountingInterpreter) -> None:
    found = run(small, {"type": "order", "format": "s", "total": "1.5"}, {"type": "login"})
    assert text(found).splitlines() == [
        "mapping.yaml: 9 of 17 (52.9 %)",
        "     6  route events: no elements",
        "     6  route events: one element",
        "    15  rule order, size: there is no value",
        "    15  rule order, size: alternative 1 of 2 gives the value: event.size",
        "    16  rule order, size: a value that is not listed",
        '    16  rule order, size: the entry "l"',
        "    17  rule order, total: a value that cannot become double is left out",
        "    17  rule order, total: the default is used: 0",
        "9 of 17 branches taken (52.9 %), 1 that no input can take",
    ]


def test_every_branch_of_a_small_mapping_can_be_taken(small: CountingInterpreter) -> None:
    small.run({"events": []})
    small.run({"events": [{"type": "order", "size": "l", "total": "much"}]})
    found = run(small, {"type": "order", "format": "s", "total": 1}, {"type": "order", "size": "x"}, {"type": "login"})
    assert found.share == 100
    assert text(found).endswith("17 of 17 branches taken (100.0 %), 1 that no input can take")


def test_lcov_has_lines_and_names_in_words(small: CountingInterpreter) -> None:
    lines = as_lcov(run(small, {"type": "order", "size": "s"})).splitlines()
    assert lines[:2] == ["TN:", "SF:mapping.yaml"]
    assert "BRDA:6,0,route events: one element,1" in lines
    assert "BRDA:6,0,route events: no elements,0" in lines
    assert "BRDA:20,0," not in "".join(lines)
    assert next(line for line in lines if line.startswith("DA:")) == "DA:6,1"
    assert lines[-1] == "end_of_record"
    assert not any(line.startswith(("DA:0,", "BRDA:0,")) for line in lines)
    assert all(line.count(",") == 3 for line in lines if line.startswith("BRDA:"))


def test_json(small: CountingInterpreter) -> None:
    found = json.loads(as_json(run(small, {"type": "order"})))
    assert (found["branches"], len(found["unreachable"])) == (17, 1)
    by_id = {branch["id"]: branch for branch in found["files"]["mapping.yaml"]}
    assert by_id["rules/order/fields/total#default"] == {
        "id": "rules/order/fields/total#default",
        "line": 17,
        "column": 14,
        "owner": "rule order",
        "part": "total",
        "outcome": "default",
        "words": "the default is used: 0",
        "count": 1,
    }


def test_html_escapes_what_rules_say(small: CountingInterpreter) -> None:
    page = as_html(run(small, {"type": "order"}))
    assert '<li id="mapping.yaml:17" class="partly">' in page
    assert "the entry &#34;l&#34;" in page
    assert "skip: &#34;no {{ event.type }}&#34;" in page


def batches() -> Iterator[Any]:
    for path in EXAMPLES:
        content = json.loads(path.read_text("utf-8"))
        yield from content if isinstance(content, list) else [content]


@pytest.mark.slow
def test_every_decision_is_a_branch_and_none_is_unreachable() -> None:
    rulebook = api.load("mparticle-moengage").rulebook
    catalogue = branches_of(rulebook)
    never = unreachable(catalogue, rulebook)
    unknown, impossible = set(), set()
    interpreter = Interpreter(rulebook)

    def observe(taken: Any) -> None:
        branch = catalogue.by_outcome.get((id(taken.part), taken.outcome))
        if branch is None:
            unknown.add(taken.outcome)
        elif branch.id in never:
            impossible.add(branch.id)

    for batch in batches():
        assert interpreter.observe(batch, observe) == interpreter.run(batch)
    assert impossible == set()
    assert unknown <= {"absent", "given", "kept"}  # what is given, and constants and objects without members


def test_explained_branches_are_left_out(small: CountingInterpreter) -> None:
    Path("explained.yaml").write_text(
        "branches:\n"
        "  - {branch: routes/events/each#none, reason: there are always events}\n"
        "  - {branch: rules/rest#takes, reason: all are orders}\n"
        "  - {branch: rules/rest#nothing, reason: there is none}\n",
        "utf-8",
    )
    found = run(small, {"type": "order", "format": "s", "total": "1.5"}, {"type": "login"})
    assert text(found).endswith("9 of 16 branches taken (56.2 %), 1 that no input can take, 1 explained")
    assert json.loads(as_json(found))["explained"] == {"routes/events/each#none": "there are always events"}
    assert ", 1 explained." in as_html(found)
    assert [f"{one.code} {one.message}" for one in found.problems] == [
        "M607 the branch 'rules/rest#takes' needs no explanation: a test takes it",
        "M607 the branch 'rules/rest#nothing' needs no explanation: there is no such branch",
    ]


def test_branches_of_several_mappings_have_their_names(small: CountingInterpreter, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = write([Block("mapping.yaml", MAPPING.replace("name: shop", "name: depot"), 1)], folder)
    loaded = api.inspect(folder / other)
    assert loaded.rulebook is not None
    second = CountingInterpreter(loaded.rulebook)
    small.run({"events": []})
    second.run({"events": [{"type": "login"}]})
    found = coverage_of([small, second])
    assert found.taken == 4
    assert (found.counts["shop: rules/rest#takes"], found.counts["depot: rules/rest#takes"]) == (0, 1)


def test_counting_is_observing() -> None:
    rulebook = api.load("mparticle-moengage").rulebook
    interpreter, observed, counted = Interpreter(rulebook), dict[tuple[int, str], int](), dict[tuple[int, str], int]()

    def observe(taken: Any) -> None:
        observed[id(taken.part), taken.outcome] = observed.get((id(taken.part), taken.outcome), 0) + 1

    for batch in batches():
        assert interpreter.observe(batch, observe) == interpreter.count(batch, counted)
    assert counted == observed
