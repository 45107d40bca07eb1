"""Many records through one mapping: the sums and the rejects."""

import json
from typing import Any

from moemap.engine.problem import Place, Problem
from moemap.engine.records import Record
from moemap.engine.replay import MAX_REASONS, OTHER_REASONS, Summary, results
from moemap.engine.result import Request, Result, Skipped

REQUEST = Request("event", "POST", "/", {}, {"a": 1})
PLACE = Place("m.yaml", 3, 5, 3, 9)
PROBLEM = Problem.of("M505", PLACE, rule="r", input="/a/0", output="/b", value="'x'", type="integer", reason="no")
BROKEN = Problem.of("M501", input="", reason="no")


def transform(batch: Any) -> Result:
    return Result(
        (REQUEST,) * batch["requests"], (Skipped("/e", "r", "not\x1bwanted"),), (PROBLEM,) if batch.get("bad") else ()
    )


def test_sums_and_rejects() -> None:
    records = [
        Record("f", 1, {"requests": 2}),
        Record("f", 2, None, BROKEN, b"{bro\xffken"),
        Record("f", 3, {"requests": 1, "bad": True}),
    ]
    summary, rejects = Summary(), []
    assert [len(result.requests) for result in results(records, transform, summary, rejects.append)] == [2, 0, 1]
    assert summary.text().splitlines() == [
        "3 batches: 3 requests, 2 skipped, 2 problems",
        "  skipped      2  not\\x1bwanted",
        "  M501         1  not JSON; first in f:2: the record is not JSON: no",
        "  M505         1  value cannot be converted; first in f:3 /a/0 (rule r, m.yaml:3:5): 'x' cannot become integer: no",
    ]
    assert (summary.errors, summary.warnings) == (1, 1)
    assert [json.loads(line) for line in rejects] == [
        {"source": "f", "line": 2, "text": "{bro\ufffdken", "problems": [BROKEN.to_json()]},
        {"source": "f", "line": 3, "batch": {"requests": 1, "bad": True}, "problems": [PROBLEM.to_json()]},
    ]


def test_failed() -> None:
    summary = Summary()
    list(results([Record("f", 1, {"requests": 0, "bad": True})], transform, summary))
    assert not summary.failed(strict=False)
    assert summary.failed(strict=True)


def test_reasons_do_not_fill_the_memory() -> None:
    summary = Summary()
    for number in range(3 * MAX_REASONS):
        summary.add(Record("f", number, {}), Result((), (Skipped("/e", "r", f"reason {number}"),), ()))
    assert len(summary.skipped) == MAX_REASONS + 1
    assert summary.skipped[OTHER_REASONS] == 2 * MAX_REASONS
