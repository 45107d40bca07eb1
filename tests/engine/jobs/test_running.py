"""Whole runs over files: any number of workers, interrupted anywhere, nothing lost and nothing twice."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from moemap.cli import main
from moemap.engine.jobs import compression, runfiles, workers
from moemap.engine.jobs import input as records
from moemap.engine.jobs import running as jobs
from moemap.engine.jobs.compression import decompressed
from moemap.engine.jobs.files import BusyError
from moemap.engine.jobs.job import Job
from moemap.engine.jobs.program import Program, open_program
from moemap.engine.jobs.running import ResumeError
from moemap.engine.jobs.summary import Summary
from moemap.engine.jobs.transform import Recipe, Transform

MAPPING = """\
language: 1
name: shop
version: 1.0.0
input: {as: batch, schema: ./any.schema.json}
settings: {identity: {type: string, default: customer_id}}
server: {url: https://api.example.com, headers: {Authorization: "Bearer {token}"}}
outputs:
  user: {schema: ./any.schema.json, request: {path: /user}}
  event: {schema: ./any.schema.json, request: {path: /event}, element_of: events, combine: {events: append}}
bulk: {schema: ./any.schema.json, request: {path: /bulk}, elements: elements, max_bytes: 10000}
let: {id: {from: "get(batch.user_identities, settings.identity)", required: true}}
routes: {events: {each: batch.events, as: event}}
rules:
- rule: user
  output: user
  fields: {id: id, number: batch.user_attributes.number, mixed: {from: batch.user_attributes.mixed, type: string}}
- {rule: event, route: events, output: event, fields: {user: id, name: event.data.event_name}}
"""
"""A mapping that rejects batches without an id, and leaves out attributes of mixed types with a warning."""


def mapping(folder: Path) -> str:
    """The path of the mapping in the folder, where it is written unless it is there."""
    path = folder / "shop" / "mapping.yaml"
    if not path.exists():
        path.parent.mkdir()
        path.write_text(MAPPING, "utf-8")
        (path.parent / "any.schema.json").write_text("{}", "utf-8")
    return str(path)


@cache
def opened(path: str, *, bulk: bool) -> Program:
    return open_program(path, {}, bulk=bulk)


def batch(number: int) -> dict[str, Any]:
    """A batch that is like no other; every tenth one is rejected, every seventh one gives a warning."""
    identities = {} if number % 10 == 9 else {"customer_id": f"cust-{number}"}
    mixed = {"mixed": [number, "a"]} if number % 7 == 6 else {}
    event = {"event_type": "custom_event", "data": {"event_name": f"seen {number}", "custom_event_type": "other"}}
    return {"user_identities": identities, "user_attributes": {"number": number, **mixed}, "events": [event]}


def write(path: Path, numbers: range) -> str:
    text = "".join(json.dumps(batch(number)) + "\n" for number in numbers)
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if path.suffix == ".gz" else text.encode())
    return str(path)


@pytest.fixture
def inputs(tmp_path: Path) -> tuple[str, ...]:
    return (
        write(tmp_path / "a.ndjson", range(60)),
        write(tmp_path / "b.ndjson.gz", range(60, 100)),
        write(tmp_path / "c.ndjson", range(100, 150)),
    )


def job(tmp_path: Path, inputs: tuple[str, ...], **changes: Any) -> Job:
    format_ = changes.pop("format", "result")
    output, rejects = tmp_path / changes.pop("output", "out.ndjson"), tmp_path / "rejects.ndjson"
    path = mapping(tmp_path)
    recipe = Recipe(path, {}, format_, False, output.name, rejects.name)
    return Job(inputs, recipe, opened(path, bulk=format_ == "bulk"), output, rejects, **changes)


def content(made: Job) -> tuple[bytes, bytes]:
    assert made.output is not None
    assert made.rejects is not None
    with made.output.open("rb") as file:
        return b"".join(decompressed(file, [])), made.rejects.read_bytes()


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small units, and a journal after each."""
    monkeypatch.setattr(jobs, "UNIT_BYTES", 2_000)
    monkeypatch.setattr(compression, "CHUNK", 500)
    monkeypatch.setattr(records, "CHUNK", 500)
    monkeypatch.setattr(runfiles, "JOURNAL_SECONDS", 0)


@pytest.mark.slow
@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("format_", ["result", "requests", "bulk", "curl"])
def test_any_number_of_workers_gives_the_same(tmp_path: Path, inputs: tuple[str, ...], format_: str) -> None:
    one = job(tmp_path, inputs, format=format_, output="one")
    alone = jobs.run(one)
    expected = content(one)
    three = job(tmp_path, inputs, format=format_, output="three", jobs=3)
    together = jobs.run(three)
    assert content(three) == expected
    assert together == alone
    assert alone.batches == 150
    assert len(expected[1].splitlines()) == sum(number % 10 == 9 for number in range(150))
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".journal", ".partial")) == []


