"""Golden tests run: what passes, what fails, and how a failure is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from moemap.engine import golden
from moemap.engine.checks.shared.opening import Opening
from moemap.tests.engine.golden.shop import FILES, PASSING, differing, file_of, one_test, outcomes

pytestmark = pytest.mark.usefixtures("_in_the_folder")


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
def test_each_change_of_an_expectation_is_a_difference(
    old: str, new: str, differences: list[str], runner: golden.GoldenRunner
) -> None:
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


AROUND = """\
server: {url: "https://{dc}.example", headers: {Key: "{key}"}}
bulk:
  schema: ./batch.schema.json
  request: {path: /v1/bulk, query: {source: settings.source}}
  fields: {kind: {const: all}}
  elements: bodies
  max_bytes: 1000
"""


@pytest.mark.parametrize(
    ("expect", "differences"),
    [
        ('{server: {url: "https://{dc}.example"}}', []),
        ('{server: {url: "https://{dc}.example", headers: {Key: "{key}"}}}', []),
        ('{server: {url: "https://{dc}.example", headers: {Key: x}}}', ["/server/headers/Key"]),
        ("{server: {url: x}}", ["/server/url"]),
        ("{bulk: [{path: /v1/bulk, query: {source: shop}, body: {kind: all, bodies: [{actions: [{}, {}]}]}}]}", []),
        ("{bulk: [{body: {bodies: []}}]}", ["/bulk/0/body/bodies/0"]),
        ("{bulk: []}", ["/bulk/0"]),
    ],
)
def test_what_is_beside_the_result(
    expect: str, differences: list[str], folder: Path, runner: golden.GoldenRunner
) -> None:
    (folder / "around.yaml").write_text(FILES["mapping.yaml"] + AROUND)
    assert differing(f"mapping: around.yaml\n{one_test(expect, 'partial')}", runner) == differences


def test_a_mapping_without_server_and_bulk_requests(runner: golden.GoldenRunner) -> None:
    assert differing(one_test("{server: {url: null}, bulk: []}", "partial"), runner) == []


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
