"""Rulebooks of small mappings, for batches that are read as structs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.tests.engine.runtime.test_structs import Books


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, head: dict[str, Any]) -> Books:
    """The Rulebook of a mapping with this content and a schema of its input."""
    folder = tmp_path_factory.mktemp("records")
    (folder / "out.schema.json").write_text("{}")

    def read(content: dict[str, Any], schema: dict[str, Any]) -> Rulebook:
        (folder / "in.schema.json").write_text(json.dumps(schema))
        path = folder / "mapping.yaml"
        path.write_text(json.dumps({**head, **content}), "utf-8")
        loaded = load(path)
        assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
        return loaded.rulebook

    return read
