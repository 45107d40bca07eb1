"""Rejects and their replay: nothing is sent twice, and nothing that failed is lost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moemap.engine.diagnostics.problem import Problem
from moemap.engine.jobs import running
from moemap.engine.jobs.job import Job
from moemap.engine.jobs.program import open_program
from moemap.engine.jobs.reject_reader import read_reject
from moemap.engine.jobs.rejects import reject_line
from moemap.engine.jobs.transform import Piece, Recipe, Transform
from moemap.engine.runtime.batch import Record
from moemap.engine.runtime.result import Failed, Result
from moemap.tests.schemas.test_language_schemas import VALIDATORS

MAPPING = """\
language: 1
name: base
version: %d.0.0
input: {as: batch, schema: ./in.schema.json}
outputs:
  out: {schema: ./out.schema.json, request: {path: /out}}
  list: {schema: ./out.schema.json, request: {path: /list}, element_of: list, combine: {list: append}}
routes:
  items: {each: batch.items, as: item}
  again: {each: "[batch.items, batch.items][]", as: item}
rules:
  - {rule: closed, when: batch.closed, reject: it is closed}
  - {rule: whole, output: out, when: batch.whole, fields: {whole: {from: batch.whole.v, required: %s}}}
  - {rule: none, route: items, when: item.skip, skip: not wanted}
  - rule: item
    route: items
    output: list
    fields: {v: {from: item.v, required: %s}, w: {from: item.w, type: integer}}
  - {rule: again, route: again, output: out, when: item.a, fields: {a: {from: item.b, required: %s}, c: {const: 1}}}
