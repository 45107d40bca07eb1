"""Measures whole processes: start-up, throughput of the command and of other tools, jobs, memory.

Commands take turns, and only ratios within a round are compared. Times are elapsed time; for several jobs, which share
processors, processor time is given, too.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from moemap.benchmarks import generate, handwritten

__all__ = [
    "HANDWRITTEN",
    "JSONATA",
    "MOEMAP",
    "Command",
    "Peers",
    "Run",
    "Taken",
    "Usage",
    "moemap",
    "peers",
    "take_turns",
    "throughput",
]

HERE = Path(__file__).parent
HANDWRITTEN = "written by hand, validated"
MOEMAP = "moemap transform"
JQ = "jq"
JSONATA = "Node with JSONata"
FAST = 10
START_BASE = 'python -c "import orjson, click"'
START_COLD = "moemap transform, one payload, cold"
START_CACHED = "moemap transform, one payload, cached"
CACHE_VARIABLE = "XDG_CACHE_HOME"

Command = Sequence[str]


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of a command; the bytes are the peak memory of one of its processes."""

    seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The elapsed seconds of a command, and its processor seconds, including those of child processes."""

    wall: float
    processor: float


@dataclass(frozen=True, slots=True)
class Run:
    """A command to measure. `prepare` returns the environment variables of each run."""

    name: str
    command: Command
    prepare: Callable[[], Mapping[str, str]] = dict


def moemap(*arguments: str) -> Command:
    """The installed command."""
    script = Path(sys.executable).with_name("moemap")
    return [str(script) if script.is_file() else (shutil.which("moemap") or "moemap"), *arguments]


def _users_environment() -> dict[str, str]:
    """The environment, in which Python caches compiled modules as it does by default."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def use(command: Command, environment: Mapping[str, str] | None = None, output: Any = subprocess.DEVNULL) -> Taken:
    """Runs a command, and returns the time that it took; ends the benchmark if it fails."""
    start, before = time.perf_counter(), _processor_seconds()
    done = subprocess.run(  # noqa: S603  our own commands
        command,
        env={**_users_environment(), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        check=False,
    )
    taken = Taken(time.perf_counter() - start, _processor_seconds() - before)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode(errors='replace')}")
    return taken


