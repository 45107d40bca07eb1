"""The checks of names: what is unknown, hides another or is never used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from moemap.engine import api
from moemap.engine.checks import roots, unused
from moemap.engine.loader import Loaded

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


def test_the_shipped_mapping_uses_all_names_and_hides_none() -> None:
    rulebook = api.load("mparticle-moengage").rulebook
    assert [*roots.check(rulebook), *unused.check(rulebook)] == []
