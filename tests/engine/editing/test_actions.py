"""Offered changes resolve their problem and cause no other; generated tests pass; lenses count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings

from moemap.engine.diagnostics.problem import Problem
from moemap.engine.editing import actions as module
from moemap.engine.editing.actions import actions, golden_test, suggested_test
from moemap.engine.editing.cursor import offset_of, position_of
from moemap.engine.editing.data import Action, Edit, Position, Span
from moemap.engine.editing.lenses import lenses, measure, rule_result, uncovered
from moemap.engine.editing.state import EditingState
from moemap.engine.golden.files import load
from moemap.engine.golden.runner import GoldenRunner
from moemap.engine.inspection import inspect_paths
from moemap.engine.source.text import Source

from .conftest import FILES
from .test_completion import FIELD, FILE_NAMES, SHIPPED, opened
from .test_hover import MAPPING, ORDERS, shop

__all__ = ["shop"]

CASES: dict[str, tuple[str, str, str, str, str]] = {
    "the hint of a misspelt member": (
        ORDERS,
        FIELD,
        "    currency: order.kin¦d2",
        "quickfix M203: Change to 'kind'",
        "    currency: order.kind",
    ),
    "the hint of a misspelt key": (
        ORDERS,
        FIELD,
        "    currency: {frm¦: order.kind}",
        "quickfix M101: Change to 'from'",
        "    currency: {from: order.kind}",
    ),
    "an allowance beside the line": (
        ORDERS,
        FIELD,
        "    currency: order.kin¦d2",
        "quickfix M203: Allow M203 here",
        "    currency: order.kind2  # moemap: allow M203 because (say why)",
    ),
    "an allowance above a line with a comment": (
        ORDERS,
        FIELD,
        "    currency: order.kin¦d2  # of the order",
        "quickfix M203: Allow M203 here",
        "    # moemap: allow M203 because (say why)\n    currency: order.kind2  # of the order",
    ),
    "one more code that is allowed": (
        ORDERS,
        FIELD,
        "    currency: order.kin¦d2  # moemap: allow M206 because of old senders",
        "quickfix M203: Allow M203 here",
        "    currency: order.kind2  # moemap: allow M206, M203 because of old senders",
    ),
    "all hints of a file": (
        ORDERS,
        FIELD,
        "    currency: order.kin¦d2\n    a: order.vp",
        "source : Fix all 2 problems with a safe hint",
        "    currency: order.kind\n    a: order.vip",
    ),
    "a let that is added": (
        ORDERS,
        "  fields: {home: home, kind: {const: refund}}",
        "  fields: {home: home, kind: order.¦kind}",
        "refactor : Extract into the let 'kind'",
        "  let:\n    kind: order.kind\n  fields: {home: home, kind: kind}",
    ),
    "a let beside others": (
        ORDERS,
        "    kind: code",
        "    kind: \"join(¦'-', [order.kind, order.id])\"",
        "refactor : Extract into the let 'kind'",
        "    code: {from: order.kind, table: kinds}\n    kind: \"join('-', [order.kind, order.id])\"\n",
    ),
}


def offered(state: EditingState, path: Path, position: Position) -> dict[str, Action]:
    found = actions(state, path, Span(position, position))
    return {f"{one.kind} {one.code}: {one.title}": one for one in found}


def applied(state: EditingState, edits: tuple[Edit, ...]) -> None:
    """Opens the texts after some edits, which do not overlap."""
    for path in dict.fromkeys(edit.path for edit in edits):
        source = state.source(path) or Source(str(path), "", path)
        text = source.text
        for edit in sorted((edit for edit in edits if edit.path == path), key=lambda one: one.span, reverse=True):
            start, end = offset_of(source, edit.span.start), offset_of(source, edit.span.end)
            text = text[:start] + edit.text + text[end:]
        state.open(path, text)


def problems(state: EditingState, path: Path) -> Counter[tuple[str, str, str]]:
    found = [one for listed in state.diagnostics(path).values() for one in listed]
    return Counter((one.place.file if one.place else "", one.code, one.message) for one in found)


def errors(state: EditingState, path: Path) -> list[Problem]:
    return [one for listed in state.diagnostics(path).values() for one in listed if one.severity == "error"]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_changes_are_offered(case: str, shop: Path) -> None:
    file, old, new, title, text = CASES[case]
    state, path, position = opened(shop, file, old, new)
    found = offered(state, path, position)
    applied(state, found[title].edits)
    assert text in (state.text(path) or "")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_changes_have_the_line_ends_of_the_file(case: str, shop: Path) -> None:
    file, old, new, title, _ = CASES[case]
    state, path, position = opened(shop, file, old, new)
    state.open(path, (state.text(path) or "").replace("\n", "\r\n"))
    found = offered(state, path, position)
    applied(state, found[title].edits)
    assert "\n" not in (state.text(path) or "").replace("\r\n", "")


MISTAKES = [
    "    currency: order.kin¦d2",
    "    currency: evnt¦.kind",
    "    currency: settings.curency¦",
    "    currency: {frm¦: order.kind}",
    "    currency: {from: order.kind, type: strin¦g2}",
    "    currency: lenght(order.lines¦)",
    "    currency: order.kind = 'a¦'",
    "    currency: {from: order.kind, table: kin¦d}",
    "    currency: {from: order.kind, default: 1, required: tr¦ue}",
    "    currency: order.kind2¦  # why\n    a: order.vp",
    "    currency: join(',', [order.ki¦nd])",
    "    currency: {each: order.lines, as: line, value: line.nam¦e2}",
]


@pytest.mark.slow
@pytest.mark.parametrize("new", MISTAKES)
def test_each_change_resolves_its_problem_and_causes_no_other(new: str, shop: Path) -> None:
    state, path, position = opened(shop, ORDERS, FIELD, new)
    before, text = problems(state, path), state.text(path) or ""
    count = len(errors(state, path))
    for title, one in offered(state, path, position).items():
        applied(state, one.edits)
        after = problems(state, path)
        if one.code:
            assert sum(after[key] for key in after if key[1] == one.code) < sum(
                before[key] for key in before if key[1] == one.code
            ), title
        caused = [
            one for one in errors(state, path) if not before[one.place.file if one.place else "", one.code, one.message]
        ]
        assert caused == [], title
        if not count:
            assert not after - before, title
        for edit in one.edits:
            state.close(edit.path)
        state.open(path, text)


def test_entries_that_a_table_lacks_are_added(shop: Path) -> None:
    text = FILES["parts/tables.yaml"] + "  money: {entries: {EUR: Euro}, unlisted: keep}\n"
    (shop / "parts" / "tables.yaml").write_text(text)
    new = "    currency: {from: settings.currency, table: mo¦ney}"
    state, _, _ = opened(shop, ORDERS, FIELD, new)
    tables = shop / "parts" / "tables.yaml"
    at = position_of(state.source(tables) or Source("", ""), text.index("EUR"))
    found = offered(state, tables, at)
    applied(state, found["refactor : Add the missing entry 'USD' to the table"].edits)
    assert state.text(tables) == text.replace("{EUR: Euro}", "{EUR: Euro, USD: null}")


@pytest.mark.parametrize("is_new", [True, False])
def test_a_golden_test_of_the_sample_passes(shop: Path, is_new: bool) -> None:
    tests = shop / "tests" / "order.yaml"
    if not is_new:
        tests.write_text(
            "tests:\n  - test: first\n    input: {orders: []}\n    match: partial\n    expect: {requests: []}\n"
        )
    state, path, position = opened(shop, ORDERS, "    kind: code", "    kind: co¦de")
    (edit,) = offered(state, path, position)["source : Make a golden test of order.json"].edits
    assert edit.path == tests
    applied(state, (edit,))
    tests.write_text(state.text(tests) or "")
    found = inspect_paths([str(shop)]).problems
    assert [one.code for one in found if one.severity == "error"] == ["M133"]  # there before
    file, _, _ = load(tests, "order.yaml")
    assert file is not None
    assert [test.name for test in file.tests] == ["order: order.json"] if is_new else ["first", "order: order.json"]
    assert [GoldenRunner().run(file, test).passed for test in file.tests] == [True] * len(file.tests)
    again = golden_test(EditingState([shop]), shop / MAPPING, "order")
    assert [("order: order.json 2" in edit.text, edit.path) for edit in again] == [(True, tests)]


@pytest.mark.slow
def test_a_suggested_test_takes_a_branch_that_none_takes(shop: Path) -> None:
    state, main = EditingState([shop]), shop / MAPPING
    measured = measure(state, main)
    assert measured is not None
    before = {branch.id for branch in uncovered(measured, "order")}
    (edit,) = suggested_test(state, main, "order")
    assert edit.path == shop / "tests" / "order.yaml"
    applied(state, (edit,))
    edit.path.write_text(state.text(edit.path) or "")
    state.refresh()
    measured = measure(state, main)
    assert measured is not None
    assert {branch.id for branch in uncovered(measured, "order")} < before


def test_lenses_say_what_runs_a_rule_and_what_tests_take(shop: Path) -> None:
    state, path = EditingState([shop]), shop / ORDERS
    main = str(shop / MAPPING)
    measure(state, shop / MAPPING)
    lines = FILES[ORDERS].split("\n")
    found = [
        (lines[one.span.start.line - 1].strip(" -"), one.title, one.command, one.arguments)
        for one in lenses(state, path)
    ]
    assert found[:3] == [
        ("rule: order", "Run on order.json", "run_rule", (main, "order")),
        ("rule: order", "1 test", "run_tests", (main, "order")),
        ("rule: order", "15 of 24 branches", "show_uncovered", (main, "order")),
    ]
    assert [one[1:3] for one in found[3:6]] == [
        ("order.json does not reach it", ""),
        ("No tests", ""),
        ("0 of 4 branches", "show_uncovered"),
    ]
    text = rule_result(state, shop / MAPPING, "order")
    assert text is not None
    assert '"sample": "order.json"' in text
    assert '"kind": "Order"' in text


@pytest.mark.slow
@pytest.mark.fuzz
def test_each_extraction_of_the_shipped_mapping_holds() -> None:
    dice, state = Random(settings().max_examples), EditingState([SHIPPED])
    for _ in range(settings().max_examples // 20):
        path = SHIPPED / dice.choice(FILE_NAMES)
        text = state.text(path) or ""
        offset = dice.choice([at for at, character in enumerate(text) if character == "."])
        position = position_of(state.source(path) or Source("", ""), offset)
        before = problems(state, path)
        for one in actions(state, path, Span(position, position)):
            applied(state, one.edits)
            assert not problems(state, path) - before, one.title
            for edit in one.edits:
                state.close(edit.path)


def test_rules_are_added_for_values_that_none_is_for(shop: Path) -> None:
    schema = (shop / "schemas" / "in.schema.json").read_text()
    kinds = '"kind": {"enum": ["order", "refund", "gift card"], '
    (shop / "schemas" / "in.schema.json").write_text(schema.replace('"kind": {\n', f"{kinds}\n"))
    old = "- {rule: other, route: orders, reject: 'it''s no order: {{ order.kind }}'}\n"
    state, path, _ = opened(
        shop, ORDERS, f"  fields: {{home: home, kind: {{const: refund}}}}\n{old}", "  fields: {home: ¦home}\n"
    )
    line = (state.text(path) or "")[: (state.text(path) or "").index("rule: refund")].count("\n") + 1
    found = offered(state, path, Position(line, 10))
    applied(state, found["refactor : Add a rule for 'gift card' of order.kind"].edits)
    text = state.text(path) or ""
    assert text.endswith(
        "  fields: {home: home}\n\n"
        "- rule: gift-card\n  route: orders\n  when: \"order.kind == 'gift card'\"\n  skip: gift card is not sent\n"
    )
    assert [one.code for one in errors(state, path)] == ["M133"]  # of the part that nothing includes


@pytest.mark.slow
def test_only_what_the_whole_rule_sees_is_extracted(shop: Path) -> None:
    def titles(new: str, selected: str) -> list[str]:
        state, path, position = opened(shop, ORDERS, "    kind: code", new)
        end = Position(position.line, position.column + len(selected))
        return [one.title for one in actions(state, path, Span(position, end)) if "let" in one.title]

    assert titles("    kind: \"join('-', [¦order.kind, order.id])\"", "order.kind") == ["Extract into the let 'kind'"]
    assert titles("    kind: \"join('-', [¦order.kind, order.id])\"", "order.ki") == []
    assert titles('    kind: "order.lines[?¦id].name | [0]"', "id") == []
    assert titles("    kind: {each: order.lines, as: user, value: ¦user.id}", "user.id") == []
    assert titles("    kind: {each: order.lines, as: line, value: ¦order.id}", "order.id") == [
        "Extract into the let 'kind'"
    ]


def test_a_test_of_a_workspace_names_it(shop: Path) -> None:
    state, path = EditingState([shop]), shop / "acme.yaml"
    rule = FILES["acme.yaml"].replace("  when: order.vip\n", "  when: order.kind == 'order'\n")
    state.open(path, rule.replace("- rule: refund\n  fields: {home: null, extra: extra}\n", ""))
    (edit,) = golden_test(state, path, "vip")
    assert edit.path == shop / "tests" / "acme-vip.yaml"
    assert edit.text.startswith('workspace: "../acme.yaml"\n\ntests:\n  - test: ')
    applied(state, (edit,))
    assert state.mains(edit.path) == (path,)
    assert [one.code for one in errors(state, edit.path)] == []


def test_a_test_is_suggested_once_lenses_know_what_is_missing(shop: Path) -> None:
    state, path, position = opened(shop, ORDERS, "- rule: order\n", "- rule: or¦der\n")
    title = "source : Suggest a test for a branch that none takes"
    measure(state, shop / MAPPING)
    (edit,) = offered(state, path, position)[title].edits
    assert edit.path == shop / "tests" / "order.yaml"


def test_no_test_is_made_of_a_sample_that_is_too_large(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_TEXT", 100)
    assert golden_test(EditingState([shop]), shop / MAPPING, "order") == ()
