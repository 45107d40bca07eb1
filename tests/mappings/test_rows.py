"""The rows of the mapping's specification and its rules correspond: none is missing on either side."""

import re
from collections import Counter
from functools import cache

import pytest

from moemap.engine.api import load
from moemap.engine.checks.shared.opening import Opening
from moemap.engine.golden import files as goldenfile
from moemap.engine.language.rulebook import EntryRule, Field, ObjectSource
from moemap.engine.source.homes import MAPPINGS

FOLDER = MAPPINGS / "mparticle-moengage" / "v1"
ROWS = re.findall(r"^\| `([^`]+)` \|", (FOLDER / "ROWS.md").read_text("utf-8"), re.MULTILINE)


@cache
def references() -> dict[str, set[str]]:
    """The rows that rules, their fields and entry rules name, with the rules that name them."""
    found: dict[str, set[str]] = {}

    def note(part: Field | EntryRule, rule: str) -> None:
        for row in part.reference:
            found.setdefault(row, set()).add(rule)

    def visit(source: object, rule: str) -> None:
        if isinstance(source, ObjectSource):
            for field in source.fields:
                note(field, rule)
                visit(field.source, rule)
            for spread in source.spreads:
                for entry in spread.entries:
                    note(entry, rule)

    for rule in load("mparticle-moengage@1").rulebook.rules:
        for row in rule.reference:
            found.setdefault(row, set()).add(rule.name)
        visit(rule.body, rule.name)
    return found


def test_every_row_stands_once() -> None:
    assert [row for row, number in Counter(ROWS).items() if number > 1] == []
    assert len(ROWS) == 82


@pytest.mark.parametrize("row", ROWS)
def test_a_rule_fulfils_the_row(row: str) -> None:
    assert references().get(row), f"no rule names the row {row}"


def test_rules_name_no_unknown_rows() -> None:
    assert {row: rules for row, rules in references().items() if row not in ROWS} == {}


@pytest.mark.slow
def test_golden_tests_cover_every_row_and_no_unknown_one() -> None:
    covered, opening = set(), cache(Opening)
    for path in sorted((FOLDER / "tests").glob("*.yaml")):
        tests, problems, _ = goldenfile.load(path, path.name, opening)
        assert tests is not None, problems
        covered |= {row for test in tests.tests for row in test.covers}
    assert covered == set(ROWS)
