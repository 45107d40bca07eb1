"""In every way to run it, the mapping sends the requests of an oracle that was written from its rows alone."""

from __future__ import annotations

import json
import sys
from functools import cache
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import moemap
from moemap.engine.compiler.standalone.standalone import standalone_of
from moemap.engine.interpreter.interpreter import Interpreter
from moemap.tests.mappings import batches, facts, oracle

SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "all on": {
        "identity": "mpid",
        "objects": True,
        "tags": True,
        "unset_attributes": True,
        "amounts": "all",
        "advertising_ids": True,
        "timezone_offset": "send",
        "push": True,
        "time_precision": "milliseconds",
        "project_name_from": "brand_name",
        "project_code": "HH-EU",
    },
    "gates": {"identity": "email", "require_gdpr_purpose": "Marketing", "respect_ccpa_opt_out": True, "push": True},
}
SAMPLES = batches.samples()
SEEDS = st.integers(0, 2**64 - 1)


@cache
def interpreter(name: str) -> Interpreter:
    return Interpreter(moemap.load("mparticle-moengage", settings=SETTINGS[name]).rulebook)


@cache
def mapping(name: str) -> moemap.Mapping:
    loaded = moemap.load("mparticle-moengage", settings=SETTINGS[name])
    loaded.prepare()
    return loaded


@cache
def standalone(name: str) -> ModuleType:
    module = sys.modules[f"standalone {name}"] = ModuleType(f"standalone {name}")
    source = standalone_of(mapping(name).rulebook)
    exec(compile(source, "standalone", "exec", dont_inherit=True), vars(module))
    return module


def comparable(value: Any) -> Any:
    """The value with whole doubles as integers, which are equal in JSON; booleans stay distinct."""
    if isinstance(value, dict):
        return {name: comparable(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [comparable(element) for element in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def said(requests: list[oracle.Request], events: list[str]) -> list[str]:
    """Requests and what became of events, as lines that can be compared and read."""
    return [json.dumps(comparable(request), sort_keys=True) for request in requests] + events


def outcomes(result: dict[str, Any], batch: Any) -> list[str]:
    """The outcome of each event, by the entries of the result for its place."""
    places = [f"/events/{number}" for number in range(len(facts.arr(batch.get("events"))))]
    skipped = {entry["pointer"] for entry in result["skipped"]}
    sinking = {"M506", "M509", "M511"}
    errors = [(p["input"] + "/", p["code"]) for p in result["problems"] if p["code"] in sinking]
    if any(place == "/" and code == "M511" for place, code in errors):
        return []
    rejected = {place for place in places if any(found.startswith(place + "/") for found, _ in errors)}
    return ["skipped" if p in skipped else "rejected" if p in rejected else "sent" for p in places]


def given_by(result: dict[str, Any], batch: Any) -> list[str]:
    requests = [(request["path"], request["query"], request["body"]) for request in result["requests"]]
    return said(requests, outcomes(result, batch))


def wrong_in(result: dict[str, Any]) -> set[str]:
    """The places of members whose kind is an error."""
    kinds = {"M505", "M508"}
    found = {p["input"] for p in result["problems"] if p["code"] in kinds and p["severity"] == "error"}
    return found & {*oracle.MEMBERS, *(f"/consent_state/{name}" for name in oracle.SIDES)}


def hold(name: str, batch: dict[str, Any]) -> None:
    """Asserts that every way to run the mapping gives the result of the oracle."""
    wanted = oracle.expected(batch, SETTINGS[name])
    lines = said(wanted.requests, wanted.events)
    result = interpreter(name).run(batch).to_json()
    assert given_by(result, batch) == lines, json.dumps(batch)
    if wanted.requests or wanted.events:
        found, wrong = wrong_in(result), set(wanted.wrong)
        is_used = any(path == "/v1/event/{app_id}" for path, _, _ in wanted.requests)
        assert wrong - ({"/application_info"} if not is_used else set()) <= found <= wrong, json.dumps(batch)
    assert mapping(name).transform(batch).to_json() == result
    assert mapping(name).transform_json(json.dumps(batch)).to_json() == result
    assert standalone(name).transform(batch) == result


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_samples(name: str, number: int) -> None:
    hold(name, SAMPLES[number])


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("name", SETTINGS)
@settings(max_examples=settings().max_examples * 2)
@given(seed=SEEDS)
def test_batches_that_are_made_up(name: str, seed: int) -> None:
    hold(name, batches.made_up(Random(seed)))


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("name", SETTINGS)
@given(sample=st.sampled_from(SAMPLES), seed=SEEDS)
def test_damaged_samples(name: str, sample: Any, seed: int) -> None:
    hold(name, batches.damaged(Random(seed), sample))
