"""Data plans: the input schema accepts planned events only, and the rules are checked against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.schemas.schema import schema_of
from moemap.importers import Imported, import_data_plan, write

SEARCH = {
    "match": {"type": "custom_event", "criteria": {"event_name": "Search", "custom_event_type": "search"}},
    "validator": {
        "type": "json_schema",
        "definition": {
            "properties": {
                "data": {
                    "properties": {
                        "custom_attributes": {
                            "additionalProperties": False,
                            "properties": {"term": {"type": "string"}},
                            "required": ["term"],
                        }
                    },
                    "required": ["custom_attributes"],
                }
            }
        },
    },
}
PURCHASE = {"match": {"type": "product_action", "criteria": {"action": "purchase"}}}
USER = {
    "match": {"type": "user_attributes", "criteria": {}},
    "validator": {"definition": {"additionalProperties": False, "properties": {"age": {"type": "number"}}}},
}


def imported(tmp_path: Path, plan: Any) -> Imported:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan), "utf-8")
    return import_data_plan("planned", [path])


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"events": [{"event_type": kind, "data": data}]}


def search(name: str = "Search", **attributes: Any) -> dict[str, Any]:
    return event("custom_event", event_name=name, custom_event_type="search", custom_attributes=attributes)


BATCHES: list[tuple[dict[str, Any], bool]] = [
    (search(term="shoes"), True),
    (search(term=7), False),
    (search(term="shoes", unplanned=1), False),
    (search("Other", term="shoes"), False),
    (event("commerce_event", product_action={"action": "purchase"}), True),
    (event("commerce_event", product_action={"action": "refund"}), False),
    (event("session_start"), True),  # of a type without a plan
    ({"user_attributes": {"age": 7}}, True),
    ({"user_attributes": {"name": "Ida"}}, False),
    ({}, True),
]


@pytest.mark.parametrize(("batch", "is_planned"), BATCHES)
def test_planned_batches_conform(batch: dict[str, Any], is_planned: bool, tmp_path: Path) -> None:
    made = imported(tmp_path, {"version_document": {"data_points": [SEARCH, PURCHASE, USER]}})
    assert (made.problems, made.converted) == ((), 3)
    assert schema_of(json.loads(made.files["batch.schema.json"])).validator.is_valid(batch) is is_planned


@pytest.mark.parametrize(
    "plan",
    [
        [SEARCH],
        {"data_points": [SEARCH]},
        {"document": {"data_points": [SEARCH]}},
        {"data_plan_versions": [{"version_document": {}}, {"version_document": {"data_points": [SEARCH]}}]},
    ],
)  # fmt: skip
def test_all_forms_of_plans_are_read(plan: Any, tmp_path: Path) -> None:
    made = imported(tmp_path, plan)
    assert (made.problems, made.converted) == ((), 1)


@pytest.mark.slow
def test_rules_are_checked_against_the_plan(tmp_path: Path) -> None:
    made = imported(tmp_path, [SEARCH])
    write(made, tmp_path / "planned")
    problems = api.inspect(tmp_path / "planned").problems
    assert {problem.severity for problem in problems} == {"warning"}
    assert (
        "'event.data.custom_attributes.event_source' can never exist: "
        "'event.data.custom_attributes' has no 'event_source'"
    ) in {problem.message for problem in problems}


UNPLANNED: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (search(term="shoes"), []),
    (search(term="shoes", more=1), [("/events/0/data/custom_attributes/more", "'more' is not allowed")]),
    (search("Other", term="shoes"), [("/events/0/data/event_name", 'must be "Search", not "Other"')]),
    (
        event("commerce_event", product_action={"action": "refund"}),
        [("/events/0/data/product_action/action", 'must be "purchase", not "refund"')],
    ),
    ({"user_attributes": {"name": "Ida"}}, [("/user_attributes/name", "'name' is not allowed")]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("batch", "expected"), UNPLANNED)
def test_unplanned_events_and_members_are_reported(
    batch: dict[str, Any], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    write(imported(tmp_path, [SEARCH, PURCHASE, USER]), tmp_path / "planned")
    found = api.load(tmp_path / "planned").check_input(batch)
    reason = "the input does not conform to its schema: "
    assert [(one.code, one.input, one.message.removeprefix(reason)) for one in found] == [
        ("M553", place, message) for place, message in expected
    ]


REFUSED = {
    "the data point of the type 'odd' is not converted: no such type, or criterion, is known": [
        SEARCH,
        {"match": {"type": "odd"}},
    ],
    "the data point is not converted: it has no match with a type": [SEARCH, {"match": 7}],
    "the file is not converted: it has no list of data points": {"data_plan_id": "x"},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_converted_is_said(message: str, tmp_path: Path) -> None:
    assert [problem.message for problem in imported(tmp_path, REFUSED[message]).problems] == [message]
