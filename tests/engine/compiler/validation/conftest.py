"""Rulebooks of small mappings with any schemas."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from moemap.engine.language.loader import load
from moemap.engine.language.rulebook import Rulebook
from moemap.tests.engine.compiler.validation.test_contracts import Books

HEAD = {"language": 1, "name": "base", "version": "1.0.0", "input": {"as": "batch", "schema": "./in.schema.json"}}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, bodies: ModuleType) -> Books:
    """The Rulebook of a mapping with this content, and these schemas of its bodies."""
    folder = tmp_path_factory.mktemp("contracts")
    (folder / "in.schema.json").write_text(json.dumps(bodies.INPUT))

    def read(content: dict[str, Any], schema: Any, limits: Any = True) -> Rulebook:
        (folder / "out.schema.json").write_text(json.dumps(schema))
        (folder / "limits.schema.json").write_text(json.dumps(limits))
        path = folder / "mapping.yaml"
        path.write_text(json.dumps({**HEAD, **content}, ensure_ascii=False).replace("\x7f", "\\x7f"), "utf-8")
        loaded = load(path)
        assert loaded.rulebook is not None, [problem.message for problem in loaded.problems]
        return loaded.rulebook

    return read
