"""Removals of what is not there (M242): in workspaces, in mappings that extend others, in rules that extend rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import api

RULES: list[Any] = [
    {
        "rule": "one",
        "when": "batch.a",
        "output": "out",
        "fields": {
            "size": {"from": "batch.size", "table": "sizes"},
            "text": {"template": "{{ batch.text }}!", "default": "none"},
            "items": {"each": "batch.items", "as": "item", "fields": {"id": "item.id"}},
            "part": {"fields": {"deep": "batch.deep"}},
        },
    }
]
BASE: dict[str, Any] = {
    "language": 1,
    "name": "base",
    "version": "1.0.0",
    "input": {"as": "batch", "schema": "./any.schema.json"},
    "outputs": {"out": {"schema": "./any.schema.json", "request": {"path": "/out", "query": {"a": "batch.a"}}}},
    "tables": {"sizes": {"unlisted": "keep", "entries": {"S": 1}}},
    "rules": RULES,
}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"fields": {"size": None, "text": None}}, []),
        ({"fields": {"sise": None}}, [("sise", "did you mean 'size'?")]),
        ({"fields": {"size": {"table": None, "type": None}}}, [("type", None)]),
        ({"fields": {"text": {"template": None, "from": "batch.text"}}}, []),
        ({"fields": {"text": {"default": None}}}, []),
        ({"fields": {"part": {"fields": {"dep": None}}}}, [("dep", "did you mean 'deep'?")]),
        ({"fields": {"items": {"fields": {"id": None, "it": "item.it"}}}}, []),
        ({"fields": {"items": {"fields": {"idd": None}}}}, [("idd", "did you mean 'id'?")]),
        ({"fields": {"new": {"const": 1}}}, []),
        ({"when": None}, []),
        ({"warn": None}, [("warn", None)]),
    ],
)
@pytest.mark.parametrize("way", ["workspace", "rule"])
def test_keys_of_a_rule_that_remove_nothing_are_reported(
    change: Any, found: list[Any], way: str, write: Callable[..., Path], tmp_path: Path
) -> None:
    files: dict[str, Any] = {"base/mapping.yaml": BASE, "base/any.schema.json": {}}
    if way == "workspace":
        files["ws.yaml"] = {"language": 1, "workspace": "w", "extends": "./base", "rules": [{"rule": "one", **change}]}
    else:
        files["ws.yaml"] = {**BASE, "rules": [*RULES, {"rule": "two", "extends": "one", **change}]}
        files["any.schema.json"] = {}
    write(files)
    problems = [one for one in api.inspect(tmp_path / "ws.yaml").problems if one.code == "M242"]
    assert [(problem.data["name"], problem.hint) for problem in problems] == found


def test_parts_that_remove_nothing_are_reported(write: Callable[..., Path], tmp_path: Path) -> None:
    workspace = {
        "language": 1,
        "workspace": "w",
        "extends": "./base",
        "tables": {
            "sizes": {"entries": {"S": None, "M": None}},
            "colours": None,
            "new": {"unlisted": "keep", "entries": {"X": None}},
        },
        "routes": {"items": None},
    }
    write({"base/mapping.yaml": BASE, "base/any.schema.json": {}, "ws.yaml": workspace})
    found = [one.data["name"] for one in api.inspect(tmp_path / "ws.yaml").problems if one.code == "M242"]
    assert found == ["M", "colours", "items"]
