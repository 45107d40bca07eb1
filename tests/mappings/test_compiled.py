"""The golden tests hold, and for compiled code too: `moemap test` evaluates rules with the interpreter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import settings

from moemap.engine import compiler, golden
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Result

pytestmark = pytest.mark.slow


class Remembering(Interpreter):
    """An interpreter that keeps the batches it maps, with their results."""

    def __init__(self, rulebook: Rulebook) -> None:
        super().__init__(rulebook)
        self.results: list[tuple[Any, Result]] = []

    def run(self, batch: Any) -> Result:
        result = super().run(batch)
        self.results.append((batch, result))
        return result


@pytest.fixture(scope="module")
def run() -> tuple[golden.GoldenRunner, list[golden.Outcome]]:
    """The golden tests of the installed mappings, run."""
    runner, outcomes = golden.GoldenRunner(interpreter=Remembering), []
    for path in golden.discover():
        file, problems, _ = golden.load(path, path.name, runner.opening)
        assert file is not None, problems
        outcomes += [runner.run(file, test) for test in file.tests]
    return runner, outcomes


def test_golden_tests_pass(run: tuple[golden.GoldenRunner, list[golden.Outcome]]) -> None:
    _, outcomes = run
    assert [golden.text(outcome, color=False) for outcome in outcomes if not outcome.passed] == []
    assert len(outcomes) > 300


@pytest.mark.fuzz
def test_compiled_code_gives_the_results_of_the_interpreter(
    run: tuple[golden.GoldenRunner, list[golden.Outcome]],
) -> None:
    """With each second combination of settings of the golden tests, which are many and alike, and all in fuzzing."""
    runner, _ = run
    for interpreter in runner.interpreters[:: max(1, 200 // settings().max_examples)]:
        assert isinstance(interpreter, Remembering)
        compiled = compiler.compile(interpreter.rulebook)
        for batch, wanted in interpreter.results:
            assert json.dumps(compiled.transform(batch).to_json()) == json.dumps(wanted.to_json()), json.dumps(batch)
    assert len(runner.interpreters) > 20