def _processor_seconds() -> float:
    """The processor time of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def in_turns(runs: Iterable[Run], rounds: int) -> Mapping[str, list[Taken]]:
    """The times of each round by name, without the first run of each, which warms the machine up."""
    all_taken: dict[str, list[Taken]] = {}
    ordered = list(runs)
    for number in range(rounds + 1):
        turn = number % len(ordered)
        for run in ordered[turn:] + ordered[:turn]:
            taken = use(run.command, run.prepare())
            if number > 0:
                all_taken.setdefault(run.name, []).append(taken)
    return all_taken


def take_turns(runs: Iterable[Run], rounds: int) -> Mapping[str, list[float]]:
    """The elapsed seconds of each round by name."""
    return {name: [taken.wall for taken in rounds_] for name, rounds_ in in_turns(runs, rounds).items()}


def start_up(rounds: int) -> Mapping[str, list[float]]:
    """The time of processes that do little but start: Python, the imports of every command, moemap on one payload."""
    with TemporaryDirectory() as folder:
        batch = Path(folder, "batch.json")
        batch.write_bytes(orjson.dumps(generate.batch(0)))
        command = moemap("transform", "--format", "requests", str(batch))
        fresh = (str(number) for number in range(rounds + 1))
        return take_turns(
            [
                Run("python -c pass", [sys.executable, "-c", "pass"]),
                Run(START_BASE, [sys.executable, "-c", "import orjson, click"]),
                Run(START_COLD, command, lambda: {CACHE_VARIABLE: str(Path(folder, "cold", next(fresh)))}),
                Run(START_CACHED, command, lambda: {CACHE_VARIABLE: str(Path(folder, "cached"))}),
                Run("moemap --version", moemap("--version")),
                Run("moemap check (the shipped mapping)", moemap("check")),
            ],
            rounds,
        )


@dataclass(frozen=True, slots=True)
class Peers:
    """Other tools: the commands of those that are installed, without the file, and why the others are not measured."""

    commands: Mapping[str, Command]
    missing: Mapping[str, str]


def peers() -> Peers:
    """The tools of benchmarks/peers that are installed and give the same bodies."""
    commands: dict[str, Command] = {}
    missing: dict[str, str] = {}
    jq, node = shutil.which("jq"), shutil.which("node")
    if jq is None:
        missing[JQ] = "not installed"
    else:
        commands[JQ] = [jq, "--compact-output", "--from-file", str(HERE / "peers/mapping.jq")]
    if node is None:
        missing[JSONATA] = "Node is not installed"
    elif not (HERE / "peers/node_modules/jsonata").is_dir():
        missing[JSONATA] = "not installed (npm install --prefix benchmarks/peers)"
    else:
        commands[JSONATA] = [node, str(HERE / "peers/jsonata.mjs")]
    with TemporaryDirectory() as folder:
        batches = Path(folder, "batches.ndjson")
        batches.write_bytes(b"".join(generate.lines(200)))
        wanted = [body for batch in generate.batches(200) for _, body in handwritten.transform(batch)]
        for name, command in list(commands.items()):
            with Path(folder, "bodies.ndjson").open("w+b") as output:
                use([*command, str(batches)], output=output)
                output.seek(0)
                if [orjson.loads(line) for line in output] != wanted:
                    del commands[name]
                    missing[name] = "gives other bodies"
    return Peers(commands, missing)


def throughput(found: Peers, rounds: int, count: int) -> Mapping[str, list[float]]:
    """Seconds per batch of whole processes from a file to the null device, minus the time of one batch.

    Fast ones get `FAST` times as many batches, so that their work takes long compared with their start.
    """
    python: dict[str, Command] = {
        HANDWRITTEN: [sys.executable, str(HERE / "handwritten.py")],
        MOEMAP: moemap("transform", "--format", "requests", "--compact"),
    }
    counts = {**dict.fromkeys(python, count * FAST), **dict.fromkeys(found.commands, count)}
    with TemporaryDirectory() as folder:
        for size in {1, *counts.values()}:
            with Path(folder, f"{size}.ndjson").open("wb") as file:
                file.writelines(generate.lines(size))
        runs = [
            Run(f"{name} {size}", [*command, str(Path(folder, f"{size}.ndjson"))])
            for name, command in {**python, **found.commands}.items()
            for size in (1, counts[name])
        ]
        seconds = take_turns(runs, rounds)
    return {
        name: [
            (long - short) / (size - 1)
            for short, long in zip(seconds[f"{name} 1"], seconds[f"{name} {size}"], strict=True)
        ]
        for name, size in counts.items()
    }


def jobs(rounds: int, count: int, numbers: Sequence[int]) -> Mapping[int, list[Taken]]:
    """The times of each round of the whole command, from file to file, by the number of jobs."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "batches.ndjson")
        with path.open("wb") as file:
            file.writelines(generate.lines(count))
        runs = [
            Run(
                str(number),
                moemap(
                    *("transform", "--format", "requests", "--compact", "--jobs", str(number)),
                    *("--output", str(Path(folder, f"{number}.ndjson")), str(path)),
                ),
            )
            for number in numbers
        ]
        return {int(name): taken for name, taken in in_turns(runs, rounds).items()}


def memory(megabytes: Sequence[float], jobs: int) -> Iterator[tuple[float, int, Usage]]:
    """The usage of the command for files of these sizes: size in millions of bytes, jobs, usage."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "batches.ndjson")
        for size in megabytes:
            with path.open("wb") as file:
                file.writelines(generate.megabytes(size))
            for number in (1, jobs) if size == max(megabytes) else (1,):
                command = moemap("transform", "--format", "requests", "--compact", "--jobs", str(number), str(path))
                with Path(folder, "peak").open("w+b") as output:
                    taken = use([sys.executable, "-c", _PEAK, *command], output=output)
                    output.seek(0)
                    peak = int(output.read()) * (1 if sys.platform == "darwin" else 1024)
                yield path.stat().st_size / 1e6, number, Usage(taken.wall, peak)


# A process begins with the peak of the one that started it, so a small one must start what is measured.
_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def ratio(seconds: Mapping[Any, list[float]], fast: Any, slow: Any) -> float:
    """The speed of `fast` as a multiple of that of `slow`: the median of the rounds."""
    return median(theirs / own for own, theirs in zip(seconds[fast], seconds[slow], strict=True))
