"""A mapping is read and checked once, whatever settings it is opened with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.checks import check
from moemap.engine.checks.shared import opening
from moemap.engine.checks.shared.opening import Opening, inspect
from moemap.engine.checks.shared.running import check_names
from moemap.engine.diagnostics.problem import Problem
from moemap.engine.language.rulebook import Rulebook
from moemap.engine.source.homes import MAPPINGS
from moemap.engine.values.recall import Recall

ROOT = Path(__file__).parents[4]
SHIPPED = sorted([*MAPPINGS.glob("*/*/mapping.yaml"), *(ROOT / "examples" / "workspaces").glob("*.yaml")])

MAIN = """\
language: 1
name: base
version: 1.0.0
input: {as: batch, schema: ./in.schema.json}
settings:
  prefix: {type: string}
  limit: {type: integer, default: 3}
outputs:
  out: {schema: ./out.schema.json, request: {path: /out}}
rules:
- rule: all
  output: out
  fields: {a: "join(settings.prefix, [batch.a])", b: settings.limit, c: batc.c}
"""

Write = Callable[[Mapping[str, Any]], Path]


class _Unread(Mapping[str, Any]):
    """Values of settings that nothing may look at."""

    def __getitem__(self, name: str) -> Any:
        raise AssertionError(f"the value of {name!r} was read")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("the values were read")

    def __len__(self) -> int:
        raise AssertionError("the values were counted")


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_check_reads_the_values_of_settings(path: Path) -> None:
    opened = Opening(path)  # which is read and checked once for all tests
    draft = opened.joined.draft
    assert draft is not None
    unread = replace(draft, values=_Unread())
    assert (check_names(unread), check(unread)) == (check_names(draft), opened._findings)


def test_problems_are_those_of_the_settings(write: Write) -> None:
    one = Opening(path := write({"mapping.yaml": MAIN}))
    given: list[dict[str, Any]] = [
        {},
        {"prefix": "-"},
        {"prefix": "-", "limit": 5},
        {"prefix": 1, "limit": "5"},
        {"prefix": "-", "limt": 5},
    ]
    found = [[problem.code for problem in one.inspect(settings).problems] for settings in given]
    of_settings = [["M117"], [], [], ["M116", "M116"], ["M115"]]
    assert found == [[*codes, "M204"] for codes in of_settings]
    assert found == [[problem.code for problem in inspect(path, settings).problems] for settings in given]


def test_values_are_those_of_the_settings(write: Write) -> None:
    one = Opening(write({"mapping.yaml": MAIN.replace("batc.c", "batch.c")}))
    books = [one.inspect({"prefix": "-", **more}).rulebook for more in ({}, {"limit": 5}, {})]
    assert [book and dict(book.values) for book in books] == [
        {"prefix": "-", "limit": 3},
        {"prefix": "-", "limit": 5},
        {"prefix": "-", "limit": 3},
    ]


def test_checks_run_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []

    def counted(rulebook: Rulebook, recall: Recall | None) -> tuple[Problem, ...]:
        runs.append(rulebook)
        return check(rulebook, recall)

    monkeypatch.setattr(opening, "check", counted)
    one = Opening(write({"mapping.yaml": MAIN.replace("batc.c", "batch.c")}))
    for limit in range(5):
        assert one.inspect({"prefix": "-", "limit": limit}).ok
    assert len(runs) == 1
