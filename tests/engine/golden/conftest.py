"""The folder of the small mapping, and what runs its tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from moemap.engine import golden
from moemap.tests.engine.golden.shop import FILES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def _in_the_folder(folder: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield


@pytest.fixture(scope="module")
def runner() -> golden.GoldenRunner:
    """One for all tests, so that the mapping is read once."""
    return golden.GoldenRunner()
