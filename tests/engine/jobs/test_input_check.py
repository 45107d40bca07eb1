"""Batches compared with the input schema, on demand, in both doors."""

from __future__ import annotations

import json

import pytest

from moemap.engine import api
from moemap.engine.jobs.input_check import input_checked
from moemap.engine.jobs.transform import Recipe, Transform
from moemap.engine.runtime.batch import Record

ODD = {"mpid": "4711", "user_identities": {"customer_id": "u"}, "device_info": 5, "events": [{"event_type": "x"}, 7]}


def found(recipe: Recipe, batch: object) -> list[tuple[str, str | None]]:
    transform = Transform(recipe, recipe.program())
    (result,) = transform.results([Record("a", 1, json.dumps(batch).encode())])
    return [(problem.severity, problem.input) for problem in result.problems if problem.code == "M553"]


@pytest.mark.slow
def test_places_that_do_not_conform_are_warnings() -> None:
    assert found(Recipe("mparticle-moengage", {}, "result", False, reports=(input_checked,)), ODD) == [
        ("warning", "/device_info"),
        ("warning", "/events/1"),
    ]
    assert found(Recipe("mparticle-moengage", {}, "result", False), ODD) == []


def test_programs_can_ask_too() -> None:
    mapping = api.load("mparticle-moengage")
    assert [problem.input for problem in mapping.check_input(ODD)] == ["/device_info", "/events/1"]
    assert mapping.check_input({"events": []}) == ()


def test_places_that_are_not_named_are_counted() -> None:
    problems = api.load("mparticle-moengage").check_input({"events": [7] * 30})
    assert [problem.message for problem in problems[19:]] == [
        problems[0].message,
        "the input does not conform to its schema: 10 more places do not conform",
    ]
