"""The schemas of results, problems and test files."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from moemap.engine.diagnostics import reporters
from moemap.engine.diagnostics.catalogue import CATALOGUE
from moemap.engine.diagnostics.problem import Place, Problem
from moemap.engine.diagnostics.reporters import Report
from moemap.engine.golden import files as goldenfile
from moemap.engine.jobs.summary import Summary
from moemap.engine.runtime.batch import Record
from moemap.engine.runtime.result import Accounted, Destination, Request, Result, Skipped
from moemap.tests.schemas.test_language_schemas import SCHEMAS, VALIDATORS, nodes, with_unknown_keys

# --- results, problems and tests


def test_result() -> None:
    place = Place("mapping.yaml", 2, 3, 2, 9)
    result = Result(
        (Request("event", "POST", "/v1/event/{app_id}", {"code": "a"}, {"actions": []}, b'{"actions":[]}'),),
        (Skipped("/events/0", None, "no rule takes it"), Skipped("", "opted-out", "no")),
        (
            Problem.of("M511", place, rule="r", input="/events/1/a~1b", output="/actions/0", hint="h", reason="no"),
            Problem.of("M503", input="", reason="is too deep"),
        ),
    )
    document = json.loads(json.dumps(result.to_json()))
    VALIDATORS["result"].validate(document)
    for place_, node in nodes(document):
        for wrong in (
            ({**node, "more": 1}, {key: node[key] for key in list(node)[1:]}) if isinstance(node, dict) else ()
        ):
            if not place_.endswith(("/query", "/body")):
                assert not VALIDATORS["result"].is_valid(replaced(document, place_, wrong)), place_


def test_account() -> None:
    account = (
        Accounted("/a", "sent", (Destination(0, "body", "/x", "same"), Destination(1, "query", "/q", "cut"))),
        Accounted("/b", "skipped", rule=None, reason="no rule takes it"),
        Accounted("/c", "read", by=("rule r, when",)),
        Accounted("/d", "unread"),
    )
    document = json.loads(json.dumps(Result((), (), (), account).to_json()))
    VALIDATORS["result"].validate(document)
    assert document["account"] == [
        {
            "pointer": "/a",
            "fate": "sent",
            "to": [
                {"request": 0, "part": "body", "pointer": "/x", "how": "same"},
                {"request": 1, "part": "query", "pointer": "/q", "how": "cut"},
            ],
        },
        {"pointer": "/b", "fate": "skipped", "rule": None, "reason": "no rule takes it"},
        {"pointer": "/c", "fate": "read", "by": ["rule r, when"]},
        {"pointer": "/d", "fate": "unread"},
    ]
    for number, one in enumerate(document["account"]):
        assert not VALIDATORS["result"].is_valid(replaced(document, f"/account/{number}", {**one, "more": 1}))
    summary = Summary()
    summary.add(Record("batch.json", 1, b"{}"), Result((), (), (), account))
    VALIDATORS["summary"].validate(json.loads(json.dumps(summary.to_json())))
    assert summary.text().splitlines() == [
        "1 batch: 0 requests, 0 skipped, 0 problems",
        "  leaves: 1 sent, 1 skipped, 1 only read, 1 not read",
        "  not read     1  /d",
    ]


def replaced(document: Any, place: str, value: Any) -> Any:
    if not place:
        return value
    result = deepcopy(document)
    target = result
    *steps, last = place.split("/")[1:]
    for step in steps:
        target = target[int(step) if isinstance(target, list) else step]
    target[int(last) if isinstance(target, list) else last] = value
    return result


def test_problems() -> None:
    problems = [
        Problem.of("M101", Place("mapping.yaml", 2, 3, 2, 9), hint="did you mean 'when'?", key="wen", where="a rule"),
        Problem.of("M512", rule="r", input="/events/0", output="/actions/0", reason="odd"),
    ]
    document = json.loads(reporters.render("json", Report(problems)))
    VALIDATORS["problems"].validate(document)
    VALIDATORS["problems"].validate(json.loads(reporters.render("json", Report([]))))
    for place, node in nodes(document):
        if isinstance(node, dict):
            for wrong in ({**node, "more": 1}, {key: node[key] for key in list(node)[1:]}):
                assert not VALIDATORS["problems"].is_valid(replaced(document, place, wrong)), place


def test_codes_have_the_form_that_the_schemas_give() -> None:
    pattern = SCHEMAS["result"]["$defs"]["problem"]["properties"]["code"]["pattern"]
    assert Draft202012Validator({"items": {"pattern": pattern}}).is_valid(list(CATALOGUE))


TESTS = """
description: What becomes of purchases.
mapping: ../mapping.yaml
tests:
  - test: a purchase
    covers: [purchase.total]
    settings: {currency: USD}
    input: {events: []}
    match: partial
    expect:
      requests: [{output: event, method: POST, path: /v1, query: {}, body: {a: 1}}, {body: {}}]
      skipped: [{pointer: /events/0, rule: null, reason: no rule takes it}]
      problems: [{code: M512, severity: warning, message: odd, rule: r, input: /events/1, output: null}]
  - {test: a list, input_file: batches.json, expect: [{requests: []}, {}]}
"""


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("", {"description": "no tests"}),
        ("/tests", []),
        ("/tests", {}),
        ("/mapping", 1),
        ("/workspace", "a.yaml"),  # beside mapping
        ("/more", 1),
        ("/tests/0/more", 1),
        ("/tests/0/input_file", "a.json"),  # beside input
        ("/tests/0/match", "close"),
        ("/tests/0/covers", "row"),
        ("/tests/0/settings", ["a"]),
        ("/tests/1", {"test": "no input", "expect": {}}),
        ("/tests/1", {"test": "no expectation", "input": {}}),
        ("/tests/1", {"input": {}, "expect": {}}),
        ("/tests/1/expect", "nothing"),
        ("/tests/0/expect/more", []),
        ("/tests/0/expect/requests/0/more", 1),
        ("/tests/0/expect/skipped/0/pointer", "events"),
        ("/tests/0/expect/problems/0/code", "512"),
        ("/tests/0/expect/problems/0/severity", "info"),
        ("/tests/0/expect/problems/0/rule", {"name": "r"}),
    ],
)
def test_what_test_files_may_not_hold(place: str, value: Any) -> None:
    document = yaml.safe_load(TESTS)
    VALIDATORS["tests"].validate(document)
    assert not VALIDATORS["tests"].is_valid(replaced(document, place, value))


def test_the_reader_of_test_files_knows_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "tests.yaml"
    document = with_unknown_keys(yaml.safe_load(TESTS))
    path.write_text(json.dumps(document))
    known: dict[str, set[str]] = {}
    for problem in goldenfile.load(path, path.name)[1]:
        if problem.code == "M101" and problem.hint is not None:
            where = problem.data["where"].removesuffix(" 'a purchase'").removesuffix(" 'a list'")
            known.setdefault(where, set()).update(problem.hint.removeprefix("known here: ").split(", "))
    definitions = SCHEMAS["tests"]["$defs"]
    assert known == {
        "a test file": set(SCHEMAS["tests"]["properties"]),
        "the test": set(definitions["test"]["properties"]),
        "an expectation": set(definitions["expectation"]["properties"]),
        "an element of 'requests'": set(definitions["request"]["properties"]),
        "an element of 'skipped'": set(definitions["skipped"]["properties"]),
        "an element of 'problems'": set(definitions["problem"]["properties"]),
    }
