"""Suggested tests: they take the branches that they name, need what they have, and pass as golden tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine import api, golden
from moemap.engine.golden import files
from moemap.engine.insight.coverage import CountingInterpreter, coverage_of
from moemap.engine.insight.suggestions import suggestions, text
from moemap.tests.docs.examples import Block, write
from moemap.tests.engine.insight.test_coverage import MAPPING


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CountingInterpreter:
    monkeypatch.chdir(tmp_path)
    loaded = api.inspect(write([Block("mapping.yaml", MAPPING, 1)], Path()))
    assert loaded.rulebook is not None
    return CountingInterpreter(loaded.rulebook)


def test_all_branches_of_a_small_mapping_are_found(small: CountingInterpreter) -> None:
    found = suggestions(small.rulebook, coverage_of([small]), [], 3000, lambda _line: None)
    for one in found:
        small.run(one.batch)
    assert coverage_of([small]).share == 100
    assert len({branch.id for one in found for branch in one.branches}) == len(coverage_of([small]).branches)


def test_the_same_suggestions_each_time(small: CountingInterpreter) -> None:
    first, second = (suggestions(small.rulebook, coverage_of([small]), [], 300, lambda _line: None) for _ in range(2))
    assert first == second


def test_suggestions_pass_as_tests(small: CountingInterpreter) -> None:
    found = suggestions(small.rulebook, coverage_of([small]), [], 3000, lambda _line: None)
    path = Path("suggested.yaml")
    path.write_text(text(found), "utf-8")
    runner = golden.GoldenRunner()
    file, problems, _ = files.load(path, "suggested.yaml", runner.opening)
    assert file is not None, [problem.message for problem in problems]
    assert len(file.tests) == len(found)
    assert [
        golden.text(outcome, color=False) for one in file.tests if not (outcome := runner.run(file, one)).passed
    ] == []
