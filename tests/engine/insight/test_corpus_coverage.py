"""Coverage over files: the counts of the interpreter, whatever the processes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from moemap.engine import api
from moemap.engine.insight import corpus_coverage
from moemap.engine.insight.corpus_coverage import coverage_over
from moemap.engine.insight.coverage import CountingInterpreter, coverage_of
from moemap.engine.insight.coverage_report import text
from moemap.tests.docs.examples import Block, write
from moemap.tests.engine.insight.test_coverage import EXAMPLES, MAPPING, batches


@pytest.mark.slow
def test_the_counts_are_those_of_the_interpreter() -> None:
    rulebook = api.load("mparticle-moengage").rulebook
    interpreter = CountingInterpreter(rulebook)
    count = sum(1 for batch in batches() if interpreter.run(batch))
    wanted = coverage_of([interpreter])
    found = coverage_over(rulebook, map(str, EXAMPLES), 1, lambda _line: None)
    assert (found.batches, found.unreadable.count) == (count, 0)
    assert found.coverage.counts == +wanted.counts
    assert found.coverage.unreachable.keys() == wanted.unreachable.keys()


@pytest.mark.slow
@pytest.mark.parametrize("is_forked", [True, False])
def test_processes_count_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_forked: bool) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(corpus_coverage, "has_one_thread", lambda: is_forked)
    monkeypatch.setattr(corpus_coverage, "_UNIT_BYTES", 100)
    loaded = api.inspect(write([Block("mapping.yaml", MAPPING, 1)], Path()))
    assert loaded.rulebook is not None
    lines = ['{"events": [{"type": "order", "size": "s"}]}', '{"events": []}', "nothing", '{"events": [{"type": "x"}]}']
    Path("batches.ndjson").write_text("\n".join(lines * 20), "utf-8")
    found = coverage_over(loaded.rulebook, ["batches.ndjson"], 2, lambda _line: None)
    assert (found.batches, found.unreadable.count) == (60, 20)
    counts = Counter({name: count for name, count in found.coverage.counts.items() if name.startswith("routes/")})
    assert counts == {"routes/events/each#none": 20, "routes/events/each#one": 40}
    assert "    10  20  rule order: `when` holds: event.type == 'order'" in text(found.coverage, counts_all=True)
