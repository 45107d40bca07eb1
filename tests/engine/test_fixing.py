"""`moemap check --fix`: its changes, its output, and what it leaves or refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main
from moemap.engine import fixing
from moemap.engine.inspection import inspect_paths

MAPPING = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./any.schema.json}
outputs:
  event: {schema: ./any.schema.json, request: {path: /v1}}
routes: {events: {each: batch.events, as: event}}
rules:
  - rule: order  # kept
    route: evnts
    when: evnt.type == "order" and !event.draft.is_set
    output: event
    fields:
      name: {form: event.name}
      kind: evnt.kind
"""
FIXED = (
    MAPPING.replace("evnts", "events")
    .replace("evnt.", "event.")
    .replace('"order" and !event.draft.is_set', "'order' && !(event.draft.is_set)")
    .replace("form:", "from:")
)


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("any.schema.json").write_text("{}", "utf-8")
    Path("mapping.yaml").write_text(MAPPING, "utf-8")


def test_hints_are_applied_until_nothing_is_left() -> None:
    assert check("mapping.yaml").exit_code == 1
    result = check("--fix", "mapping.yaml")
    assert Path("mapping.yaml").read_text("utf-8") == FIXED
    assert (result.exit_code, result.stdout) == (0, "1 file checked: no problems\n")
    said = [line.partition(" (")[0] for line in result.stderr.splitlines()]
    assert sorted(said) == [
        "fixed: mapping.yaml:10:12: evnts -> events",
        "fixed: mapping.yaml:11:11: evnt -> event",
        "fixed: mapping.yaml:11:24: \"order\" -> 'order'",
        "fixed: mapping.yaml:11:32: and -> &&",
        "fixed: mapping.yaml:11:35: !event.draft.is_set -> !(event.draft.is_set)",
        "fixed: mapping.yaml:14:14: form -> from",
        "fixed: mapping.yaml:15:13: evnt -> event",
    ]
    again = check("--fix", "mapping.yaml")
    assert (again.exit_code, again.stderr) == (0, "")
    assert Path("mapping.yaml").read_text("utf-8") == FIXED


def test_hints_that_do_not_help_are_left() -> None:
    text = FIXED.replace("from: event.name", "from: 'event.name == \"order\"'")  # quotes in quotes
    Path("mapping.yaml").write_text(text, "utf-8")
    result = check("--fix", "mapping.yaml")
    assert "fixed:" not in result.stderr
    assert Path("mapping.yaml").read_text("utf-8") == text


def test_tests_and_text_of_several_lines() -> None:
    text = FIXED.replace(
        "    when: event.type == 'order' && !(event.draft.is_set)\n",
        '    when: |\n      event.type == "order"\n      && !event\n      .draft.is_set == event.x\n',
    )
    tests = "tests:\n  - test: one\n    inptu: {}\n    match: partail\n    expect: {skiped: []}\n"
    Path("mapping.yaml").write_text(text.replace("\n", "\r\n"), "utf-8", newline="")
    Path("tests").mkdir()
    Path("tests/a.yaml").write_text(tests, "utf-8")
    result = check("--fix", ".")
    assert result.exit_code == 0, result.stderr
    fixed = text.replace('"order"', "'order'").replace("!event\n      .draft.is_set", "!(event\n      .draft.is_set)")
    with Path("mapping.yaml").open(encoding="utf-8", newline="") as file:
        assert file.read() == fixed.replace("\n", "\r\n")
    fixed = tests.replace("inptu", "input").replace("partail", "partial").replace("skiped", "skipped")
    assert Path("tests/a.yaml").read_text("utf-8") == fixed


def test_edits_are_data() -> None:
    problems = json.loads(check("--format", "json", "mapping.yaml").stdout)["problems"]
    edits = {one["edit"]["text"]: one["edit"] for one in problems if one["edit"] is not None}
    assert edits["events"] == {
        "file": "mapping.yaml",
        "line": 10,
        "column": 12,
        "end_line": 10,
        "end_column": 17,
        "text": "events",
    }


def test_files_that_changed_meanwhile_stay() -> None:
    found = fixing.fixed(lambda texts: inspect_paths(["mapping.yaml"], texts))
    assert found.fixes
    Path("mapping.yaml").write_text(MAPPING + "# more\n", "utf-8")
    with pytest.raises(fixing.ChangedError, match=r"^mapping.yaml has changed meanwhile, so nothing was written$"):
        fixing.write(found)
    assert Path("mapping.yaml").read_text("utf-8") == MAPPING + "# more\n"