"""
STRICT, LENIENT = ("true", "true", "true"), ("false", "false", "false")
SCHEMA = '{"properties": {"list": {"items": {"properties": {"v": {"maximum": %d}}}}}}'


@pytest.fixture(scope="module")
def strict_and_lenient(tmp_path_factory: pytest.TempPathFactory) -> tuple[Transform, Transform]:
    """The same mapping before and after a correction."""
    made = []
    for version, values in ((1, STRICT), (2, LENIENT)):
        folder = tmp_path_factory.mktemp("mapping")
        (folder / "in.schema.json").write_text("{}")
        (folder / "out.schema.json").write_text(SCHEMA % (2 * version))
        (folder / "mapping.yaml").write_text(MAPPING % (version, *values))
        recipe = Recipe(str(folder / "mapping.yaml"), {}, "requests", pretty=False, rejects="rejects.ndjson")
        made.append(Transform(recipe, open_program(recipe.reference, {})))
    return made[0], made[1]


def replaying(transform: Transform) -> Transform:
    recipe = transform._recipe
    options = {name: getattr(recipe, name) for name in ("reference", "settings", "format", "pretty", "rejects")}
    return Transform(Recipe(**options, replays=True), transform._program)


def records(*batches: Any) -> list[Record]:
    return [Record("f", number, json.dumps(batch).encode()) for number, batch in enumerate(batches, 1)]


def lines(text: bytes) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def given_by(*pieces: Piece) -> Counter[str]:
    """Everything in the requests, one by one, however it was combined."""
    found: Counter[str] = Counter()
    for piece in pieces:
        for request in lines(piece.output):
            body = request["body"]
            found.update(json.dumps(part) for part in body.get("list", [body]))
    return found


def replayed(transform: Transform, piece: Piece) -> Piece:
    return replaying(transform).piece(
        [Record("r", number, line) for number, line in enumerate(piece.rejects.splitlines(), 1)]
    )


def test_the_good_events_of_a_batch_are_not_given_again(strict_and_lenient: tuple[Transform, Transform]) -> None:
    strict, lenient = strict_and_lenient
    first = strict.piece(records({"items": [{"v": 1}, {"name": "none"}, {"v": 3}]}))
    (reject,) = lines(first.rejects)
    assert reject["failed"] == [{"route": "items", "element": "/items/1"}, {"route": "items", "element": "/items/2"}]
    assert reject["mapping"] == {"name": "base", "version": "1.0.0"}
    assert given_by(first) == {'{"v": 1}': 1}
    still = replayed(strict, first)
    assert (given_by(still), lines(still.rejects)[0]["failed"]) == ({}, reject["failed"])
    assert dict(still.summary.replayed) == {"still failing": 1}
    fixed = replayed(lenient, still)
    assert given_by(fixed) == {'{"v": 3}': 1}  # nothing is left of the nameless one
    assert (fixed.rejects, dict(fixed.summary.replayed)) == (b"", {"fixed": 1})


def test_warnings_alone_are_no_reject(strict_and_lenient: tuple[Transform, Transform]) -> None:
    piece = strict_and_lenient[0].piece(records({"items": [{"v": 1, "w": "x"}]}))
    assert (piece.summary.warnings, piece.rejects) == (1, b"")


@pytest.mark.parametrize(
    ("batch", "failed"),
    [
        ({"closed": True, "items": [{"v": 1}]}, None),
        (5, None),
        ({"whole": {"x": 1}, "items": [{"v": 1}]}, [{"rule": "whole", "element": ""}]),
        ({"items": "no list"}, [{"route": "items", "element": None}]),
        (
            {"items": [{"v": 1, "a": 1}]},
            [{"route": "again", "element": "/items/0"}, {"route": "again", "element": "/items/0", "occurrence": 1}],
        ),
    ],
)
def test_what_failed(strict_and_lenient: tuple[Transform, Transform], batch: Any, failed: Any) -> None:
    (reject,) = lines(strict_and_lenient[0].piece(records(batch)).rejects)
    assert reject["failed"] == failed
    assert list(VALIDATORS["reject"].iter_errors(reject)) == []


def test_elements_that_are_not_reached_any_more_are_reported(strict_and_lenient: tuple[Transform, Transform]) -> None:
    """An element that is no longer reached is reported, and stays a reject."""
    strict, lenient = strict_and_lenient
    (reject,) = lines(strict.piece(records({"items": [{"x": 1}]})).rejects)
    reject["failed"] = [{"route": "gone", "element": "/items/0"}, {"rule": "gone", "element": ""}]
    piece = replaying(lenient).piece([Record("r", 1, json.dumps(reject).encode())])
    (again,) = lines(piece.rejects)
    assert [(problem["code"], problem["message"]) for problem in again["problems"]] == [
        ("M524", "the rules no longer reach what failed before: the route 'gone' at /items/0"),
        ("M524", "the rules no longer reach what failed before: the rule 'gone'"),
    ]
    assert again["failed"] == reject["failed"]
    assert dict(piece.summary.replayed) == {"newly failing": 1}


ITEM = st.fixed_dictionaries(
    {},
    optional={
        "v": st.integers(0, 3),
        "skip": st.just(1),
        "a": st.just(1),
        "b": st.just(2),
        "w": st.sampled_from([1, "x"]),
    },
)
BATCH = st.fixed_dictionaries(
    {"n": st.integers()},
    optional={
        "items": st.lists(ITEM, max_size=4) | st.just("x"),
        "closed": st.just(True),
        "whole": st.sampled_from([{"v": 1}, {"x": 1}]),
    },
)


@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 3 // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(BATCH, min_size=1, max_size=3))
def test_replays_give_what_is_missing_and_nothing_else(
    batches: list[Any], strict_and_lenient: tuple[Transform, Transform]
) -> None:
    """The parts that failed under the old rules succeed under the new ones; with the earlier ones they are neither less
    nor more than each element once."""
    strict, lenient = strict_and_lenient
    first = strict.piece(records(*batches))
    still = replayed(strict, first)
    assert given_by(still) == {}
    assert [line["failed"] for line in lines(still.rejects)] == [line["failed"] for line in lines(first.rejects)]
    fixed = replayed(lenient, still)
    at_once = lenient.piece(records(*batches))
    # A batch that is closed and a list that is none fail under both.
    assert given_by(first, fixed) == given_by(at_once)
    assert all(list(VALIDATORS["reject"].iter_errors(line)) == [] for line in lines(first.rejects + fixed.rejects))


# The lines

NOT_AS_DESCRIBED = "it is not what reject.schema.json describes ("
START = b'"version": 1, "source": "f", "line": 1, "failed": null, "problems": []'


def test_a_batch_stands_in_its_reject_as_it_was_read() -> None:
    text = b'{\r\n "n": 1.10,\n "big": 100000000000000000000001, "s": "\\n\\u00e9", "n": 2}'
    line = reject_line(Record("f", 3, text, None, 2), Result((), (), ()), [Failed("r", None, "/a", 1)], "m", "1.0.0")
    assert line.count(b"\n") == 1
    reject = read_reject(Record("r", 1, line.rstrip()))
    assert not isinstance(reject, Problem)
    assert reject.record.text == text.replace(b"\r\n", b"  ").replace(b"\n", b" ")
    assert reject.record.where == "f:3 (record 2)"
    assert reject.failed == frozenset({Failed("r", None, "/a", 1)})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"some": 1}', NOT_AS_DESCRIBED),
        (b'{"version": 2}', "it is of version 2; version 1 is read"),
        (b'{"version": "1"}', NOT_AS_DESCRIBED),
        (b'{"version": 1}', NOT_AS_DESCRIBED),
        (b'{%s}' % START, "it has neither 'batch' nor 'text'"),
        (b'{%s, "failed": [1], "batch": 1}' % START, NOT_AS_DESCRIBED),
        (b"[1]", NOT_AS_DESCRIBED),
    ],
)  # fmt: skip
def test_a_line_that_is_no_reject_is_one_problem(line: bytes, reason: str) -> None:
    flaw = read_reject(Record("r", 1, line))
    assert isinstance(flaw, Problem)
    assert (flaw.code, flaw.severity) == ("M523", "error")
    assert flaw.message.startswith(f"the line is not a reject that can be replayed: {reason}")


@pytest.mark.parametrize("line", [b"{broken", b'{"version": "\xff"}', b""])
def test_a_line_that_is_no_json_is_said_to_be_none(line: bytes) -> None:
    flaw = read_reject(Record("r", 1, line))
    assert isinstance(flaw, Problem)
    assert flaw.code == "M501"


LINE_KEYS = st.sampled_from(["version", "source", "line", "failed", "problems", "batch", "text", "element", "code"])
LINES = st.recursive(
    st.none() | st.integers(0, 2) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LINE_KEYS, inner),
).map(lambda value: json.dumps(value).encode())


@pytest.mark.slow
@pytest.mark.fuzz
@settings(max_examples=settings().max_examples * 2)
@given(st.binary(max_size=80) | LINES)
def test_anything_is_read_without_an_exception(line: bytes) -> None:
    read_reject(Record("r", 1, line))


@pytest.mark.parametrize("depth", [5, 98, 99, 100, 5000, 100_000])
def test_a_batch_has_no_other_limits_in_a_reject(depth: int) -> None:
    text = b'{"n": %s%s}' % (b"[" * depth, b"]" * depth)
    alone = Record("f", 1, text)
    line = reject_line(alone, Result((), (), ()), None, "m", "1.0.0").rstrip()
    reject = read_reject(Record("r", 1, line))
    assert not isinstance(reject, Problem)
    assert (reject.record.parse()[1] is None) == (alone.parse()[1] is None)
    read_reject(Record("r", 1, b'{%s, "batch": %s}' % (START, text)))


@pytest.mark.parametrize(
    ("start", "letter", "end", "outcome"),
    [('{"items": [{"x": "', "y", '"}]}', "fixed"), ('{"items": "', '\\"', "", "still failing")],
    ids=["a batch", "no JSON, which is longer in a string"],
)
def test_a_reject_may_be_larger_than_a_batch(
    strict_and_lenient: tuple[Transform, Transform],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: str,
    letter: str,
    end: str,
    outcome: str,
) -> None:
    monkeypatch.setattr(running, "MAX_RECORD_BYTES", 1_000)
    batches, rejects = tmp_path / "batches", tmp_path / "rejects"
    room = 1_000 - len(start + end)
    batches.write_text(start + letter * (room // len(letter)) + end)
    strict, lenient = strict_and_lenient
    running.run(
        Job((str(batches),), strict._recipe._replace(rejects="rejects"), strict._program, tmp_path / "out", rejects)
    )
    assert rejects.stat().st_size > 1_000
    recipe = lenient._recipe._replace(replays=True)
    summary = running.run(Job((str(rejects),), recipe, lenient._program, tmp_path / "fixed", tmp_path / "still"))
    assert dict(summary.replayed) == {outcome: 1}
