"""Measures the author's loop: the time to check, test and prove the mapping while rules change.

The steps take turns in one process, and only ratios within a round are compared. Times are processor time.
"""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from moemap.benchmarks import generate
from moemap.benchmarks.table import Table, times
from moemap.engine import api, golden
from moemap.engine.editing.completion import completions
from moemap.engine.editing.data import Position
from moemap.engine.editing.hover import hover
from moemap.engine.editing.state import EditingState
from moemap.engine.golden.runner import GoldenRunner
from moemap.engine.insight.corpus import Comparing, compare_over
from moemap.engine.insight.corpus_coverage import CorpusCounter
from moemap.engine.insight.coverage import CountingRunner
from moemap.engine.insight.explanation import as_json
from moemap.engine.insight.loss import loss_over
from moemap.engine.insight.tracing import trace
from moemap.engine.jobs.input import Unit, read_units
from moemap.engine.jobs.transform import Recipe, Transform
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.mutation.running import mutate
from moemap.engine.privacy import privacy_of
from moemap.engine.proof import prove
from moemap.engine.source.project import Project
from moemap.engine.studio.worker import Worker

__all__ = [
    "AGAIN",
    "ANEW",
    "COMPLETE",
    "COUNTED",
    "DIFFER",
    "EDITED",
    "EXPLAIN",
    "HOVER",
    "LOST",
    "MAPPED",
    "PRESSED",
    "PRIVACY",
    "PROVE",
    "TESTS",
    "measure",
    "run_tests",
    "table",
    "try_mutants",
]

ANEW = "load and check the mapping"
AGAIN = "check it again after a change of one file"
EDITED = "show in Studio what an edit makes of three samples"
PRESSED = "find the problems of a file again after a key press in an editor"
COMPLETE = "complete the path that was typed in an editor"
HOVER = "show in it what a name is, and its value in a sample"
TESTS = "run its golden tests, with all that they need"
COUNTED = "run them, and count the branches that they take"
PROVE = "prove its outputs"
PRIVACY = "say where personal data can go (`moemap privacy`)"
EXPLAIN = "explain one batch"
BATCHES = 1_000
MAPPED = f"map {BATCHES:,} batches"
LOST = "find what is lost of them (`moemap lost`)"
DIFFER = "compare two versions over them (`moemap diff --corpus`)"
COVER = "count the branches that they take (`moemap transform --coverage`)"


