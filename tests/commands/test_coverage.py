"""`moemap test --coverage`: the list, the files, and the minimum share."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from moemap.cli import main
from moemap.tests.docs.examples import Block, write

TESTS = """\
tests:
  - test: an event
    input: {events: [{name: a}]}
    expect: {requests: [{output: event, method: POST, path: /v1/event, query: {}, body: {name: a}}]}
"""
MAPPING = "rules:\n  - {rule: event, route: events, when: event.name, output: event, fields: {name: event.name}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write([Block("mapping.yaml", MAPPING, 1)], Path())
    Path("tests.yaml").write_text(TESTS, "utf-8")


def coverage(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["test", *arguments, "tests.yaml"])


def test_the_list_comes_before_the_count_of_tests() -> None:
    result = coverage("--coverage")
    assert result.exit_code == 0, result.output
    assert "2  rule event: `when` does not hold: event.name\n" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("branches taken (50.0 %), 2 that no input can take")


def test_a_least_share() -> None:
    assert coverage("--fail-under", "50").exit_code == 0
    result = coverage("--fail-under", "99.5")
    assert result.exit_code == 1
    assert "% of the branches are taken, less than 99.5 %\n" in result.stderr


def test_of_a_mapping_without_tests_no_branch_is_taken() -> None:
    Path("tests.yaml").unlink()
    Path("tests").mkdir()
    result = CliRunner().invoke(main, ["test", ".", "--coverage", "--suggest", "tests/suggested.yaml"])
    assert (result.exit_code, result.stderr.splitlines()[0]) == (0, "no tests found")
    assert "branches taken (0.0 %)" in result.stdout
    again = CliRunner().invoke(main, ["test", ".", "--coverage", "--fail-under", "100"])
    assert (again.exit_code, again.stdout.partition(" passed, ")[2][:8]) == (0, "0 failed")


def test_files_by_their_ending() -> None:
    outputs = [word for name in ("c.html", "c.json", "c.info") for word in ("--coverage-output", name)]
    assert coverage(*outputs).exit_code == 0
    starts = {name: Path(name).read_text("utf-8")[:6] for name in ("c.html", "c.json", "c.info")}
    assert starts == {"c.html": "<!doct", "c.json": '{\n  "t', "c.info": "TN:\nSF"}
    result = coverage("--coverage-output", "c.xml")
    assert result.exit_code == 2
    assert "--coverage-output c.xml: the name must end in .json, .info, .html" in result.stderr


def test_without_these_options_nothing_is_counted() -> None:
    assert coverage().stdout == "1 passed, 0 failed\n"


def test_over_a_corpus() -> None:
    Path("batches.ndjson").write_text('{"events": [{"name": "a"}, {}]}\n' * 3, "utf-8")
    run = CliRunner().invoke
    result = run(main, ["transform", "--coverage", "--coverage-output", "c.json", "--mapping", ".", "batches.ndjson"])
    assert result.exit_code == 0, result.output
    assert "     2  3  rule event: it takes an element and maps it\n" in result.stdout
    assert result.stderr == "3 batches\n"
    assert Path("c.json").exists()
    result = run(main, ["transform", "--coverage", "--mapping", ".", "-"], input="{\n")
    assert (result.exit_code, result.stderr) == (
        1,
        "0 batches, 1 unreadable\n1 record cannot be read; first in <stdin>:1: the record is not JSON: "
        "unexpected end of data (character 2)\n",
    )
    result = run(main, ["transform", "--coverage", "--mapping", ".", "-"], input="null\n{}\n")
    assert (result.exit_code, result.stderr) == (
        1,
        "1 batch, 1 unreadable\n1 record cannot be read; first in <stdin>:1: a batch must be an object, not null\n",
    )


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["-o", "results"], "--coverage cannot be combined with --output: there are no results"),
        (["--coverage-output", "c.xml"], "--coverage-output c.xml: the name must end in .json, .info, .html"),
    ],
)
def test_over_a_corpus_there_are_no_results(arguments: list[str], wanted: str) -> None:
    result = CliRunner().invoke(main, ["transform", "--coverage", "--mapping", ".", *arguments, "-"], input="{}")
    assert result.exit_code == 2
    assert wanted in result.stderr


def test_only_what_changed_since_a_revision() -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    assert coverage("--coverage", "--against", "HEAD", "--fail-under", "100").exit_code == 0
    Path("mapping.yaml").write_text(Path("mapping.yaml").read_text("utf-8").replace("when: event.name, ", ""), "utf-8")
    result = coverage("--coverage", "--against", "HEAD", "--fail-under", "100")
    assert result.exit_code == 1
    assert "route events" not in result.stdout
    assert "rule event: no field has a value\n" in result.stdout
    assert coverage("--coverage", "--against", "nowhere").exit_code == 2
    assert "--against needs --mutate or --coverage" in coverage("--against", "HEAD").stderr
