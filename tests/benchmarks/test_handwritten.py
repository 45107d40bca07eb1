"""The mappings that moemap is compared with give the same requests; the batches have the intended contents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema_rs import Draft202012Validator

import moemap
from moemap.benchmarks import generate, handwritten, naive

ROOT = Path(__file__).parents[2]
COUNT = 100
Bodies = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def expected(shipped_mapping: Callable[..., moemap.Mapping]) -> list[Bodies]:
    results = [shipped_mapping().transform(batch) for batch in generate.batches(COUNT)]
    assert [problem for result in results for problem in result.problems] == []
    return [[(request.path, orjson.dumps(request.body)) for request in result.requests] for result in results]


@pytest.mark.slow
@pytest.mark.parametrize("module", [handwritten, naive])
def test_same_requests(module: Any, expected: list[Bodies], capsys: pytest.CaptureFixture[str]) -> None:
    validation = module.Validation(ROOT / "schemas")
    for number, wanted in enumerate(expected):
        requests = validation.valid(module.transform(generate.batch(number)))
        assert [(path, orjson.dumps(body)) for path, body in requests] == wanted, f"batch {number}"
    assert capsys.readouterr() == ("", "")


def test_the_batches_show_what_a_mapping_meets(expected: list[Bodies]) -> None:
    """One user and one event request with three events, in each batch."""
    for bodies in expected:
        (customer, _), (event, text) = bodies
        assert (customer, event) == (handwritten.CUSTOMER_PATH, handwritten.EVENT_PATH)
        actions = orjson.loads(text)["actions"]
        assert [action["action"] for action in actions] == ["Searched", "purchase", "impression"]


def test_the_batches_are_valid() -> None:
    schema = orjson.loads((ROOT / "schemas/mparticle/batch.schema.json").read_bytes())
    validator = Draft202012Validator(schema)
    for number, batch in enumerate(generate.batches(COUNT)):
        assert [error.message for error in validator.iter_errors(batch)] == [], f"batch {number}"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (lambda: generate.lines(20), lambda: generate.lines(20), True),
        (lambda: generate.lines(20, seed=1), lambda: generate.lines(20, seed=1), True),
        (lambda: generate.lines(20, seed=1), lambda: generate.lines(20, seed=2), False),
        (lambda: list(generate.lines(20))[5:], lambda: map(_line, range(5, 20)), True),
    ],
    ids=["default seed", "own seed", "other seed", "any part alone"],
)
def test_the_batches_depend_on_the_seed_alone(
    first: Callable[[], Iterator[bytes]], second: Callable[[], Iterator[bytes]], same: bool
) -> None:
    assert (list(first()) == list(second())) is same


def _line(number: int) -> bytes:
    return orjson.dumps(generate.batch(number), option=orjson.OPT_APPEND_NEWLINE)


def test_megabytes_repeat_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "DISTINCT", 10)
    text = b"".join(generate.megabytes(0.13))
    assert 130_000 <= len(text) < 140_000
    lines = text.splitlines(keepends=True)
    assert lines == [_line(number % 10) for number in range(len(lines))]


@pytest.mark.parametrize(
    ("value", "text"),
    [("é", "é"), (7, "7"), (49.0, "49"), (1e21, "1000000000000000000000"), (-0.0, "0"), (True, "true"), ([], None)],
)
def test_text(value: Any, text: str | None) -> None:
    assert handwritten.text(value) == text


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["a", "b"], ["a", "b"]),
        ([1, 2.5], [1, 2.5]),
        ([], []),
        (["a", None], ["a"]),
        (["a", 1, {"b": None}], ["a", "1", '{"b":null}']),
        ([True], ["true"]),
        ([["a"]], None),
        ([{"a": 1}], None),
    ],
)
def test_lists(given: list[Any], made: list[Any] | None, shipped_mapping: Callable[..., moemap.Mapping]) -> None:
    """Lists are treated as in the shipped mapping, by the attributes of an event."""
    batch = generate.batch(0)
    batch["events"] = batch["events"][:1]
    batch["events"][0]["data"]["custom_attributes"] = {"list": given, "other": 1}
    (_, theirs) = shipped_mapping().transform(batch).requests
    assert handwritten.plain_list(given) == made == theirs.body["actions"][0]["attributes"].get("list")


def test_large_bodies_are_halved() -> None:
    batch = generate.batch(0)
    batch["events"] = batch["events"][:1] * 1000
    written = handwritten.texts(handwritten.transform(batch))
    assert all(len(text) <= handwritten.MAX_BYTES for text in written)
    assert sum(len(orjson.loads(text).get("actions", ())) for text in written) == 1000
