"""The test files that changes touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine.golden import files
from moemap.engine.golden.runner import GoldenRunner
from moemap.engine.golden.watching import Watch, files_of
from moemap.tests.docs.examples import Block, write

RULES = "rules:\n  - {rule: event, route: events, output: event, fields: {name: event.name}}\n"
TESTS = """\
tests:
  - test: an event
    input_file: input.json
    match: partial
    expect: {requests: [{body: {name: a}}]}
"""


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        folder = Path(name)
        folder.mkdir()
        write([Block("mapping.yaml", RULES, 1)], folder)
        (folder / "tests.yaml").write_text(TESTS, "utf-8")
        (folder / "input.json").write_text('{"events": [{"name": "a"}]}', "utf-8")
    watch = Watch([Path("one"), Path("two")])
    assert watch.touched() == ([], [Path("one/tests.yaml"), Path("two/tests.yaml")])
    for name in ("one", "two"):
        load(watch, name)
    return watch


def load(watch: Watch, name: str) -> None:
    runner = GoldenRunner()
    path = Path(name, "tests.yaml")
    file, _, _ = files.load(path, str(path), runner.opening)
    watch.ran(path, None if file is None else files_of(file, runner.opening))


@pytest.mark.parametrize("name", ["tests.yaml", "mapping.yaml", "input.json", "batch.schema.json", "event.schema.json"])
def test_a_file_touches_the_tests_that_depend_on_it(watch: Watch, name: str) -> None:
    assert watch.touched() == ([], [])
    path = Path("two", name)
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    changed, tests = watch.touched()
    assert ([one.name for one in changed], tests) == ([name], [Path("two/tests.yaml")])
    assert watch.touched() == ([], [])


def test_a_new_test_file_and_one_that_is_gone(watch: Watch) -> None:
    Path("one/more.yaml").write_text(TESTS, "utf-8")
    Path("two/tests.yaml").unlink()
    assert watch.touched()[1] == [Path("one/more.yaml")]


def test_a_file_that_cannot_be_used_waits_for_any_change(watch: Watch) -> None:
    Path("one/tests.yaml").write_text("tests: [", "utf-8")
    assert watch.touched()[1] == [Path("one/tests.yaml")]
    load(watch, "one")
    assert watch.touched()[1] == []
    Path("two/mapping.yaml").write_text(RULES + "\n", "utf-8")
    assert watch.touched()[1] == [Path("one/tests.yaml"), Path("two/tests.yaml")]
