"""The shipped files have no problems, and checking them takes a moment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from moemap.engine.api import inspect
from moemap.engine.checks import check
from moemap.engine.language.loader import load
from moemap.engine.source.homes import MAPPINGS

ROOT = Path(__file__).parents[3]
SHIPPED = sorted([*MAPPINGS.glob("*/*/mapping.yaml"), *(ROOT / "examples" / "workspaces").glob("*.yaml")])


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_shipped(path: Path) -> None:
    assert [f"{problem.place} {problem.code} {problem.message}" for problem in inspect(path).problems] == []


@pytest.mark.slow
def test_checking_is_quick() -> None:
    loaded = load(SHIPPED[-1])
    assert loaded.rulebook is not None
    times = []
    for _ in range(3):
        start = time.process_time()
        check(loaded.rulebook)
        times.append(time.process_time() - start)
    assert min(times) < 0.5  # about 0.1 on a quiet machine
