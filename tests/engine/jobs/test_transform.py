"""Records through a mapping: pieces of output, sums, rejects, rejects replayed."""

import gzip
import json
from typing import Any

import pytest

from moemap.engine.diagnostics.problem import Place, Problem
from moemap.engine.jobs.program import RulesChangedError
from moemap.engine.jobs.summary import MAX_REASONS, OTHER_REASONS, Summary
from moemap.engine.jobs.transform import Piece, Recipe, Transform
from moemap.engine.runtime.batch import Record
from moemap.engine.runtime.result import Result, Skipped

RECIPE = Recipe("mparticle-moengage", {}, "result", pretty=False, rejects="rejects.ndjson")
GOOD = {"user_identities": {"customer_id": "cust-1"}, "user_attributes": {"plan": "gold"}}
WARNED = {"user_identities": {"customer_id": "cust-1"}, "user_attributes": {"mixed": ["a", 1]}}
ANONYMOUS: dict[str, Any] = {"events": []}


def record(batch: Any, line: int = 1) -> Record:
    return Record("f", line, batch if isinstance(batch, bytes) else json.dumps(batch).encode())


def test_rules_that_change_end_the_run() -> None:
    def changed(_: Any) -> Any:
        raise RulesChangedError("changed")

    program = RECIPE.program()._replace(transform_parsed=changed, transform=changed)
    with pytest.raises(RulesChangedError):
        Transform(RECIPE, program).piece([record({})])


def lines(text: bytes) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def piece(*records: Record, **changes: Any) -> Piece:
    options = {name: getattr(RECIPE, name) for name in ("reference", "settings", "format", "pretty", "rejects")}
    recipe = Recipe(**{**options, **changes})
    return Transform(recipe, recipe.program()).piece(records)


def test_output_rejects_and_sums() -> None:
    made = piece(record(GOOD), record(b"{bro\xffken", 2), record(ANONYMOUS, 3), record(WARNED, 4))
    assert [len(result["requests"]) for result in lines(made.output)] == [1, 0, 0, 1]
    assert [(line["source"], line["line"], line.get("batch"), line.get("text")) for line in lines(made.rejects)] == [
        ("f", 2, None, "{bro\ufffdken"),
        ("f", 3, ANONYMOUS, None),
    ]
    assert [[problem["code"] for problem in line["problems"]] for line in lines(made.rejects)] == [
        ["M501"],
        ["M511"],
    ]
    assert (made.summary.errors, made.summary.warnings, made.summary.batches) == (2, 1, 4)


def test_a_record_on_which_the_engine_fails_costs_no_other() -> None:
    program = RECIPE.program()

    def transform_parsed(batch: Any) -> Result:
        return Result((), (), ()) if batch else 1 // 0  # type: ignore[return-value]  # no result at all

    made = Transform(RECIPE, program._replace(transform_parsed=transform_parsed)).piece(
        [record(GOOD), record({}, 2), record(GOOD, 3)]
    )
    assert made.summary.batches == 3
    (reject,) = lines(made.rejects)
    assert (reject["line"], reject["batch"], reject["problems"][0]["code"]) == (2, {}, "M503")
    assert reject["problems"][0]["message"] == (
        "the record is refused: the engine failed, which is a bug in moemap "
        "(ZeroDivisionError: integer division or modulo by zero)"
    )


def test_endings_compress() -> None:
    made = piece(record(GOOD), record(ANONYMOUS), output="out.ndjson.gz", rejects="rejects.gz")
    assert len(lines(gzip.decompress(made.output))) == 2
    assert len(lines(gzip.decompress(made.rejects))) == 1
    assert piece(record(GOOD), output="out.zst").output.startswith(b"\x28\xb5\x2f\xfd")


@pytest.mark.slow
def test_bulk_gives_bodies() -> None:
    made = piece(record(GOOD), record(GOOD), format="bulk")
    assert (made.output, len(made.bodies)) == (b"", 2)