@pytest.mark.slow
def test_processes_are_started_only_for_more_than_little_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "little").write_text("{}\n" * 100)
    (tmp_path / "much").write_text("{}\n" * 100 + "\n" * 65_536)
    started: list[int] = []
    begin = workers.workers

    def begun(maker: Transform, count: int) -> Any:
        started.append(count)
        return begin(maker, count)

    monkeypatch.setattr(workers, "workers", begun)
    for name in ("little", "much"):
        made = job(tmp_path, (str(tmp_path / name),), format="result", output=f"{name}.out", jobs=2)
        assert jobs.run(made).batches == 100
        assert started == ([] if name == "little" else [2])


class Interrupted(Exception):
    """Stands in for anything that ends a process."""


@pytest.mark.slow
@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("format_", ["result", "bulk"])
@pytest.mark.parametrize("output", ["out.ndjson", "out.ndjson.gz", "out.ndjson.zst"])
def test_an_interrupted_run_goes_on_where_it_stopped(
    tmp_path: Path, inputs: tuple[str, ...], format_: str, output: str
) -> None:
    whole = job(tmp_path, inputs, format=format_, output="whole.ndjson")
    sums = jobs.run(whole)
    expected = content(whole)
    made = job(tmp_path, inputs, format=format_, output=output)
    for stop in (3, 1, 5, 2):
        seen = 0

        def interrupt(_sums: Summary, _bytes: int, stop: int = stop) -> None:
            nonlocal seen
            seen += 1
            if seen == stop:
                raise Interrupted

        with pytest.raises(Interrupted):
            jobs.run(made._replace(resume=True), interrupt)
        assert made.output is not None
        assert not made.output.exists()
    assert jobs.run(made._replace(resume=True)) == sums
    assert content(made) == expected


@pytest.mark.slow
@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_goes_on_in_the_middle_of_a_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    """Units may be cut elsewhere than in the run before; blank lines are no records but count as lines."""
    source = tmp_path / "in.ndjson"
    lines = [json.dumps(batch(number)) + "\n" * (1 + number % 3) for number in range(200)]
    source.write_text("".join(lines).rstrip("\n"))
    inputs = str(source), write(tmp_path / "list.ndjson.gz", range(200, 250))
    whole = job(tmp_path, inputs, output="whole.ndjson")
    sums = jobs.run(whole)
    expected = content(whole)
    made = job(tmp_path, inputs, jobs=workers)
    for stop, size in ((2, 700), (1, 3_000), (3, 5_000), (4, 1_100)):
        monkeypatch.setattr(jobs, "UNIT_BYTES", size)
        seen = 0

        def interrupt(_sums: Summary, _bytes: int, stop: int = stop) -> None:
            nonlocal seen
            seen += 1
            if seen == stop:
                raise Interrupted

        with pytest.raises(Interrupted):
            jobs.run(made._replace(resume=True), interrupt)
    assert jobs.run(made._replace(resume=True)) == sums
    assert content(made) == expected


@pytest.mark.slow
@pytest.mark.usefixtures("small_units")
def test_a_run_is_only_continued_with_the_same_inputs_and_rules(tmp_path: Path, inputs: tuple[str, ...]) -> None:
    made = job(tmp_path, inputs, resume=True)

    def interrupt(sums: Summary, _bytes: int) -> None:
        if sums.batches:
            raise Interrupted

    with pytest.raises(Interrupted):
        jobs.run(made, interrupt)
    other_rules = made._replace(program=open_program(mapping(tmp_path), {"identity": "email"}))
    with pytest.raises(ResumeError, match="belongs to a run with other inputs, options or rules"):
        jobs.run(other_rules)
    times = Path(inputs[0]).stat()
    os.utime(inputs[0], ns=(times.st_atime_ns, times.st_mtime_ns + 1_000_000_000))
    with pytest.raises(ResumeError):
        jobs.run(made)
    os.utime(inputs[0], ns=(times.st_atime_ns, times.st_mtime_ns))
    write(Path(inputs[0]), range(61))
    with pytest.raises(ResumeError):
        jobs.run(made)
    (tmp_path / "out.ndjson.journal").write_text("{}")
    with pytest.raises(ResumeError, match="is not a journal of this version"):
        jobs.run(made)
    assert jobs.run(made._replace(resume=False, restart=True)).batches == 151


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_kill_9_loses_nothing(tmp_path: Path, workers: int) -> None:
    """The process is killed again and again, wherever it happens to be, and started again."""
    source = write(tmp_path / "in.ndjson", range(3_000))
    program = (
        "import sys, time; from moemap.engine.jobs import runfiles, running; from moemap.cli import main\n"
        "running.UNIT_BYTES = 20_000\n"
        "runfiles.JOURNAL_SECONDS = 0\n"
        "note = runfiles.RunFiles.note\n"
        "runfiles.RunFiles.note = lambda self: (note(self), time.sleep(0.03))\n"  # not over before it is killed
        "if __name__ == '__main__':\n"
        "    main(sys.argv[1:])\n"
    )
    script = tmp_path / "run.py"
    script.write_text(program)
    output, rejects, journal = (tmp_path / name for name in ("out", "rejects", "out.journal"))
    shop = ["--mapping", mapping(tmp_path)]
    command = [sys.executable, str(script), "transform", *shop, "--compact", "--jobs", str(workers), "--resume", source]
    command += ["--output", str(output), "--rejects", str(rejects)]
    for _ in range(3):
        before = journal.stat().st_mtime_ns if journal.exists() else 0
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None and not (journal.exists() and journal.stat().st_mtime_ns != before):
            time.sleep(0.01)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert not output.exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("3000 batches: ")
    expected = tmp_path / "expected", tmp_path / "expected-rejects"
    runner = CliRunner()
    runner.invoke(
        main, ["transform", *shop, "--compact", source, "--output", str(expected[0]), "--rejects", str(expected[1])]
    )
    assert output.read_bytes() == expected[0].read_bytes()
    assert rejects.read_bytes() == expected[1].read_bytes()
    assert not journal.exists()


