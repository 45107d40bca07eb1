"""The mappings of the examples: without problems, proven, and tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine import golden
from moemap.engine.insight import explained
from moemap.engine.inspection import inspect_paths
from moemap.engine.proof.prover import prove

EXAMPLES = Path(__file__).parents[2] / "examples" / "mappings"
MAPPINGS = sorted(path.parent for path in EXAMPLES.rglob("mapping.yaml"))


@pytest.mark.parametrize("folder", MAPPINGS, ids=lambda folder: folder.name)
def test_mapping(folder: Path) -> None:
    found = inspect_paths([str(folder)])
    skipped = [one.path.name for one in found.skipped if one.path.name != explained.FILE]  # `moemap test` reads it
    assert (found.problems, skipped) == ((), [])
    (rulebook,) = found.rulebooks.values()
    assert [output.verdict for output in prove(rulebook).outputs] == ["proven"]
    runner, tested = golden.GoldenRunner(), set()
    for path in golden.discover([folder]):
        file, problems, _ = golden.load(path, path.name, runner.opening)
        assert file is not None, problems
        outcomes = [runner.run(file, test) for test in file.tests]
        assert [golden.text(outcome, color=False) for outcome in outcomes if not outcome.passed] == []
        for outcome in outcomes:
            for result in outcome.results:
                tested |= {skipped.rule for skipped in result.skipped}
                tested |= {str(request.body.get("text", "")).split()[-1] for request in result.requests}
    skipping = {rule.name for rule in rulebook.rules if rule.skip is not None}
    assert skipping <= tested
    assert {path.name for path in (folder / "samples").iterdir()} <= {
        test.input_file.name
        for path in golden.discover([folder])
        for file in [golden.load(path, path.name, runner.opening)[0]]
        if file is not None
        for test in file.tests
        if test.input_file is not None
    }
