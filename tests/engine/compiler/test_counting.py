"""Instrumented code counts the decisions that the interpreter takes: on all samples, golden tests and random rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api, golden
from moemap.engine.compiler.counting import DecisionCounter
from moemap.engine.golden.runner import GoldenRunner
from moemap.engine.insight.branches import branches_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Result
from moemap.tests.effort import effort
from moemap.tests.engine.grammar import batch as random_batch
from moemap.tests.engine.random_rulebooks import random_rulebook

ROOT = Path(__file__).parents[3]
SAMPLES = sorted((ROOT / "examples").glob("*.json"))


def check(rulebook: Rulebook, batches: list[Any]) -> int:
    """Compares the counts of each batch; returns how many the code counted itself."""
    counter, interpreter, catalogue = DecisionCounter(rulebook), Interpreter(rulebook), branches_of(rulebook)
    counter.prepare()
    alone = 0
    for batch in batches:
        alone += counter.count(batch)
        found = counter.take()
        hits: dict[tuple[int, str], int] = {}
        interpreter.count(batch, hits)
        for key, branch in catalogue.by_outcome.items():
            assert found[key] == hits.get(key, 0), (branch.text, str(branch.place), batch)
    return alone


@pytest.mark.slow
def test_samples_of_the_shipped_mapping() -> None:
    contents = [json.loads(path.read_text("utf-8")) for path in SAMPLES]
    batches = [one for content in contents for one in (content if isinstance(content, list) else [content])]
    assert check(api.load("mparticle-moengage").rulebook, batches) > len(batches) * 0.8


class Recording(Interpreter):
    """An interpreter that keeps the batches it maps."""

    def __init__(self, rulebook: Rulebook) -> None:
        super().__init__(rulebook)
        self.batches: list[Any] = []

    def run(self, batch: Any) -> Result:
        self.batches.append(batch)
        return super().run(batch)


@pytest.mark.slow
@pytest.mark.fuzz
def test_golden_inputs() -> None:
    runner = GoldenRunner(interpreter=Recording)
    for path in golden.discover([ROOT / "mappings", ROOT / "examples"]):
        file, _, _ = golden.load(path, path.name, runner.opening)
        assert file is not None
        for test in file.tests:
            runner.run(file, test)
    assert len(runner.interpreters) > 10
    used = [one for one in runner.interpreters if isinstance(one, Recording)]
    assert len(used) == len(runner.interpreters)
    for interpreter in sorted(used, key=lambda one: -len(one.batches))[: effort(4, None)]:
        check(interpreter.rulebook, interpreter.batches)


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(0, 400, 100))
def test_random_rulebooks(copy_limit: Callable[[int], int], seed: int) -> None:
    alone = 0
    for number in range(seed, seed + effort(40, 100)):
        made = random_rulebook(number)
        copy_limit(number)
        alone += check(made.rulebook, [random_batch(made.dice) for _ in range(10)])
    assert alone > 60
