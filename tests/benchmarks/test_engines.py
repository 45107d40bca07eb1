"""The code that moemap is compared with does the same work, and the figures are computed correctly."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

import moemap
from moemap.benchmarks import generate, many_rules, processes, shapes
from moemap.benchmarks.engines import Measured, engines, unvalidated
from moemap.benchmarks.table import Table, times
from moemap.engine.interpreter.interpreter import Interpreter


@pytest.fixture(scope="module", autouse=True)
def the_heap_of_the_tests_stays_frozen() -> Iterator[None]:
    """Has a benchmark not look for garbage among all that the tests keep."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "unfreeze", lambda: None)
        yield


@pytest.mark.slow
def test_all_engines_give_the_same_bodies() -> None:
    bodies: dict[bytes, list[Any]] = {}
    limit, *others = engines(bodies)
    for line in generate.lines(20, seed=7):
        wanted = others[0].run(line)
        bodies[line] = [orjson.loads(body) for body in wanted]
        assert {way.name: way.run(line) for way in (limit, *others)} == {way.name: wanted for way in (limit, *others)}


@pytest.mark.slow
def test_shapes_are_measured_beside_the_code_written_by_hand() -> None:
    measured = shapes.measure(2, 10)
    assert [row[0] for row in shapes.table(measured).rows] == list(shapes.SHAPES)
    assert all(len(seconds) == 2 for one in measured.values() for seconds in one.seconds.values())
    assert len({lines[0] for lines in (shapes.lines(shape, 1) for shape in shapes.SHAPES)}) == len(shapes.SHAPES)


@pytest.mark.slow
def test_mappings_of_many_rules_are_measured() -> None:
    measured = many_rules.measure((20, 1_100))
    assert [row[0] for row in many_rules.table(measured).rows] == ["20", "1,100"]
    assert all(tuple(steps) == many_rules.STEPS for steps in measured.values())


def test_unvalidated_takes_what_the_schemas_refuse(shipped_mapping: Callable[..., moemap.Mapping]) -> None:
    rulebook = shipped_mapping().rulebook
    batch = {
        "user_identities": {"customer_id": "cust-1"},
        "events": [
            {"event_type": "custom_event", "data": {"event_name": "moe", "custom_attributes": {"a": "x" * 600}}}
        ],
    }
    with_limits, without = Interpreter(rulebook).run(batch), Interpreter(unvalidated(rulebook)).run(batch)
    assert [problem.code for problem in with_limits.problems] == ["M513"]
    assert without.problems == ()
    assert without.requests == with_limits.requests


@pytest.mark.slow
def test_the_peers_give_the_same_bodies() -> None:
    assert "gives other bodies" not in processes.peers().missing.values()


def test_ratios_are_those_of_the_rounds() -> None:
    measured = Measured({"slow": [2.0, 4.0, 9.0], "fast": [1.0, 1.0, 3.0]}, batches=3)
    assert measured.microseconds("slow") == 4e6
    assert measured.ratios("fast", "slow") == [2.0, 4.0, 3.0]
    assert measured.ratio("fast", "slow") == 3.0
    assert processes.ratio(measured.seconds, "fast", "slow") == 3.0


def test_table() -> None:
    table = Table(("", "µs"), [("limit", "7"), ("by hand", "1,234")])
    assert table.text().splitlines() == [
        "|         |    µs |",
        "| ------- | ----: |",
        "| limit   |     7 |",
        "| by hand | 1,234 |",
    ]


@pytest.mark.parametrize(
    ("ratio", "text"), [(46.7, "47"), (20, "20"), (6.25, "6.2"), (1.0, "1.00"), (0.126, "0.13"), (0.0144, "0.014")]
)
def test_times(ratio: float, text: str) -> None:
    assert times(ratio) == text
