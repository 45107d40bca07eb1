"""Suggested tests for mutants: they pass, and find what they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine.insight.suggestions import text
from moemap.engine.mutation.suggestions import suggestions
from moemap.tests.engine.mutation.mapping import TESTS, mutated


@pytest.mark.slow
def test_suggestions_pass_and_find_the_mutants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = mutated(Path())
    missed = [one for one in before.mutants if before.verdict(one).status in ("survived", "not covered")]
    found, again = (suggestions(before.tested, missed, 400, lambda _line: None) for _ in range(2))
    assert [one.batch for one in found] == [one.batch for one in again]
    named = {mutant.id for one in found for mutant in one.mutants}
    assert len(named) > len(missed) / 2
    assert "test: finds that rule order, size" in text(found).replace('"', "")
    more = text(found).partition("tests:\n")[2]
    after = mutated(Path(), tests=TESTS + more)
    assert {name for name in named if after.verdicts[name].status != "killed"} == set()