@pytest.mark.slow
def test_output_dir_has_a_file_for_each_input(tmp_path: Path, inputs: tuple[str, ...]) -> None:
    folder = tmp_path / "results"
    pattern = str(tmp_path / "*.ndjson*")
    arguments = ["transform", "--mapping", mapping(tmp_path), "--compact", "--output-dir", str(folder), pattern]
    assert CliRunner().invoke(main, arguments).exit_code == 1
    names = ["a.result.ndjson", "b.result.ndjson.gz", "c.result.ndjson"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert len(gzip.decompress((folder / names[1]).read_bytes()).splitlines()) == 40
    again = CliRunner().invoke(main, [*arguments, "--resume"])
    assert again.stderr == "0 batches: 0 requests, 0 skipped, 0 problems\n"


NO_FILE = "--resume requires --output with a file, or --output-dir: other output cannot be truncated"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "x", "--output-dir", "y"], "--output cannot be combined with --output-dir"),
        (["--resume"], NO_FILE),
        (["--resume", "--output", "-", "x"], NO_FILE),
        (["--resume", "--output", "/dev/null", "x"], NO_FILE),
        (["--resume", "--restart", "--output", "x", "y"], "--resume cannot be combined with --restart"),
        (
            ["--resume", "--output", "x", "-"],
            "--resume and --output-dir require files: standard input cannot be read again",
        ),
        (["--resume", "--output", "x", "/dev/null"], "--resume requires files: /dev/null cannot be read again"),
        (["no-such-*.ndjson"], "no-such-*.ndjson: no file matches"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(main, ["transform", *arguments])
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, f"Error: {message}")


@pytest.mark.slow
@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("shared", ["output", "rejects"])
def test_two_runs_never_write_to_one_file(tmp_path: Path, inputs: tuple[str, ...], shared: str, resume: bool) -> None:
    whole = job(tmp_path, inputs, output="whole")
    jobs.run(whole)
    expected = content(whole)
    made = job(tmp_path, inputs)
    apart = tmp_path / "apart"
    other = made._replace(rejects=apart) if shared == "output" else made._replace(output=apart)
    other = other._replace(resume=resume)
    refused = 0

    def second(_sums: Summary, _bytes: int) -> None:
        nonlocal refused
        with pytest.raises(BusyError) as raised:
            jobs.run(other)
        assert str(raised.value) == f"{getattr(made, shared)}: another run is writing it"
        refused += 1

    jobs.run(made, second)
    assert refused > 1
    assert content(made) == expected


@pytest.mark.usefixtures("small_units")
def test_a_run_that_begins_anew_leaves_no_journal_of_the_one_before(tmp_path: Path, inputs: tuple[str, ...]) -> None:
    made = job(tmp_path, inputs)

    def interrupt(sums: Summary, _bytes: int) -> None:
        if sums.batches:
            raise Interrupted

    with pytest.raises(Interrupted):
        jobs.run(made, interrupt)
    journal, partial = tmp_path / "out.ndjson.journal", tmp_path / "out.ndjson.partial"
    assert journal.exists()
    partial.write_bytes(b"")
    with pytest.raises(ResumeError, match="is shorter than its journal says"):
        jobs.run(made._replace(resume=True))
    partial.unlink()
    with pytest.raises(ResumeError, match="is shorter than its journal says"):
        jobs.run(made._replace(resume=True))
    seen: list[bool] = []
    jobs.run(made._replace(restart=True), lambda _sums, _bytes: seen.append(partial.exists()))
    assert (seen[0], journal.exists(), partial.exists()) == (True, False, False)
