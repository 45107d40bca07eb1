"""Mistakes seeded into a small mapping: each is found, with its exact place, wording and hint, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from moemap.engine.checks import check
from moemap.engine.diagnostics.problem import Problem
from moemap.engine.language.loader import load

HERE = Path(__file__).parent
MAPPING = HERE / "shop" / "mapping.yaml"
MISTAKES: list[dict[str, Any]] = yaml.safe_load((HERE / "mistakes.yaml").read_text(encoding="utf-8"))


def _problems(text: str | None = None) -> list[Problem]:
    loaded = load(MAPPING, text=text)
    return [*loaded.problems, *(check(loaded.rulebook) if loaded.rulebook is not None else ())]


def _found(problem: Problem) -> dict[str, Any]:
    place = problem.place
    assert place is not None
    found: dict[str, Any] = {
        "code": problem.code,
        "at": f"{place.line}:{place.column}",
        "to": f"{place.end_line}:{place.end_column}",
        "message": problem.message,
    }
    if problem.hint is not None:
        found["hint"] = problem.hint
    if problem.related:
        found["see"] = [
            f"{Path(one.place.file).name}:{one.place.line}:{one.place.column}: {one.text}" for one in problem.related
        ]
    return found


def test_the_mapping_has_no_mistake() -> None:
    assert _problems() == []


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case["mistake"])
def test_mistake(case: dict[str, Any]) -> None:
    text = MAPPING.read_text(encoding="utf-8")
    assert text.count(case["replace"]) == 1
    assert [_found(problem) for problem in _problems(text.replace(case["replace"], case["by"]))] == case["problems"]


def test_there_are_many_kinds_of_mistakes() -> None:
    assert len(MISTAKES) >= 100
    assert len({problem["code"] for case in MISTAKES for problem in case["problems"]}) >= 18
