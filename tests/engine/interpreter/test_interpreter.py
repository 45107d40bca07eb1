"""Evaluation: the result of each construct of the language, and its problems."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from textwrap import indent
from typing import Any

import pytest

from moemap.engine.api import Mapping
from moemap.engine.diagnostics.problem import Problem
from moemap.engine.runtime.result import Element, Result

FIELDS = "rules:\n- rule: r\n  output: out\n  fields:\n"
"""The rule around the `fields` of a case, whose lines and columns count from their own start."""


def line(problem: Problem, is_fields: bool) -> str:
    """A problem on one line, as the cases give it: `place code message (rule: input -> output)`."""
    place = "-"
    if problem.place is not None:
        file = "" if problem.place.file.endswith("rules.yaml") else f"{problem.place.file.rpartition('/')[2]}:"
        row, column = problem.place.line, problem.place.column
        place = f"{file}{row - 4}:{column - 4}" if is_fields and not file else f"{file}{row}:{column}"
    severity = "" if problem.severity == "error" else "warning "
    output = "" if problem.output is None else f" -> {problem.output or 'body'}"
    rule = "" if problem.rule is None else f"{problem.rule}: "
    where = "no input" if problem.input is None else problem.input or "batch"
    return f"{place} {problem.code} {severity}{problem.message} ({rule}{where}{output})"


def told(result: Result, account: Iterable[Element], is_fields: bool) -> dict[str, Any]:
    """A Result in the form of the cases, without empty parts."""
    outputs = {request.output for request in result.requests}
    requests = [
        request.body if outputs == {"out"} else {"output": request.output, "body": request.body}
        for request in result.requests
    ]
    parts = {
        "requests": requests,
        "skipped": [f"{one.pointer or 'batch'} {one.rule or '-'}: {one.reason}" for one in result.skipped],
        "problems": [line(problem, is_fields) for problem in result.problems],
        "elements": [f"{one.pointer} {one.outcome}" for one in account],
    }
    return {name: part for name, part in parts.items() if part}


@pytest.mark.cases("fields", "iteration", "spreads", "rules", "requests")
def test_case(case: dict[str, Any], mapping_of: Callable[..., Mapping]) -> None:
    is_fields = "fields" in case
    text = FIELDS + indent(case["fields"], "    ") if is_fields else case["rules"]
    mapping = mapping_of({"rules.yaml": text, **case.get("files", {})}, case.get("settings"))
    batch = copy.deepcopy(case["input"])
    actual = told(mapping.transform(batch), mapping.elements(batch), is_fields)
    expected = {name: case[name] for name in ("requests", "skipped", "problems", "elements") if name in case}
    assert actual == expected
    assert json.dumps(actual.get("requests")) == json.dumps(expected.get("requests"))  # 1 is neither 1.0 nor true
    assert batch == case["input"]


def test_explaining_gives_the_same_and_each_value_with_its_place(mapping_of: Callable[..., Mapping]) -> None:
    mapping = mapping_of(
        """\
let: {top: batch.a}
rules:
- rule: r
  let: {list: {each: batch.list, as: one, value: {from: one, type: string}}}
  output: list
  fields:
    a: {from: top, type: string}
    gone: batch.gone
    other: {from: batch.gone, default: d}
    never: {from: batch.a, when: batch.gone}
    inner: {each: list, as: two, fields: {v: two}}
"""
    )
    batch = {"a": 1, "list": [1, 2]}
    result, steps = mapping.explain(batch)
    assert result == mapping.transform(batch)
    assert [(step.output, step.place.line, step.inputs, step.value, step.note) for step in steps] == [
        ("", 1, ("/a",), 1, ""),
        ("/list/0/a", 7, ("/a",), "1", ""),
        ("/list/0/gone", 8, ("/gone",), None, ""),
        ("/list/0/other", 9, ("/gone",), "d", "its default"),
        ("/list/0/never", 10, ("/a",), None, "its condition does not hold"),
        ("", 4, ("/list/0",), "1", ""),
        ("", 4, ("/list/1",), "2", ""),
        ("", 4, ("/list",), ["1", "2"], ""),
        ("/list/0/inner/0/v", 11, (), "1", ""),
        ("/list/0/inner/1/v", 11, (), "2", ""),
        ("/list/0/inner", 11, ("/list",), [{"v": "1"}, {"v": "2"}], ""),
    ]
    assert {step.rule for step in steps} == {None, "r"}
