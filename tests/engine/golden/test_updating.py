"""Expectations are brought up to date, and all else in a test file stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moemap.engine import golden
from moemap.engine.golden.diff import canonical
from moemap.engine.golden.rewrite import block
from moemap.tests.engine.golden.shop import PASSING, file_of, one_test, outcomes

pytestmark = pytest.mark.usefixtures("_in_the_folder")


def updated(text: str, runner: golden.GoldenRunner) -> golden.Update:
    file = file_of(text)
    update = golden.update(file, [runner.run(file, test) for test in file.tests])
    assert all(outcome.passed for outcome in outcomes(update.text, runner) if outcome.test.name not in
               [test.name for test in update.refused])  # fmt: skip
    return update


def test_update_keeps_everything_else(runner: golden.GoldenRunner) -> None:
    failing = (
        PASSING.replace("15.0", "16.0  ")
        .replace("attributes: {currency: USD, ", "attributes: {")
        .replace("tests:", "# first\ntests:")
    )
    failing = failing.replace("customer: u\n", "customer: 'u'   # as given\n") + "\n  # the last\n"
    update = updated(failing + PASSING.removeprefix("tests:\n").replace("all kinds", "kept"), runner)
    assert update.refused == ()
    assert [line for line in update.diff.splitlines() if line[0] != " "] == [
        "--- tests.yaml",
        "+++ tests.yaml",
        "@@ -17,9 +17,9 @@",
        '-                attributes: {currency: EUR, total: 16.0  , items: [{id: "1"}, {id: "2"}]}',
        '+                attributes: {currency: EUR, total: 15.0  , items: [{id: "1"}, {id: "2"}]}',
        "-                attributes: {note: late}",
        "+                attributes: {currency: USD, note: late}",
    ]
    assert update.text.count("\n") == failing.count("\n") + PASSING.count("\n") - 1


def test_update_of_an_empty_expectation(runner: golden.GoldenRunner) -> None:
    update = updated(one_test("{}  # to come"), runner)
    (test,) = file_of(update.text).tests
    assert update.text == one_test(
        """
      requests:
        - output: event
          method: POST
          path: /v1/event
          query:
            source: shop
          body:
            customer: u
            actions:
              - action: Purchase
                attributes:
                  currency: EUR
                  total: 15.0
                  items:
                    - id: "1"
                    - id: "2"
              - action: Refund
                attributes:
                  currency: USD
                  note: late
      skipped:
        - pointer: /events/2
          rule: ping
          reason: pings are not mapped
      problems:
        - code: M505
          severity: warning
          message: "\\"abc\\" cannot become double: it is not a decimal number"
          rule: refund
          input: /events/1/total
          output: /actions/1/attributes/total  # to come"""
    ).replace("expect: \n", "expect:\n")
    assert set(test.expected) == {"requests", "skipped", "problems"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{requests: [{output: events}]}", "{requests: [{output: event}]}"),
        ("{requests: [{body: {customer: v}}]}", "{requests: [{body: {customer: u}}]}"),
        (
            "{requests: [{body: {actions: [{action: Buy}]}}]}",
            "{requests: [{body: {actions: [{action: Purchase}, {action: Refund}]}}]}",
        ),
        ("{requests: [{body: {customers: v}}]}", "{requests: [{body: {}}]}"),
        ("{requests: [{path: /x}, {path: /y}]}", "{requests: [{path: /v1/event}]}"),
        ("{skipped: [{}], problems: [{rule: x}]}", "{skipped: [{}], problems: [{rule: refund}]}"),
        ("{skipped: [{rule: ping}, {rule: pong}]}", "{skipped: [{rule: ping}]}"),
    ],
)  # fmt: skip
def test_update_keeps_the_shape_of_what_matches_in_part(before: str, after: str, runner: golden.GoldenRunner) -> None:
    update = updated(one_test(before, "partial"), runner)
    assert update.text == one_test(after, "partial")


def test_update_of_several_batches(runner: golden.GoldenRunner) -> None:
    update = updated(one_test("[{}, {problems: []}]", input="    input: [{user: u}, 5]\n"), runner)
    (test,) = file_of(update.text).tests
    message = "a batch must be an object, not an integer"
    assert test.expected == [{}, {"problems": [{"code": "M502", "severity": "error", "message": message, "input": ""}]}]


