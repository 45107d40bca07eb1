"""Mappings of many rules: the time to read, check and compile them, and to map the first batch."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from moemap.benchmarks.table import Table
from moemap.cli import COLLECT_AFTER
from moemap.engine import compiler
from moemap.engine.checks import check
from moemap.engine.language import loader

__all__ = ["STEPS", "measure", "table"]

STEPS = ("load", "check", "compile", "first result")
_A_FILE = 1_000
_INPUT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"properties": {"kind": {"type": "string"}, "data": {"type": "object"}}}}
    },
}


def _rules(start: int, end: int) -> Iterator[Mapping[str, Any]]:
    for number in range(start, end):
        fields = {"a": {"from": "item.data.a", "type": "string"}, f"b{number}": f"item.data.b{number}"}
        when = f"item.kind == 'kind-{number}'"
        yield {"rule": f"rule{number}", "route": "items", "when": when, "output": "out", "fields": fields}


def _write(folder: Path, count: int) -> Path:
    """Writes a mapping of `count` rules in several files, and returns its path."""
    names = []
    for start in range(0, count, _A_FILE):
        names.append(f"rules{start}.yaml")
        rules = list(_rules(start, min(start + _A_FILE, count)))
        (folder / names[-1]).write_text(json.dumps({"rules": rules}, indent=1), "utf-8")
    (folder / "in.schema.json").write_text(json.dumps(_INPUT), "utf-8")
    (folder / "out.schema.json").write_text('{"type": "object"}', "utf-8")
    head = {
        "language": 1,
        "name": "many",
        "version": "1.0.0",
        "input": {"as": "batch", "schema": "./in.schema.json"},
        "outputs": {"out": {"schema": "./out.schema.json", "request": {"method": "POST", "path": "/items"}}},
        "routes": {"items": {"each": "batch.items", "as": "item"}},
        "include": names,
    }
    path = folder / "mapping.yaml"
    path.write_text(json.dumps(head, indent=1), "utf-8")
    return path


def measure(counts: Sequence[int]) -> dict[int, dict[str, float]]:
    """Seconds of processor time by the number of rules and the step, with garbage collected as in a command."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER)
    try:
        return {count: dict(zip(STEPS, _seconds(count), strict=True)) for count in counts}
    finally:
        gc.set_threshold(*before)


def _seconds(count: int) -> Iterator[float]:
    def timed(step: Callable[[], Any]) -> tuple[Any, float]:
        start = time.process_time()
        return step(), time.process_time() - start

    with TemporaryDirectory() as folder:
        path = _write(Path(folder), count)
        loaded, seconds = timed(lambda: loader.load(path))
        yield seconds
        if loaded.rulebook is None:
            raise SystemExit(f"the rules cannot be read: {loaded.problems[0].message}")
        problems, seconds = timed(lambda: list(check(loaded.rulebook)))
        if problems:
            raise SystemExit(f"the rules have problems: {problems[0].message}")
        yield seconds
        program, seconds = timed(lambda: compiler.compile(loaded.rulebook))
        yield seconds
        batch = {"items": [{"kind": f"kind-{count - 1}", "data": {"a": 1}}]}
        result, seconds = timed(lambda: program.transform(batch))
        if len(result.requests) != 1:
            raise SystemExit("the last rule takes nothing")
        yield seconds


def table(measured: Mapping[int, Mapping[str, float]]) -> Table:
    """Each number of rules, with the time of each step per rule."""
    rows = [
        (f"{count:,}", *(f"{steps[step] * 1e6 / count:,.{0 if step != 'first result' else 2}f}" for step in STEPS))
        for count, steps in measured.items()
    ]
    return Table(("rules", *(f"{step}, µs a rule" for step in STEPS)), rows)
