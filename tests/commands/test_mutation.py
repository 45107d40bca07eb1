"""`moemap test --mutate`: output, files and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main
from moemap.tests.docs.examples import Block, write
from moemap.tests.engine.mutation.mapping import MAPPING, TESTS

GOOD = """\
tests:
  - test: an event
    input: {events: [{name: a}, {}]}
    expect:
      requests: [{output: event, method: POST, path: /v1/event, query: {}, body: {name: a}}]
      skipped: [{pointer: /events/1, rule: event, reason: nothing to map}]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write([], Path())
    Path("tests.yaml").write_text(GOOD, "utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["test", "--mutate", "--jobs", "1", *arguments, "tests.yaml"])


def test_tests_that_find_all_mutants() -> None:
    result = run()
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        ["1 passed, 0 failed", "7 mutants: 7 killed, 0 survived"],
    )
    assert run().stdout.splitlines()[1] == "7 mutants: 7 killed, 0 survived (7 known from before)"


def test_survivors_are_listed_and_the_exit_code_is_1() -> None:
    write([Block("mapping.yaml", MAPPING, 1)], Path())
    Path("tests.yaml").write_text(TESTS, "utf-8")
    result = run("--mutate-output", "mutants.json")
    assert result.exit_code == 1
    assert "SURVIVED rule order, size: alternative 1 comes after the next   mapping.yaml:18:21\n" in result.stdout
    assert result.stdout.endswith("14 survived, 13 that no test covers, 1 proven equivalent\n")
    assert json.loads(Path("mutants.json").read_text("utf-8"))["schemaVersion"] == "2"


def test_other_formats_leave_standard_output_to_the_tests() -> None:
    result = run("--format", "json")
    assert json.loads(result.stdout)
    assert "7 mutants: 7 killed, 0 survived\n" in result.stderr


def test_no_mutants_while_tests_fail() -> None:
    Path("tests.yaml").write_text(GOOD.replace("body: {name: a}", "body: {name: b}"), "utf-8")
    result = run()
    assert result.exit_code == 1
    assert "mutants are run once all tests pass\n" in result.stderr
    assert "mutants:" not in result.stdout


def test_wrong_explanations_are_problems() -> None:
    Path("explained.yaml").write_text("mutants: [{mutant: a, change: b, reason: c}]", "utf-8")
    result = run()
    assert result.exit_code == 1
    assert "error[M605]: the mutant 'a' is explained, but there is no such mutant\n" in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (
            ["--mutate", "--budget", "soon"],
            "--budget soon: give a number of mutants such as 200, or a time such as 90s or 5m",
        ),
        (["--mutate", "--mutate-output", "m.html"], "--mutate-output m.html: the name must end in .json"),
        (["--budget", "9"], "--budget needs --mutate"),
        (["--seed", "9"], "--seed needs --mutate"),
        (["--mutate", "--against", "HEAD"], "--against HEAD: not a git repository"),
    ],
)
def test_wrong_use(arguments: list[str], wanted: str) -> None:
    result = CliRunner().invoke(main, ["test", *arguments, "tests.yaml"])
    assert result.exit_code == 2
    assert wanted in result.stderr


def test_a_budget() -> None:
    assert run("--budget", "3").stdout.endswith("7 mutants: 3 killed, 0 survived, 4 not run\n")
    assert run("--budget", "5m").stdout.endswith("7 mutants: 7 killed, 0 survived (3 known from before)\n")


@pytest.mark.slow
def test_suggested_tests_for_survivors() -> None:
    write([Block("mapping.yaml", MAPPING, 1)], Path())
    Path("tests.yaml").write_text(TESTS, "utf-8")
    result = run("--suggest", "suggested.yaml")
    assert result.exit_code == 1
    assert result.stderr.endswith(" mutants: suggested.yaml\n")
    assert CliRunner().invoke(main, ["test", "suggested.yaml"]).exit_code == 0
