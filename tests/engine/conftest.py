"""Fixtures for the tests of the engine: random mappings, and the equality of Results."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from moemap.engine.runtime import result
from moemap.engine.runtime.result import Result
from moemap.engine.values import budget

HEAD: dict[str, Any] = {
    "language": 1,
    "name": "base",
    "version": "1.0.0",
    "input": {"as": "batch", "schema": "./in.schema.json"},
    "settings": {
        "flag": {"type": "boolean", "default": False},
        "text": {"type": "string", "default": "a"},
        "none": {"type": "string", "default": None},
    },
    "outputs": {
        "single": {
            "schema": "./out.schema.json",
            "request": {"method": "POST", "path": "/s", "query": {"q": "batch.c"}},
            "fields": {"e": {"from": "batch.d", "type": "string"}},
        },
        "list": {
            "schema": "./out.schema.json",
            "request": {"method": "POST", "path": "/l"},
            "element_of": "list",
            "combine": {"list": "append"},
            "fields": {"id": {"from": "batch.a", "type": "string"}},
            "max_bytes": 300,
        },
        "merged": {
            "schema": "./out.schema.json",
            "request": {"method": "POST", "path": "/m"},
            "combine": {"attributes": "merge", "tags": "append"},
            "max_bytes": 400,
        },
        "aimed": {
            "schema": "./out.schema.json",
            "request": {
                "method": "PUT",
                "path": "/a/{{ aim.a }}-{{ settings.text }}/{id}",
                "query": {
                    "one": "aim.b",
                    "fixed": {"const": "{token}"},
                    "sure": {"from": "batch.b", "type": "string", "default": "d", "on_problem": "reject"},
                },
                "headers": {
                    "X-One": {"from": "aim.c", "when": "aim.d"},
                    "X-Two": {"template": "{key}:{{ aim.b }}"},
                },
            },
            "combine": {"attributes": "merge", "tags": "append"},
            "max_items": 2,
        },
        "elements": {"body": "list", "schema": "./out.schema.json", "request": {"path": "/e"}, "max_items": 2},
        "value": {
            "body": "value",
            "schema": "./out.schema.json",
            "request": {"path": "/v/{{ batch.a }}", "headers": {"X-A": "batch.c", "content-type": "batch.b"}},
            "server": {
                "url": "https://{{ settings.text }}.example.com",
                "headers": {"Content-Type": "text/plain", "Flag": {"from": "settings.flag"}},
            },
        },
        "none": {
            "body": "none",
            "request": {"method": "DELETE", "path": "/n/{% if aim.a %}{{ aim.a }}{% else %}all{% endif %}"},
        },
        "form": {
            "schema": "./out.schema.json",
            "request": {"path": "/f", "form": "indices"},
            "combine": {"tags": "append"},
            "max_bytes": 150,
        },
    },
}


@pytest.fixture(scope="session")
def head() -> dict[str, Any]:
    """The parts of random mappings beside their rules."""
    return HEAD


@pytest.fixture(scope="session")
def grammar() -> ModuleType:
    """Random expressions, rules and batches (`grammar.py` beside this file)."""
    return _beside("grammar")


@pytest.fixture
def copy_limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], int]:
    """Sets the limit of what iterations copy for a random mapping, by its number: often so low that it is reached."""

    whole = budget.MAX_COPIED

    def limited(number: int) -> int:
        limit = (whole, 0, 7, 40)[number % 4]
        for module in (budget, result):
            monkeypatch.setattr(module, "MAX_COPIED", limit)
        return limit

    return limited


@pytest.fixture(scope="session")
def bodies() -> ModuleType:
    """Random mappings, and schemas that most of their bodies fit (`bodies.py` beside this file)."""
    return _beside("bodies")


def _beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"compiler_{name}", Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def difference() -> Callable[[Result, Result], str]:
    """The first difference of two Results, in words; empty if they are equal in all that users see."""

    def first(wanted: Result, given: Result) -> str:
        for part in ("problems", "skipped", "requests"):
            left, right = getattr(wanted, part), getattr(given, part)
            for number in range(max(len(left), len(right))):
                one, other = (side[number] if number < len(side) else None for side in (left, right))
                # `==` considers 1, 1.0 and true equal, and ignores the order of keys.
                if one != other or (part == "requests" and repr(one) != repr(other)):
                    return f"{part}[{number}]\n  interpreter: {one!r}\n  compiled:    {other!r}"
        return "" if wanted == given else "the Results are not equal"

    return first