@pytest.mark.slow
def test_rejects_replayed() -> None:
    """Fixed, failing as before (two), failing otherwise, given in part, and no reject at all."""
    rejects = piece(record(ANONYMOUS), record(b"{broken"), record(ANONYMOUS)).rejects.splitlines()
    fixed = json.dumps({**json.loads(rejects[2]), "batch": WARNED}).encode()
    otherwise = json.dumps({**json.loads(rejects[1]), "text": "5"}).encode()
    in_part = json.dumps({**json.loads(rejects[0]), "batch": GOOD, "failed": []}).encode()
    made = piece(*map(record, (fixed, *rejects[:2], otherwise, in_part, b'{"some": 1}')), replays=True)
    assert [len(result["requests"]) for result in lines(made.output)] == [1, 0, 0, 0, 0, 0]
    assert made.summary.text().splitlines()[1] == (
        "  rejects: 1 fixed, 2 still failing, 1 newly failing, 1 given already, without what failed in it"
    )
    assert [line["problems"][0]["code"] for line in lines(made.rejects)] == ["M511", "M501", "M502"]
    assert made.summary.errors == 4


PROBLEM = Problem.of(
    "M505", Place("m.yaml", 3, 5, 3, 9), rule="r", input="/a/0", output="/b", value="'x'", type="integer", reason="no"
)


def summary(line: int, *problems: Problem, reason: str = "not\x1bwanted") -> Summary:
    made = Summary()
    made.add(
        Record("f", line, b""), Result((), (Skipped("/e", "r", f"{reason} 7", f"{reason} {{{{ n }}}}"),), problems)
    )
    return made


def test_the_sums_hold_no_values_of_payloads() -> None:
    total = summary(1)
    total.merge(summary(2, PROBLEM))
    broken = Problem.of("M553", input="/a", reason='must be 1, not "Ida"', keyword="const")
    total.merge(summary(3, PROBLEM, Problem.of("M501", input="", reason="no"), broken))
    for number in range(3):
        said = Problem.of(
            "M512", Place("m.yaml", 7, 5, 7, 9), rule="w", reason=f"{number} is odd", template="{{ n }} is\n  odd"
        )
        total.merge(summary(4 + number, said))
    assert total.text().splitlines() == [
        "6 batches: 0 requests, 6 skipped, 7 problems",
        "  skipped      6  r: not\\u001bwanted {{ n }}",
        "  M512         3  {{ n }} is odd (rule w, m.yaml:7:5); first in f:4",
        "  M505         2  value cannot be converted (rule r, m.yaml:3:5); first in f:2",
        "  M501         1  not JSON; first in f:3: the record is not JSON: no",
        "  M553         1  input that breaks its schema; first in f:3 (const)",
    ]
    assert Summary.from_json(json.loads(json.dumps(total.to_json()))) == total
    place = {"template": None, "rule": "r", "file": "m.yaml", "line": 3, "column": 5}
    nowhere = dict.fromkeys(place)
    assert total.to_json() == {
        "batches": 6,
        "requests": 0,
        "errors": 1,
        "warnings": 6,
        "skipped": [{"rule": "r", "reason": "not\x1bwanted {{ n }}", "count": 6}],
        "problems": [
            {
                "code": "M512",
                "severity": "warning",
                "title": "warned by a rule",
                **place,
                "template": "{{ n }} is odd",
                "rule": "w",
                "line": 7,
                "first": "f:4",
                "count": 3,
            },
            {
                "code": "M505",
                "severity": "warning",
                "title": "value cannot be converted",
                **place,
                "first": "f:2",
                "count": 2,
            },
            {
                "code": "M501",
                "severity": "error",
                "title": "not JSON",
                **nowhere,
                "first": "f:3: the record is not JSON: no",
                "count": 1,
            },
            {
                "code": "M553",
                "severity": "warning",
                "title": "input that breaks its schema",
                **nowhere,
                "first": "f:3 (const)",
                "count": 1,
            },
        ],
        "leaves": {},
        "unread": [],
        "sample": {"batches": 0, "leaves": 0, "unread": 0},
        "rejects": {},
    }


@pytest.mark.parametrize(("problems", "failed", "strictly"), [((), False, False), ((PROBLEM,), False, True)])
def test_failed(problems: tuple[Problem, ...], failed: bool, strictly: bool) -> None:
    made = summary(1, *problems)
    assert (made.failed(strict=False), made.failed(strict=True)) == (failed, strictly)


def test_reasons_do_not_fill_the_memory() -> None:
    total = Summary()
    for number in range(3 * MAX_REASONS):
        total.merge(summary(number, reason=f"reason {number}"))
    assert len(total.skipped) == MAX_REASONS + 1
    assert total.skipped[OTHER_REASONS] == 2 * MAX_REASONS
