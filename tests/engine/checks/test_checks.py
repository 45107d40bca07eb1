"""The checks of names: what is unknown, hides another or is never used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.checks import roots, unused
from moemap.engine.diagnostics.problem import Problem
from moemap.engine.language.loader import Loaded

Inspect = Callable[..., Loaded]
Lines = Callable[[Loaded], list[str]]


@pytest.mark.cases("names")
def test_names(case: dict[str, Any], inspect_files: Inspect, lines: Lines) -> None:
    assert lines(inspect_files(case["files"])) == case["problems"]


@pytest.mark.parametrize(
    "expression",
    [
        "batch.a",
        "batch.list[?a == b].c",
        "map(&a, batch.list)",
        "{a: batch.a}.b",
        "batch.a | b",
        "settings.x",
        "batch.settings.y",
        "`[1]`[0]",
        "'text'",
        "sort_by(batch.list, &a)[0].b",
        "not_null(batch.a, settings.x)",
        "batch.*.a[].b",
        "(batch).a",
        "batch.list[*].[a, b]",
    ],
)
def test_names_that_are_no_roots(expression: str, inspect_files: Inspect) -> None:
    main = (
        "{language: 1, name: base, version: 1.0.0, input: {as: batch, schema: ./in.schema.json}, "
        "outputs: {out: {schema: ./out.schema.json, request: {path: /}}}, settings: {x: {default: y}}, "
        "include: [rules.yaml]}"
    )
    rules = {"rules": [{"rule": "one", "output": "out", "fields": {"a": expression}}]}
    rulebook = inspect_files({"mapping.yaml": main, "rules.yaml": rules}).rulebook
    assert rulebook is not None
    assert list(roots.check(rulebook)) == []


def test_what_is_missing_names_the_rules_that_are_extended(write: Callable[..., Path], tmp_path: Path) -> None:
    rules = (
        "rules:\n"
        "  - {rule: top, abstract: true, output: out, fields: {a: batch.a}}\n"
        "  - {rule: middle, extends: top, abstract: true}\n"
        "  - {rule: low, extends: middle, fields: {b: {fields: {c: batch.c}}}}\n"
    )
    schema = '{"required": ["id"],\n"properties": {"b": {"required":\n["c", "d"]}}}'
    (one, other) = api.inspect(write({"rules.yaml": rules, "out.schema.json": schema})).problems

    def places(problem: Problem) -> list[str]:
        told = [f"{one.place}: {one.text}" for one in problem.related]
        return [f"{problem.place} {problem.message}".removeprefix(f"{tmp_path.as_posix()}/")] + [
            line.removeprefix(f"{tmp_path.as_posix()}/") for line in told
        ]

    assert places(one) == [
        "rules.yaml:4:12 the out request needs 'id', which no rule gives",
        "rules.yaml:3:12: what the rule extends",
        "rules.yaml:2:12: what the rule extends",
        "out.schema.json:1:15: the schema requires it here",
    ]
    assert places(other) == [
        "rules.yaml:4:43 the out request needs 'd', which no rule gives",
        "rules.yaml:3:12: what the rule extends",
        "rules.yaml:2:12: what the rule extends",
        "out.schema.json:3:7: the schema requires it here",
    ]


def test_the_shipped_mapping_uses_all_names_and_hides_none(shipped_mapping: Callable[..., api.Mapping]) -> None:
    rulebook = shipped_mapping().rulebook
    assert [*roots.check(rulebook), *unused.check(rulebook)] == []