def test_update_leaves_passing_tests_alone(runner: golden.GoldenRunner) -> None:
    update = updated(PASSING, runner)
    assert (update.text, update.diff, update.refused) == (PASSING, "", ())


def test_update_refuses_what_other_parts_repeat(runner: golden.GoldenRunner) -> None:
    pinged = "{skipped: [{pointer: /events/0, rule: ping, reason: pings are not mapped}]}"
    text = (
        "tests:\n"
        f"- {{test: a, input: {{user: u}}, expect: &pinged {pinged}}}\n"
        "- {test: b, input: {events: [{type: ping}]}, expect: *pinged}\n"
        "- {test: c, input: {events: [{type: ping}]}, expect: {}}\n"
        "- {test: d, input: {}, expect: *pinged}\n"
    )
    update = updated(text, runner)
    assert [test.name for test in update.refused] == ["a"]
    assert update.text == text.replace("expect: {}", f"expect: {pinged}").replace(
        "{}, expect: *pinged", "{}, expect: {skipped: []}"
    )


def test_update_keeps_line_ends_and_a_missing_last_one(runner: golden.GoldenRunner) -> None:
    text = one_test("{}").rstrip("\n").replace("\n", "\r\n")
    update = updated(text, runner)
    assert "\n" not in update.text.replace("\r\n", "")
    assert not update.text.endswith("\n")
    assert "\r" not in update.diff


texts = st.sampled_from(["no", "1", "a: b", "x"]) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
leaves = st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))


@pytest.mark.slow
@pytest.mark.fuzz
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=settings().max_examples // 2)
@given(actual=st.lists(values, min_size=1, max_size=3), expected=st.lists(values, max_size=3), partial=st.booleans())
def test_after_an_update_the_test_passes(
    actual: list[Any], expected: list[Any], partial: bool, runner: golden.GoldenRunner
) -> None:
    events = [{"type": "copy", "value": value} for value in actual]
    expect = {"requests": [{"body": {"actions": [{"value": value} for value in expected]}}]}
    text = (
        f"tests:\n  - test: t  # name\n    match: {'partial' if partial else 'exact'}\n    input:\n"
        f"      {block({'events': events}, 6)}\n    expect:  # what comes\n      {block(expect, 6)}\n"
        "    covers: [x]  # rows\n"
    )
    update = updated(text, runner)
    assert update.refused == ()
    assert all(comment in update.text for comment in ("# name", "# what comes", "# rows"))
    (old,), (new,) = file_of(text).tests, file_of(update.text).tests
    assert canonical(new.input) == canonical(old.input)
    if partial:
        assert list(new.expected) == ["requests"]
        assert all(set(request) <= {"body"} for request in new.expected["requests"])


SENT = """\
language: 1
name: sent
version: 1.0.0
input: {as: batch, schema: ./batch.schema.json}
outputs:
  hook:
    body: none
    server: {url: "https://hooks.example.com"}
    request: {path: "/{{ batch.id }}", headers: {Key: batch.key}}
rules:
  - {rule: hook, output: hook}
"""


def test_servers_and_headers_are_expected_too(runner: golden.GoldenRunner) -> None:
    Path("sent.yaml").write_text(SENT, "utf-8")
    text = "mapping: sent.yaml\ntests:\n- {test: a, input: {id: 1, key: k}, expect: {}}\n"
    made = updated(text, runner).text
    (outcome,) = outcomes(made, runner)
    assert outcome.passed
    cases = (
        ("//hooks.", "//x.", "server", 8),
        ("path: /1", "path: /2", "path", 9),
        ("Key: k", "Key: x", "headers/Key", 9),
    )
    for old, new, part, line in cases:
        assert made.count(old) == 1
        (outcome,) = outcomes(made.replace(old, new), runner)
        ((where, (rule,)),) = [(one.pointer, one.rules) for one in outcome.differences]
        assert (where, rule.name) == (f"/requests/0/{part}", "output hook")
        assert rule.place is not None
        assert rule.place.line == line
