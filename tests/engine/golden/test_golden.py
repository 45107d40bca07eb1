"""Golden tests run against a small mapping: what passes, how failures look, and how expectations are updated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moemap.engine import golden
from moemap.engine.checks.shared.opening import Opening
from moemap.engine.golden.diff import canonical
from moemap.engine.golden.rewrite import block

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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _current_folder(folder: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield


@pytest.fixture(scope="module")
def runner() -> golden.GoldenRunner:
    """One for all tests, so that the mapping is read once."""
    return golden.GoldenRunner()


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


# Passing and failing


def test_what_is_expected_passes(runner: golden.GoldenRunner) -> None:
    (outcome,) = outcomes(PASSING, runner)
    assert outcome.passed
    assert len(outcome.results) == 1


@pytest.mark.parametrize(
    ("old", "new", "differences"),
    [
        ("15.0", "15", ["/requests/0/body/actions/0/attributes/total"]),  # only the type differs
        ("15.0", '"15"', ["/requests/0/body/actions/0/attributes/total"]),
        ('id: "1"', "id: 1", ["/requests/0/body/actions/0/attributes/items/0/id"]),
        ("currency: EUR, total: 15.0,", "total: 15.0, currency: EUR,", []),
        ("          path: /v1/event\n", "", ["/requests/0/path"]),
        ("rule: ping, ", "", ["/skipped/0/rule"]),
        ("      problems: [{code: M505, rule: refund}]\n", "", ["/problems/0"]),
        ("code: M505, rule: refund", "", []),
        ("rule: refund", "rule: null", ["/problems/0/rule"]),
        ("rule: refund", "input: /events/1/total, output: /actions/1/attributes/total, severity: warning", []),
        ("code: M505", 'hint: null, message: "\\"abc\\" cannot become double: it is not a decimal number"', []),
    ],
)
def test_exact(old: str, new: str, differences: list[str], runner: golden.GoldenRunner) -> None:
    assert PASSING.count(old) == 1
    assert differing(PASSING.replace(old, new), runner) == differences


@pytest.mark.parametrize(
    ("expect", "differences"),
    [
        ("{requests: [{output: event}]}", []),
        ("{requests: [{body: {actions: [{}, {attributes: {note: late}}]}}]}", []),
        ("{requests: [{body: {actions: [{}]}}]}", ["/requests/0/body/actions/1"]),
        ("{requests: []}", ["/requests/0"]),
        ("{requests: [{}, {}]}", ["/requests/1"]),
        ("{skipped: [{reason: pings are not mapped}], problems: [{}]}", []),
        ("{problems: []}", ["/problems/0"]),
        (
            "{requests: [{body: {actions: [{action: Refund}, {action: Purchase}]}}]}",
            ["/requests/0/body/actions/0", "/requests/0/body/actions/1"],
        ),
        ("{requests: [{body: {customer: null}}]}", ["/requests/0/body/customer"]),
    ],
)
def test_partial(expect: str, differences: list[str], runner: golden.GoldenRunner) -> None:
    assert differing(one_test(expect, "partial"), runner) == differences


def test_several_batches(runner: golden.GoldenRunner) -> None:
    text = one_test("[{skipped: [{pointer: ''}]}, {requests: []}, {}]", input="    input: [{}, [], {}]\n")
    (outcome,) = outcomes(text, runner)
    assert [(one.headline, one.pointer) for one in outcome.differences] == [
        ("/0/skipped/0", "/0/skipped/0"),
        ("/1/problems/0", "/1/problems/0"),
    ]
    assert len(outcome.results) == 3


def test_settings(runner: golden.GoldenRunner) -> None:
    text = PASSING.replace("    input:", "    settings: {source: web}\n    input:")
    assert differing(text, runner) == ["/requests/0/query/source"]
    assert differing(text.replace("{source: shop}", "{source: web}"), runner) == []


def test_a_mapping_is_read_once_for_all_settings() -> None:
    read = []

    def counted(path: Path) -> Opening:
        read.append(path)
        return Opening(path)

    file = file_of(
        "tests:\n"
        "- {test: a, input: {}, expect: {}}\n"
        "- {test: b, input: {}, expect: {}, settings: {source: x}}\n"
        "- {test: c, input: {}, expect: {}, settings: {source: y}}\n"
        "- {test: d, input: {}, expect: {}}\n"
    )
    runner = golden.GoldenRunner(counted)
    assert all(runner.run(file, test).passed for test in file.tests)
    assert read == [file.mapping]


# The text of failures


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "attributes: {currency: USD, ",
            "attributes: {currency: EUR, ",
            """
  /requests/0/body/actions/1/attributes/currency
    expected  "EUR"
    actual    "USD"
    rule      refund   mapping.yaml:37:21""",
        ),
        (
            "attributes: {currency: USD, ",
            "attributes: {currency: USD, total: 1.0, ",
            """
  /requests/0/body/actions/1/attributes/total
    expected  1.0
    actual    (absent)
    rule      refund   mapping.yaml:38:18""",
        ),
        (
            "USD, note: late",
            "USD, note: soon",
            """
  /requests/0/body/actions/1/attributes/note
    expected  "soon"
    actual    "late"
    rule      refund   mapping.yaml:36:9""",
        ),
        (
            '{id: "1"}, ',
            "",
            """
  /requests/0/body/actions/0/attributes/items/0
    expected  (absent)
    actual    {"id": "1"}
    rule      purchase   mapping.yaml:28:18""",
        ),
        (
            '              - action: Refund\n                attributes: {currency: USD, note: late}\n',
            "",
            """
  /requests/0/body/actions/1
    expected  (absent)
    actual    {"action": "Refund", "attributes": {"currency": "USD", "note": "late"}}
    rule      refund   mapping.yaml:29:11""",
        ),
        (
            "              - action: Refund\n",
            "              - {action: Cancel}\n              - action: Refund\n",
            """
  /requests/0/body/actions/1
    expected  {"action": "Cancel"}
    actual    (absent)""",
        ),
        (
            "customer: u",
            "customer: v",
            """
  /requests/0/body/customer
    expected  "v"
    actual    "u"
    rule      output event   mapping.yaml:12:17""",
        ),
        (
            "{source: shop}",
            "{}",
            """
  /requests/0/query/source
    expected  (absent)
    actual    "shop"
    rule      output event   mapping.yaml:10:62""",
        ),
        (
            "method: POST",
            "method: PUT",
            """
  /requests/0/method
    expected  "PUT"
    actual    "POST"
    rule      output event   mapping.yaml:9:5""",
        ),
        (
            "pings are not mapped}",
            "none}",
            """
  /skipped/0/reason
    expected  "none"
    actual    "pings are not mapped"
    rule      ping   mapping.yaml:40:11""",
        ),
        (
            "      skipped: [",
            "      skipped: [{rule: refund}, {rule: x}, ",
            """
  /skipped/0
    expected  {"rule": "refund"}
    actual    (absent)
    rule      refund   mapping.yaml:29:11
  /skipped/1
    expected  {"rule": "x"}
    actual    (absent)""",
        ),
        (
            "code: M505",
            "code: M504",
            """
  /problems/0/code
    expected  "M504"
    actual    "M505"
    rule      refund   mapping.yaml:38:18""",
        ),
    ],
)  # fmt: skip
def test_text_of_a_failure(old: str, new: str, lines: str, runner: golden.GoldenRunner) -> None:
    assert PASSING.count(old) == 1
    (outcome,) = outcomes(PASSING.replace(old, new), runner)
    assert golden.text(outcome, color=False) == f"FAIL all kinds   tests.yaml:2:11{lines}"


def test_rules_that_cannot_be_told_apart_are_all_named(runner: golden.GoldenRunner) -> None:
    events = [("purchase", "A"), ("purchase", "B"), ("refund", "B")]
    batch = {"events": [{"type": type_, "currency": currency} for type_, currency in events]}
    expect = "{requests: [{body: {actions: [{}, {attributes: {total: 1.0}}, {attributes: {total: 1.0}}]}}]}"
    (outcome,) = outcomes(one_test(expect, "partial", f"    input: {json.dumps(batch)}\n"), runner)
    named = [[f"{rule.name} {rule.place}" for rule in one.rules] for one in outcome.differences]
    assert named == [["purchase mapping.yaml:27:18"], ["refund mapping.yaml:38:18"]]
    (outcome,) = outcomes(
        one_test(expect.replace("total", "currency"), "partial", f"    input: {json.dumps(batch)}\n"), runner
    )
    named = [[f"{rule.name} {rule.place}" for rule in one.rules] for one in outcome.differences]
    assert named == [["purchase mapping.yaml:26:21"], ["refund mapping.yaml:37:21"]]


def test_text_of_many_differences(runner: golden.GoldenRunner) -> None:
    events = "    input: {events: [" + ", ".join(["{type: ping}"] * 25) + "]}\n"
    (outcome,) = outcomes(one_test("{}", input=events), runner)
    shown = golden.text(outcome, color=False)
    assert shown.endswith("  ... and 5 more differences")
    assert shown.count("expected") == 20


def test_text_in_color(runner: golden.GoldenRunner) -> None:
    (outcome,) = outcomes(PASSING.replace("customer: u", "customer: v"), runner)
    first = golden.text(outcome, color=True).splitlines()[0]
    assert first == "\x1b[1;31mFAIL\x1b[0m all kinds   \x1b[1;34mtests.yaml:2:11\x1b[0m"


def test_names_cannot_steer_the_terminal(runner: golden.GoldenRunner) -> None:
    (outcome,) = outcomes(PASSING.replace("all kinds", '"\\e[2J"').replace("customer: u", "customer: v"), runner)
    assert golden.text(outcome, color=False).startswith("FAIL \\u001b[2J   tests.yaml:2:11\n")


def test_a_mapping_that_cannot_be_loaded(runner: golden.GoldenRunner, folder: Path) -> None:
    main = "language: 1\nname: no-input\nversion: 1.0.0\nsettings: {source: {type: string, default: a}}\noutputs: {}\n"
    (folder / "no-input.yaml").write_text(main)
    text = "{mapping: no-input.yaml, tests: [{test: t, settings: {sorce: x, source: 5}, input: {}, expect: {}}]}"
    (outcome,) = outcomes(text, runner)
    assert not outcome.passed
    assert golden.text(outcome, color=False) == (
        "FAIL t   tests.yaml:1:41\n"
        "  M115  no setting 'sorce' is declared   tests.yaml:1:62\n"
        "  M116  the setting 'source' must be of type string, not 5   tests.yaml:1:73\n"
        "  M103  the mapping needs the key 'input'   no-input.yaml:4:1"
    )
    assert golden.problems(outcome) == outcome.problems
    assert golden.update(outcome_file := file_of(text), [outcome]).text == outcome_file.source.text


def test_failures_as_problems(runner: golden.GoldenRunner) -> None:
    text = PASSING.replace("attributes: {currency: USD, ", "attributes: {currency: EUR, ").replace('{id: "1"}, ', "")
    (outcome,) = outcomes(text, runner)
    assert [(p.code, p.message, str(p.place), p.rule) for p in golden.problems(outcome)] == [
        (
            "M601",
            'the test \'all kinds\' expects nothing at /requests/0/body/actions/0/attributes/items/0, not {"id": "1"}',
            "tests.yaml:19:66",
            "purchase",
        ),
        (
            "M601",
            'the test \'all kinds\' expects "EUR" at /requests/0/body/actions/1/attributes/currency, not "USD"',
            "tests.yaml:21:40",
            "refund",
        ),
    ]
    (passed,) = outcomes(PASSING, runner)
    assert golden.problems(passed) == ()


# Bringing expectations up to date


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
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
