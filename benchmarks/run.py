"""Measures moemap and prints the figures: make bench

    python benchmarks/run.py [--quick] [--write docs/performance.md]

It takes some minutes; on a busy machine, the figures mean little.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from string import Template
from typing import Any

from moemap.benchmarks import author, delivery, engines, generate, many_rules, processes, shapes
from moemap.benchmarks.engines import HAND, HAND_VALID, LIMIT, MOEMAP, MOEMAP_VALID, NAIVE_VALID, Measured
from moemap.benchmarks.processes import START_BASE, START_CACHED
from moemap.benchmarks.table import Table, times
from moemap.engine import api, compiler
from moemap.engine.checks import check
from moemap.engine.language import loader
from moemap.engine.language.installed import locate
from moemap.engine.language_server.publishing import DELAY

PAGE = Path(__file__).with_name("performance.md")
"""The page without its figures."""
MAPPING = "mparticle-moengage"
LIBRARIES = ("orjson", "jsonschema-rs", "jsonschema", "jmespath", "click")


@dataclass(frozen=True, slots=True)
class Plan:
    """The amounts of work to measure."""

    rounds: int
    batches: int
    starts: int
    author_rounds: int
    tool_rounds: int
    tool_batches: int
    job_rounds: int
    job_batches: int
    megabytes: tuple[float, ...]
    rules: tuple[int, ...]
    delivery: delivery.Work


FULL = Plan(
    20,
    1_000,
    15,
    12,
    5,
    2_000,
    5,
    50_000,
    (1, 100, 1_000),
    (100, 1_000, 10_000),
    delivery.Work(20_000, 20_000, 1_000_000, 20),
)
QUICK = Plan(6, 300, 5, 3, 2, 500, 2, 2_000, (1, 10, 50), (100, 1_000), delivery.Work(2_000, 2_000, 20_000, 4))
JOBS = 2


def main() -> None:
    """Measures, prints, and writes the page if that is requested."""
    parser = argparse.ArgumentParser(description="Measures moemap and prints the figures.")
    parser.add_argument("--quick", action="store_true", help="measure little; for a rough idea")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page with the figures as well")
    given = parser.parse_args()
    page = Template(PAGE.read_text("utf-8")).substitute(figures(QUICK if given.quick else FULL))
    print(page)
    if given.write is not None:
        given.write.write_text(page, "utf-8")


def figures(plan: Plan) -> dict[str, str]:
    """Measures all figures of the page, by the name of their place in it."""
    load_before, began = os.getloadavg()[0], time.perf_counter()
    measured = engines.measure(plan.rounds, plan.batches, _progress)
    _progress("shapes")
    shaped = shapes.measure(plan.rounds, plan.batches)
    _progress("start-up")
    starts = processes.start_up(plan.starts)
    _progress("the author's loop")
    authors = author.measure(_main(), plan.author_rounds)
    _progress("mutants")
    mutants, mutant_seconds = author.try_mutants(_main(), JOBS)
    _progress("other tools")
    peers = processes.peers()
    tools = processes.throughput(peers, plan.tool_rounds, plan.tool_batches)
    _progress("jobs")
    jobs = processes.jobs(plan.job_rounds, plan.job_batches, (1, JOBS))
    job_seconds = {number: [taken.wall for taken in rounds] for number, rounds in jobs.items()}
    _progress("memory")
    memory = list(processes.memory(plan.megabytes, JOBS))
    growth = memory[-2][2].peak_bytes / memory[0][2].peak_bytes
    _progress("delivery")
    delivered = delivery.measure(plan.delivery)
    control_low, control_high = measured.spread(engines.CONTROL, HAND)
    return {
        "machine": machine(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "minutes": f"{(time.perf_counter() - began) / 60:.0f}",
        "load": f"{load_before:.1f}",
        "batches": f"{measured.batches:,}",
        "rounds": str(plan.rounds),
        "bytes": f"{len(next(generate.lines(1))):,}",
        "control_low": times(control_low),
        "control_high": times(control_high),
        "engines": engine_table(measured).text(),
        "goals": goal_table(measured, shaped, starts, job_seconds, growth, authors, mutant_seconds, delivered).text(),
        "shapes": shapes.table(shaped).text(),
        "starts": start_table(starts).text(),
        "mapping": mapping_table().text(),
        "rules": many_rules.table(many_rules.measure(plan.rules)).text(),
        "author": author.table(authors).text(),
        "mutants": f"{mutants:,}",
        "tools": tool_table(tools).text(),
        "job_batches": f"{plan.job_batches:,}",
        "missing": "".join(f"\nNot measured: {name} ({reason}).\n" for name, reason in peers.missing.items()),
        "jobs": job_table(jobs, plan.job_batches).text(),
        "memory": memory_table(memory).text(),
        "sent": delivered.sent_table().text(),
        "stored": delivered.stored_table().text(),
        "delivery": delivered.queue_table().text(),
    }


def _progress(text: str) -> None:
    print(f"{text} ...", file=sys.stderr)


def machine() -> str:
    """The machine that the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    tools = [found for name in ("jq", "node") if (found := _version(name))]
    return (
        f"{os.cpu_count()} processors ({_processor()}), {memory:.0f} GiB of memory, {platform.system()} "
        f"{platform.release()}; {platform.python_implementation()} {platform.python_version()}, {libraries}"
        f"{'; ' if tools else ''}{', '.join(tools)}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _version(tool: str) -> str | None:
    path = shutil.which(tool)
    if path is None:
        return None
    command = [path, "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  a known tool
    return said if said.startswith(tool) else f"{tool} {said}"


def engine_table(measured: Measured) -> Table:
    """Every way to map a batch, in one process."""
    rows = []
    for name in measured.seconds:
        low, high = measured.spread(name, HAND_VALID)
        rows.append(
            (
                name,
                f"{measured.microseconds(name):,.1f}",
                f"{1e6 / measured.microseconds(name):,.0f}",
                times(measured.ratio(name, LIMIT)),
                times(measured.ratio(name, HAND)),
                times(measured.ratio(name, HAND_VALID)),
                f"{times(low)} to {times(high)}",
            )
        )
    head = ("", "µs a batch", "batches/s", "/ limit", "/ by hand", "/ by hand, validated", "middle half of rounds")
    return Table(head, rows)


def goal_table(
    measured: Measured,
    shaped: Mapping[str, Measured],
    starts: Mapping[str, list[float]],
    jobs: Mapping[int, list[float]],
    growth: float,
    authors: Mapping[str, list[float]],
    mutants: float,
    delivered: delivery.Delivery,
) -> Table:
    """The goals of moemap, and the figures it reached."""
    rows = []

    def goal(name: str, wanted: float, reached: float, *, at_most: bool = False) -> None:
        word = "at most" if at_most else "at least"
        good = reached <= wanted if at_most else reached >= wanted
        rows.append((name, f"{word} {wanted:g}", times(reached), "yes" if good else "no"))

    for shape, one in shaped.items():
        goal(f"speed of moemap / by hand, both validated: {shape}", 1.2, one.ratio(MOEMAP_VALID, HAND_VALID))
    goal("speed of moemap / by hand, neither validated", 0.9, measured.ratio(MOEMAP, HAND))
    goal("speed of moemap / naive, both validated", 25, measured.ratio(MOEMAP_VALID, NAIVE_VALID))
    goal(f"speed of {JOBS} jobs / one", 1.5, processes.ratio(jobs, JOBS, 1))
    goal(
        "start of the command, cached / " + START_BASE,
        2,
        processes.ratio(starts, START_BASE, START_CACHED),
        at_most=True,
    )
    goal("memory for the largest file / for the smallest", 1.2, growth, at_most=True)
    counted = processes.ratio(authors, author.TESTS, author.COUNTED)
    goal("golden tests that count branches / golden tests", 1.3, counted, at_most=True)
    for step, name, least in (
        (author.LOST, "moemap lost", 0.25),
        (author.DIFFER, "moemap diff --corpus", 0.25),
        (author.COVER, "moemap transform --coverage", 0.33),
    ):
        goal(f"speed of `{name}` / mapping the batches", least, processes.ratio(authors, author.MAPPED, step) ** -1)
    goal(f"minutes for all mutants with {JOBS} jobs", 2, mutants / 60, at_most=True)
    goal("seconds to say where personal data can go", 1, median(authors[author.PRIVACY]), at_most=True)
    goal("seconds to explain one batch", 0.2, median(authors[author.EXPLAIN]), at_most=True)
    pressed = median(authors[author.PRESSED]) + DELAY
    goal("seconds from a key press in an editor to the problems of the file", 0.1, pressed, at_most=True)
    goal("seconds to complete a path in an editor", 0.05, median(authors[author.COMPLETE]), at_most=True)
    goal("seconds to show what a name is in an editor", 0.05, median(authors[author.HOVER]), at_most=True)
    goal("seconds from an edit in Studio to what it shows", 0.2, median(authors[author.EDITED]), at_most=True)
    goal(f"share used of a limit of {delivery.RATE} requests/s", 0.99, delivered.share)
    goal("most requests in a second under that limit", delivery.RATE, delivered.most, at_most=True)
    goal(f"seconds to answer 99 % of {delivery.RATE} batches/s", 0.1, delivered.intake[1], at_most=True)
    goal(
        f"memory with {delivered.queued:,} requests in the queue / with a tenth",
        1.2,
        delivered.queue_growth,
        at_most=True,
    )
    goal("seconds to start with them", 1, delivered.start_seconds, at_most=True)
    return Table(("", "to reach", "reached", ""), rows)


def start_table(starts: Mapping[str, list[float]]) -> Table:
    """The times of processes that do little but start."""
    rows = [
        (name, f"{median(seconds) * 1e3:.0f}", times(processes.ratio(starts, START_BASE, name)))
        for name, seconds in sorted(starts.items(), key=lambda entry: median(entry[1]))
    ]
    return Table(("", "ms", f"/ {START_BASE}"), rows)


def mapping_table() -> Table:
    """The times to make a mapping ready, in a process that has everything imported."""
    path = _main()
    rulebook = api.load(MAPPING).rulebook
    steps: dict[str, Callable[[], Any]] = {
        "load: YAML, expressions, schemas": lambda: loader.load(path),
        "check": lambda: list(check(rulebook)),
        "compile": lambda: compiler.compile(rulebook),
    }
    return Table(("", "ms"), [(name, f"{_milliseconds(step):.0f}") for name, step in steps.items()])


def _main() -> Path:
    path = locate(MAPPING)
    assert path is not None  # noqa: S101  it is shipped
    return path


def _milliseconds(step: Callable[[], Any], rounds: int = 7) -> float:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return median(seconds) * 1e3


def tool_table(tools: Mapping[str, list[float]]) -> Table:
    """The times of whole processes, minus those of their start."""
    rows = [
        (name, f"{median(seconds) * 1e6:,.0f}", times(processes.ratio(tools, name, processes.HANDWRITTEN)))
        for name, seconds in tools.items()
    ]
    return Table(("", "µs a batch", "/ by hand, validated"), rows)


def job_table(jobs: Mapping[int, list[processes.Taken]], batches: int) -> Table:
    """The command with one process and with several."""
    wall = {number: [taken.wall for taken in rounds] for number, rounds in jobs.items()}
    rows = [
        (
            str(number),
            f"{median(wall[number]):.2f}",
            f"{median(taken.processor for taken in rounds):.2f}",
            f"{batches / median(wall[number]):,.0f}",
            times(processes.ratio(wall, number, 1)),
        )
        for number, rounds in sorted(jobs.items())
    ]
    return Table(("jobs", "seconds", "of processors", "batches/s", "/ one job"), rows)


def memory_table(memory: Sequence[tuple[float, int, processes.Usage]]) -> Table:
    """The peak memory of one process of the command."""
    rows = [
        (f"{size:,.0f} MB", str(number), f"{usage.seconds:,.1f}", f"{usage.peak_bytes / 2**20:.0f}")
        for size, number, usage in memory
    ]
    return Table(("NDJSON", "jobs", "seconds", "MiB"), rows)


if __name__ == "__main__":
    main()