def measure(main: Path, rounds: int) -> dict[str, list[float]]:
    """The seconds that each step took in each round."""
    rulebook = api.inspect(main).rulebook
    assert rulebook is not None  # noqa: S101  it is shipped
    session = api.Session()
    session.inspect(main)
    files = cycle(sorted(main.parent.glob("*.yaml")))

    def change(file: Path, word: str) -> None:
        lines = file.read_text("utf-8").splitlines()
        lines.insert(len(lines) // 2, f"# a {word}")  # the nodes below it are others than before
        session.inspect(main, {file: "\n".join(lines)})

    studio, editor = Studio(main), Editor(main)
    steps: dict[str, Callable[[], object]] = {
        ANEW: lambda: api.inspect(main),
        AGAIN: lambda: change(file, "longer comment"),
        EDITED: studio.edit,
        PRESSED: editor.press,
        COMPLETE: editor.complete,
        HOVER: editor.hover,
        TESTS: lambda: run_tests(main.parent / "tests"),
        COUNTED: lambda: count_branches(main.parent / "tests"),
        PROVE: lambda: prove(rulebook),
        PRIVACY: lambda: privacy_of(rulebook),
        EXPLAIN: lambda: explain(rulebook, generate.batch(0)),
    }
    with TemporaryDirectory() as folder:
        steps |= corpus_steps(rulebook, Path(folder, "batches.ndjson"))
        seconds: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(rounds):
            file = next(files)
            change(file, "comment")
            for name, step in steps.items():
                start = time.process_time()
                step()
                seconds[name].append(time.process_time() - start)
    return seconds


class Studio:
    """The evaluator of rules for Studio's page, in this process."""

    def __init__(self, main: Path) -> None:
        root = Project.around(main.parent).root or main.parent
        self.worker = Worker(root, main)
        found = self.ask("project")
        samples = [one["id"] for one in found["samples"]][:3]
        self.path = main.relative_to(root).as_posix()
        self.lines = main.read_text("utf-8").splitlines()
        self.edits = 0
        self.ask("change", {"selected": {"mapping": self.path, "samples": samples, "settings": {}}})
        self.ask("state")

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        return self.worker.answer({"method": method, "params": params or {}})["result"]

    def edit(self) -> Any:
        """Types a character in the middle of a file, and computes everything that the page shows."""
        self.edits += 1
        lines = [*self.lines]
        lines.insert(len(lines) // 2, f"# {'x' * self.edits}")
        gc.disable()  # its process collects garbage between the answers
        try:
            self.ask("change", {"texts": {self.path: "\n".join(lines)}})
            return self.ask("state")
        finally:
            gc.enable()


class Editor:
    """The requests of an editor, at the longest path of the mapping."""

    def __init__(self, main: Path) -> None:
        self.state = EditingState([main.parent])
        paths = [
            (match[0], file) for file in main.parent.glob("*.yaml") for match in _PATH.finditer(file.read_text("utf-8"))
        ]
        longest, self.file = max(paths, key=lambda one: len(one[0]))
        self.text = self.file.read_text("utf-8")
        self.end = self.text.index(longest) + len(longest)
        self.typed = self.pressed = 0
        self.state.open(self.file, self.text)
        self.state.diagnostics(self.file)
        self.complete()
        self.hover()

    def press(self) -> int:
        """Types a character in the middle of the file; returns the number of problems that its mapping finds in it."""
        self.pressed += 1
        lines = self.text.splitlines()
        lines.insert(len(lines) // 2, f"# {'x' * self.pressed}")
        self.state.open(self.file, "\n".join(lines))
        return len(self.state.first_problems(self.file))

    def complete(self) -> int:
        """Types a character of the last name, and completes it; returns the number of names."""
        start = self.text.rindex(".", 0, self.end) + 1
        self.typed = self.typed % 4 + 1
        text = f"{self.text[:start]}{'abcd'[: self.typed]}{self.text[self.end :]}"
        self.state.open(self.file, text)
        return len(completions(self.state, self.file, _position(text, start + self.typed)))

    def hover(self) -> str:
        """The explanation of the last name."""
        self.state.open(self.file, self.text)
        found = hover(self.state, self.file, _position(self.text, self.end))
        assert found is not None  # noqa: S101  the name is known
        return found.text


_PATH = re.compile(r"\b(?:event|batch)(?:\.[a-z_]+){2,}")


def _position(text: str, offset: int) -> Position:
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def corpus_steps(rulebook: Rulebook, file: Path) -> dict[str, Callable[[], object]]:
    """The steps that read many batches, which are written to a file."""
    file.write_bytes(b"".join(generate.lines(BATCHES)))
    old, new = (transform({"identity": identity}) for identity in ("customer_id", "email"))

    counter = CorpusCounter(rulebook)
    counter.decisions.prepare()

    def units() -> Iterator[Unit]:
        with file.open("rb") as stream:
            yield from read_units(stream, file.name, 1 << 19, lines=True)

    def mapped() -> None:
        for unit in units():
            old.results(unit)

    return {
        MAPPED: mapped,
        LOST: lambda: loss_over(rulebook, [str(file)], lambda _line: None),
        DIFFER: lambda: compare_over(Comparing(old, new), [str(file)], lambda _line: None),
        COVER: lambda: [counter.count(unit) for unit in units()],
    }


def transform(settings: Mapping[str, Any]) -> Transform:
    """Opens the shipped mapping, and prepares it for many batches."""
    recipe = Recipe("mparticle-moengage", settings, "result", pretty=False)
    program = recipe.program()
    program.prepare()
    return Transform(recipe, program)


def explain(rulebook: Rulebook, batch: Any) -> dict[str, Any]:
    """Explains each value of the requests of a batch."""
    found = trace(rulebook, batch)
    return as_json(found, range(len(found.result.requests)))


def try_mutants(main: Path, jobs: int) -> tuple[int, float]:
    """Runs the golden tests of a mapping on all mutants; returns the number of these, and the elapsed seconds."""
    runner = golden.GoldenRunner()
    tests = []
    for path in golden.discover([main.parent / "tests"]):
        file, _, _ = golden.load(path, path.name, runner.opening)
        assert file is not None  # noqa: S101  it is shipped
        tests += [(file, test) for test in file.tests]
    start = time.perf_counter()
    found = mutate(tests, runner.opening, jobs=jobs, is_cached=False)
    return sum(len(mapping.mutants) for mapping in found.mappings), time.perf_counter() - start


def count_branches(folder: Path) -> float:
    """Runs the golden tests of a folder; returns the share of the branches that they take."""
    runner = CountingRunner()
    run_tests(folder, runner)
    return runner.coverage().share


def run_tests(folder: Path, runner: GoldenRunner | None = None) -> int:
    """Runs the golden tests of a folder; returns their number."""
    runner, count = runner or golden.GoldenRunner(), 0
    for path in golden.discover([folder]):
        file, _, _ = golden.load(path, path.name, runner.opening)
        assert file is not None  # noqa: S101  it is shipped
        for test in file.tests:
            runner.run(file, test)
            count += 1
    return count


def table(seconds: Mapping[str, list[float]]) -> Table:
    """The time of each step, and its ratio to that of a check of the whole mapping."""
    rows = []
    for name, taken in seconds.items():
        ratio = median(one / anew for one, anew in zip(taken, seconds[ANEW], strict=True))
        rows.append((name, f"{median(taken) * 1e3:,.0f}", times(ratio)))
    return Table(("", "ms of a processor", f"/ {ANEW}"), rows)
