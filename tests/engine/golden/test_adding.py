"""New golden tests are added to files as they are written."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.diagnostics.problem import Problem
from moemap.engine.golden import files
from moemap.engine.golden.adding import added, expectation_of, new_file, new_test, place_for, unused_name
from moemap.engine.golden.rewrite import applied
from moemap.engine.runtime.result import Request, Result, Skipped

RESULT = Result((Request("event", "POST", "/event", {}, {"a": 1.0}, b""),), (Skipped("/x", None, "no: rule"),), ())
TEST = """\
  - test: "yes"
    input:
      user: "1"
    expect:
      requests:
        - output: event
          method: POST
          path: /event
          query: {}
          body:
            a: 1.0
      skipped:
        - pointer: /x
          rule: null
          reason: "no: rule"
"""


def written(folder: Path, text: str) -> files.TestFile:
    (folder / "mapping.yaml").write_text("language: 1\n")
    path = folder / "tests.yaml"
    path.write_bytes(text.encode())
    read = files.read_tests(path, "tests.yaml")
    assert read.file is not None, read.problems
    return read.file


def test_a_test_is_written_as_people_do() -> None:
    assert new_test("yes", {"input": {"user": "1"}}, RESULT).replace('"/event"', "/event").replace('"/x"', "/x") == TEST
    other = new_test("a", {"input_file": "x.json"}, Result((), (), ()), {"b": True}, indent=0)
    assert other == "- test: a\n  settings:\n    b: true\n  input_file: x.json\n  expect: {}\n"
    assert new_file(None, other) == f"tests:\n{other}"
    assert new_file("../other.yaml", other).startswith('mapping: "../other.yaml"\n\ntests:\n')


def test_an_expectation_has_no_messages() -> None:
    problem = Problem.of("M501", input="/a", reason="x")
    assert expectation_of(Result((), (), (problem,))) == {
        "problems": [{"code": "M501", "severity": "error", "input": "/a"}]
    }


OLD = "tests:\n{0}- test: old\n{0}  input: {{}}\n{0}  expect: {{}}\n"


@pytest.mark.parametrize("indent", [0, 2, 4])
@pytest.mark.parametrize("end", ["", "# the end\n", "description: last\n", "\n\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_test_is_added_behind_the_last(tmp_path: Path, indent: int, end: str, newline: str) -> None:
    text = (OLD.format(" " * indent) + end).replace("\n", newline)
    file = written(tmp_path, text)
    place = place_for(file)
    assert place is not None
    assert place[1] == indent
    change = added(file, partial(new_test, "new", {"input": {}}, RESULT, None))
    assert change is not None
    again = written(tmp_path, applied(text, [change]))
    assert [test.name for test in again.tests] == ["old", "new"]
    assert again.tests[1].expected == expectation_of(RESULT)
    assert again.description == ("last" if "description" in end else None)


def test_a_file_without_a_last_line_end(tmp_path: Path) -> None:
    text = OLD.format("  ").rstrip("\n")
    change = added(written(tmp_path, text), partial(new_test, "new", {"input": {}}, RESULT, None))
    assert change is not None
    assert len(written(tmp_path, applied(text, [change])).tests) == 2


def test_a_list_in_flow_has_no_place(tmp_path: Path) -> None:
    file = written(tmp_path, "tests: [{test: old, input: {}, expect: {}}]\n")
    assert place_for(file) is None
    assert added(file, str) is None


@pytest.mark.parametrize(("name", "found"), [("new", "new"), ("old", "old 2")])
def test_names_are_used_once(tmp_path: Path, name: str, found: Any) -> None:
    assert unused_name(name, written(tmp_path, OLD.format(""))) == found
    assert unused_name(name, None) == name
