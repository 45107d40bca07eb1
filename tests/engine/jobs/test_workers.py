"""Worker processes: started in either way, and ended however the main process ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from moemap.engine.jobs import workers
from moemap.engine.jobs.input import LineUnit, Unit
from moemap.engine.jobs.program import RulesChangedError, open_program
from moemap.engine.jobs.transform import Recipe, Transform, WorkerError
from moemap.engine.runtime.batch import Record

RECIPE = Recipe("mparticle-moengage", {}, "requests", pretty=False, rejects="rejects.ndjson")


@pytest.fixture(scope="module")
def transform() -> Transform:
    return Transform(RECIPE, open_program(RECIPE.reference, RECIPE.settings))


def text(number: int) -> bytes:
    return json.dumps({"user_identities": {"customer_id": f"cust-{number}"}, "user_attributes": {"a": number}}).encode()


def units() -> list[Unit]:
    """Units of lines and of records, some of them larger than what a connection takes at once."""
    lines = [LineUnit("f", 1 + 4 * unit, [text(unit), b" ", None, text(unit) + b" " * 500_000]) for unit in range(5)]
    return [*lines, [Record("f", number, text(number)) for number in range(2_000)], []]


@pytest.mark.slow
@pytest.mark.parametrize("copied", [True, False], ids=["copied where that is safe", "started anew"])
def test_pieces_come_in_order(monkeypatch: pytest.MonkeyPatch, transform: Transform, copied: bool) -> None:
    if not copied:
        monkeypatch.setattr(workers, "has_one_thread", lambda: False)
    with workers.workers(transform, 3) as pieces:
        assert list(pieces(units())) == [transform.piece(unit) for unit in units()]


def changed_rules(folder: Path, word: str) -> None:
    """Rules for which Python has no code, so that the interpreter reads them once more."""
    field = f"{{from: {{const: {word}}}}}"
    for depth in range(25):
        field = f"{{a{depth}: {{each: batch.list, as: x{depth}, fields: {field}}}}}"
    head = "language: 1\nname: m\nversion: 1.0.0\ninput: {as: batch, schema: ./a.json}\n"
    outputs = "outputs: {out: {schema: ./b.json, request: {path: /}}}\n"
    (folder / "mapping.yaml").write_text(f"{head}{outputs}rules: [{{rule: r, output: out, fields: {field}}}]\n")
    for name in ("a.json", "b.json"):
        (folder / name).write_text("{}")


@pytest.mark.slow
@pytest.mark.parametrize("change", ["after", "[broken"])
@pytest.mark.parametrize("copied", [True, False], ids=["copied where that is safe", "started anew"])
def test_workers_never_mix_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, copied: bool, change: str) -> None:
    if not copied:
        monkeypatch.setattr(workers, "has_one_thread", lambda: False)
    changed_rules(tmp_path, "before")
    recipe = Recipe(str(tmp_path), {}, "requests", pretty=False)
    transform = Transform(recipe, open_program(recipe.reference, {}))
    changed_rules(tmp_path, change)
    with (
        pytest.raises(RulesChangedError, match="have changed since the run began"),
        workers.workers(transform, 2) as pieces,
    ):
        list(pieces([[Record("f", 1, b"{}")]]))


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the system does not tell of processes")
def test_a_worker_that_ends_early_ends_the_run(transform: Transform) -> None:
    with pytest.raises(WorkerError, match="a worker process ended early"), workers.workers(transform, 1) as pieces:
        os.kill(children(os.getpid())[-1], signal.SIGKILL)
        list(pieces(units()))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the system does not tell of processes")
def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    """However that process ends: a worker that held the others' connections open would keep them alive."""
    command = [sys.executable, "-m", "moemap.cli", "transform", "--jobs", "3", "--output", str(tmp_path / "out"), "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        started: list[int] = []
        while len(started) < 3:
            time.sleep(0.01)
            started = children(process.pid)
        process.kill()
    deadline = time.monotonic() + 10
    while alive := [child for child in started if is_running(child)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.01)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
