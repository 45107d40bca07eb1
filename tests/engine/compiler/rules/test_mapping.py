"""The compiled mapping against the interpreter, which is the meaning of the rules: equal in everything."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from moemap.engine import compiler
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.engine.language.installed import locate
from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.runtime.result import Result
from moemap.tests.effort import effort
from moemap.tests.engine.damage import damaged

EXAMPLES = Path(__file__).parents[4] / "examples"
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "all on": {
        "identity": "mpid",
        "objects": True,
        "tags": True,
        "unset_attributes": True,
        "push": True,
        "time_precision": "milliseconds",
    },
    "gated": {
        "identity": "email",
        "tags": "true",
        "push": True,
        "require_gdpr_purpose": "marketing",
        "respect_ccpa_opt_out": True,
        "project_name_from": "brand_name",
        "project_names": ["A"],
        "project_code": "c",
    },
}
Difference = Callable[[Result, Result], str]


def rulebook(name: str) -> Rulebook:
    path = locate("mparticle-moengage")
    assert path is not None
    loaded = load(path, SETTINGS[name])
    assert loaded.rulebook is not None
    return loaded.rulebook


@pytest.fixture(scope="module", params=list(SETTINGS))
def both(request: pytest.FixtureRequest) -> tuple[Interpreter, compiler.Compiled]:
    """The interpreter and the compiled form of the shipped mapping."""
    book = rulebook(request.param)
    return Interpreter(book), compiler.compile(book)


def samples() -> Iterator[tuple[str, Any]]:
    for path in sorted(EXAMPLES.glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        for number, batch in enumerate(content if isinstance(content, list) else [content]):
            yield f"{path.name} {number}", batch


@pytest.mark.slow
def test_samples(both: tuple[Interpreter, compiler.Compiled], difference: Difference) -> None:
    interpreter, compiled = both
    for name, batch in samples():
        wanted, given = interpreter.run(batch), compiled.transform(batch)
        assert not difference(wanted, given), f"{name}: {difference(wanted, given)}"


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(effort(1, 4)))
def test_damaged_samples(
    both: tuple[Interpreter, compiler.Compiled], difference: Difference, grammar: ModuleType, seed: int
) -> None:
    interpreter, compiled = both
    batches = [batch for _, batch in samples()]
    codes: set[str] = set()
    for number in range(seed * 400, seed * 400 + effort(150, 400)):
        dice = grammar.Dice(number)
        batch = damaged(dice, dice.choice(batches))
        wanted, given = interpreter.run(batch), compiled.transform(batch)
        assert not difference(wanted, given), f"{difference(wanted, given)}\n{json.dumps(batch)}"
        codes.update(problem.code for problem in wanted.problems)
    assert len(codes) >= 4, "the damage should be of many kinds"


@pytest.mark.slow
@pytest.mark.parametrize(
    "batch", [None, [], "text", 1, True, {"a": float("nan")}, {1: 2}, {"a": "\ud800"}, {"a": (1,)}, {}, {"events": 5}]
)
def test_what_is_no_batch(both: tuple[Interpreter, compiler.Compiled], difference: Difference, batch: Any) -> None:
    interpreter, compiled = both
    assert not difference(interpreter.run(batch), compiled.transform(batch))


@pytest.mark.slow
def test_bodies_that_pass_a_limit(both: tuple[Interpreter, compiler.Compiled], difference: Difference) -> None:
    interpreter, compiled = both
    batch = json.loads((EXAMPLES / "custom_event_all_attribute_types.json").read_text("utf-8"))
    event = batch["events"][0]
    for texts, events in ((500, 300), (127_000, 3), (130_000, 2), (600, 1)):
        attributes = {"long": "x" * texts}
        long = {**event, "data": {**event["data"], "custom_attributes": attributes}}
        large = {**batch, "events": [copy.deepcopy(long) for _ in range(events)]}
        wanted, given = interpreter.run(large), compiled.transform(large)
        assert not difference(wanted, given), difference(wanted, given)[:2000]


@pytest.mark.slow
def test_the_source_is_the_same_each_time() -> None:
    assert compiler.source_of(rulebook("defaults")) == compiler.source_of(rulebook("defaults"))
    assert compiler.source_of(rulebook("defaults")) != compiler.source_of(rulebook("all on"))


@pytest.mark.slow
def test_settings_are_folded() -> None:
    switched_off = compiler.source_of(rulebook("defaults"))
    assert "# rule push-registration" not in switched_off
    assert "# rule gdpr-gate" not in switched_off
    assert "# rule push-registration" in compiler.source_of(rulebook("all on"))
