"""Expressions and templates on samples: the value, its parts, and what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.insight.evaluation import EvaluationPlaceError, SampleEvaluation, scope_of
from moemap.engine.language.rulebook import Rulebook

BATCH = {
    "user_identities": {"customer_id": "4711"},
    "events": [
        {"event_type": "custom_event", "data": {"event_name": "Sign Up", "l": [{"p": 1}, {"p": 20}], "n": None}}
    ],
}


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return api.load("mparticle-moengage").rulebook


@pytest.fixture
def event(rulebook: Rulebook) -> SampleEvaluation:
    return SampleEvaluation(scope_of(rulebook, BATCH, "event:0"))


CASES: dict[str, tuple[Any, list[tuple[str, Any]]]] = {
    "event.data.l[0].p": (
        1,
        [
            ("event", BATCH["events"][0]),  # type: ignore[index]
            ("event.data", BATCH["events"][0]["data"]),  # type: ignore[index]
            ("event.data.l", [{"p": 1}, {"p": 20}]),
            ("event.data.l[0]", {"p": 1}),
        ],
    ),
    "customer_id": ("4711", []),
    "length(event.data.l[?p > `5`])": (1, [("event.data.l[?p > `5`]", [{"p": 20}])]),
    "event.data.l[*].p | [1]": (20, [("event.data.l[*].p", [1, 20])]),
    "event.data.n || customer_id": ("4711", [("event.data.n", None), ("customer_id", "4711")]),
    "event.data.event_name || customer_id": ("Sign Up", [("event.data.event_name", "Sign Up")]),
    "{{ event.data.event_name | upper }}-{{ customer_id }}": ("SIGN UP-4711", [("customer_id", "4711")]),
}


@pytest.mark.parametrize("text", CASES)
def test_values_and_parts(text: str, event: SampleEvaluation) -> None:
    wanted, parts = CASES[text]
    found = event.evaluate(text)
    assert (found.value, found.problems) == (wanted, ())
    assert [part for part in parts if part not in found.parts] == []
    assert not parts or text.startswith(("length", "{{")) or found.parts[-1] == parts[-1]


WRONG = {
    "event.": "M201",
    "evnt": "M204",
    "lenth(customer_id)": "M202",
    "multiply(event.event_type, `2`)": "M504",
    "{{ event.x | nosuch }}": "M208",
    "{{ evnt }}": "M204",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_a_problem(text: str, event: SampleEvaluation) -> None:
    assert [problem.code for problem in event.evaluate(text).problems] == [WRONG[text]]


def test_parts_before_a_failure_are_shown(event: SampleEvaluation) -> None:
    assert ("event.event_type", "custom_event") in event.evaluate("multiply(event.event_type, `2`)").parts


def test_names_in_scope(rulebook: Rulebook, event: SampleEvaluation) -> None:
    names = dict(event.names())
    assert names["batch"] == BATCH
    assert names["event"] == BATCH["events"][0]  # type: ignore[index]
    assert names["customer_id"] == "4711"
    assert "event" not in dict(SampleEvaluation(scope_of(rulebook, BATCH, None)).names())


PLACES = {
    "evnt:0": "there is no route 'evnt'; did you mean 'event'?",
    "events:1": "the route 'events' has no element 1 in this input",
    "events:x": "'x' is no number of an element",
    "events:\u0660": "'\u0660' is no number of an element",
    "events:00": "'00' is no number of an element",
    f"events:{'9' * 5000}": f"'{'9' * 5000}' is no number of an element",
}


@pytest.mark.parametrize("at", PLACES)
def test_places_that_do_not_exist(at: str, rulebook: Rulebook) -> None:
    with pytest.raises(EvaluationPlaceError) as caught:
        scope_of(rulebook, BATCH, at)
    assert str(caught.value) == PLACES[at]


@pytest.mark.parametrize("at", [None, "events:0"])
def test_an_input_that_is_refused(at: str | None, rulebook: Rulebook) -> None:
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    with pytest.raises(
        EvaluationPlaceError, match=r"^the input cannot be mapped: it is nested more than 100 levels deep$"
    ):
        scope_of(rulebook, {**BATCH, "deep": deep}, at)


def test_an_input_that_is_no_object(rulebook: Rulebook) -> None:
    with pytest.raises(EvaluationPlaceError, match=r"^the input is no object that can be mapped$"):
        scope_of(rulebook, [1], None)
