"""Stored Results are delivered unchanged, and only to the destinations of the mapping."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.delivery.results import StoredResults
from moemap.engine.runtime.batch import Record
from moemap.engine.runtime.result import Result

EXAMPLES = Path(__file__).parents[3] / "examples"
Read = Callable[[Any], Result]


@pytest.fixture
def stored(shipped_mapping: Callable[[], api.Mapping]) -> StoredResults:
    return StoredResults(shipped_mapping().rulebook)


@pytest.fixture
def read(stored: StoredResults) -> Read:
    """Reads a stored result."""

    def read_value(value: Any) -> Result:
        ((_, result),), _, _ = stored.mapped([Record("results.ndjson", 1, json.dumps(value).encode())])
        return result

    return read_value


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_what_transform_prints_gives_its_requests(
    path: Path, shipped_mapping: Callable[[], api.Mapping], read: Read
) -> None:
    mapping = shipped_mapping()
    batches = json.loads(path.read_text("utf-8"))
    for batch in batches if isinstance(batches, list) else [batches]:
        result = mapping.transform(batch)
        assert read(result.to_json()).requests == result.requests


def changed(**members: Any) -> Any:
    request = {
        "output": "customer",
        "method": "POST",
        "path": "/v1/customer/{app_id}",
        "query": {},
        "body": {"type": "customer", "customer_id": "c-1", "attributes": {"plan": "gold"}},
        **members,
    }
    return {"requests": [{name: value for name, value in request.items() if value != "absent"}]}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (changed(output="users"), "the mapping has no output 'users'"),
        (changed(output=["customer"]), "the mapping has no output ['customer']"),
        (changed(method="PUT"), "its method must be POST"),
        (changed(server="https://attacker.example"), "its server must be that of the mapping"),
        (changed(path="@attacker.example/"), "its path must begin with /"),
        (changed(path="absent"), "its path must begin with /"),
        (changed(query=[]), "its query must be an object, not list"),
        (changed(headers={"X": 1}), "its headers must be an object of strings"),
        (changed(body="absent"), "it has no body"),
        (changed(body=5), "the body must be object, not integer"),
        (changed(body={"type": "customer", "customer_id": 5}), "/customer_id must be string, not integer"),
        (changed(text="{}"), "it has the unknown member 'text'"),
        ({"requests": ["GET /"]}, "it must be an object, not string"),
    ],
)
def test_what_is_not_sent(value: Any, reason: str, read: Read) -> None:
    result = read(value)
    assert result.requests == ()
    assert [(problem.code, problem.input, problem.data["reason"]) for problem in result.problems] == [
        ("M509", "/requests/0", reason)
    ]


@pytest.mark.parametrize("value", [{"events": []}, [], {"requests": {}}, 5])
def test_what_is_no_result(value: Any, read: Read) -> None:
    (problem,) = read(value).problems
    assert problem.code == "M503"
    assert problem.message.endswith("it is no result of `moemap transform`: it has no list of requests")


def test_one_wrong_request_costs_the_whole_result_and_no_other(stored: StoredResults) -> None:
    good = changed()["requests"][0]
    records = [
        Record("results.ndjson", number, json.dumps({"requests": requests}).encode())
        for number, requests in enumerate([[good], [good, {**good, "method": "GET"}], [good]], 1)
    ]
    found, summary, rejects = stored.mapped(records)
    assert [len(result.requests) for _, result in found] == [1, 0, 1]
    assert (summary.batches, summary.requests, summary.errors) == (3, 2, 1)
    assert json.loads(rejects)["line"] == 2
