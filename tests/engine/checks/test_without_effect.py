"""Parts without effect: constants that are not expressions (M234, M235), and useless names (M239, M240, M241)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine import api
from moemap.engine.diagnostics.problem import Place
from moemap.engine.source.nodes import MappingNode, Node, SequenceNode
from moemap.engine.source.parser import parse

OPEN: dict[str, Any] = {}
HEAD = {"language": 1, "name": "shop", "version": "1.0.0", "input": {"as": "batch", "schema": "./in.schema.json"}}
ORDERS: dict[str, Any] = {
    "properties": {"order": {"properties": {"id": {}, "lines": {"items": {"properties": {"sku": {}}}}}}}
}


@pytest.mark.parametrize(
    ("field", "schema", "path"),
    [
        ({"const": "batch.total"}, OPEN, "batch.total"),
        ({"const": "batch.lines[0].sku"}, OPEN, "batch.lines[0].sku"),
        ({"const": "settings.currency"}, OPEN, "settings.currency"),
        ({"from": "batch.currency", "default": "settings.currency"}, OPEN, "settings.currency"),
        ({"template": "batch.order.id"}, ORDERS, "batch.order.id"),
        ({"const": "batch.order.lines[0].sku"}, ORDERS, "batch.order.lines[0].sku"),
        ({"fields": {"a": {"const": "batch.order.id"}}}, ORDERS, "batch.order.id"),
        ({"const": "batch.order.created"}, ORDERS, None),
        ({"const": "batch.known"}, OPEN, None),
        ({"const": "settings.other"}, OPEN, None),
        ({"const": "batch"}, OPEN, None),
        ({"const": "batch.total is missing"}, OPEN, None),
        ({"const": "order.total"}, OPEN, None),
        ({"template": "batch.{{ batch.total }}"}, OPEN, None),
        ({"const": 1}, OPEN, None),
    ],
)
def test_strings_written_like_paths(field: Any, schema: Any, path: str | None, write: Callable[..., Path]) -> None:
    rules = {"rules": [{"rule": "one", "output": "out", "fields": {"a": field, "b": "settings.currency"}}]}
    main = {
        **HEAD,
        "settings": {"currency": {"default": "EUR"}},
        "outputs": {"out": {"schema": "./out.schema.json", "request": {"path": "/out"}}},
        **rules,
    }
    output = {"properties": {"a": {"examples": ["batch.known"]}}}
    files = {"mapping.yaml": main, "in.schema.json": json.dumps(schema), "out.schema.json": json.dumps(output)}
    found = [(problem.code, problem.data["path"]) for problem in api.inspect(write(files)).problems]
    assert found == ([] if path is None else [("M234", path)])


@pytest.mark.parametrize(
    ("field", "keys"),
    [
        ({"const": None}, ["constant"]),
        ({"from": "batch.a", "default": None}, ["default"]),
        ({"list": ["batch.a", {"const": None}]}, ["constant"]),
        ({"const": None, "keep_null": True}, []),
        ({"from": "batch.a", "default": None, "keep_null": True}, []),
        ({"const": [None]}, []),
        ({"const": 0}, []),
    ],
)
def test_nulls(field: Any, keys: list[str], write: Callable[..., Path]) -> None:
    rule = {"rule": "one", "output": "out", "fields": {"a": field, "b": "batch.b"}}
    problems = api.inspect(write({"rules.yaml": {"rules": [rule]}})).problems
    assert [(problem.code, problem.data["key"]) for problem in problems] == [("M235", key) for key in keys]


NAMED = {"spread": [{"from": "batch.part", "rename": {"text": "word", "txt": "word"}, "except": {"names": ["numbr"]}}]}
TABLE = {"unlisted": "keep", "entries": {"x": "one", "q": "two", "1": 3}}


Path_ = tuple[str | int, ...]


def _names(node: Node | None, path: Path_ = ()) -> Iterator[tuple[Path_, Place]]:
    """The paths and places of all names under `combine`, the entries of tables, `except` and `rename`."""
    if isinstance(node, MappingNode):
        for key, value in node.entries:
            # A member alone under `combine` joins equal bodies.
            if path and (path[-1] in ("entries", "rename") or (path[-1] == "combine" and len(node.entries) > 1)):
                yield (*path, key.text), key.place
            yield from _names(value, (*path, key.text))
    elif isinstance(node, SequenceNode):
        for number, item in enumerate(node.items):
            if path[-1] == "names":
                yield (*path, number), item.place
            yield from _names(item, (*path, number))


def _without(mapping: Any, path: tuple[str | int, ...]) -> Any:
    part = mapping = deepcopy(mapping)
    for key in path[:-1]:
        part = part[key]
    del part[path[-1]]
    return mapping


@pytest.mark.slow
@pytest.mark.fuzz
def test_what_is_reported_has_no_effect(bodies: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("effect")
    (folder / "in.schema.json").write_text(json.dumps(bodies.INPUT))
    (folder / "out.schema.json").write_text("{}")

    def inspected(mapping: Any) -> tuple[api.Mapping | None, list[Path_]]:
        (folder / "mapping.yaml").write_text(json.dumps(mapping))
        found = api.inspect(folder / "mapping.yaml")
        places = {problem.place for problem in found.problems if problem.code in ("M239", "M240", "M241")}
        if found.rulebook is None:
            return None, []
        node, _ = parse(found.rulebook.main)
        return api.Mapping(found.rulebook), [path for path, place in _names(node) if place in places]

    @given(st.integers(0, 2**32))
    @settings(max_examples=settings().max_examples // 10)
    def law(seed: int) -> None:
        dice = Random(seed)
        errors = dict.fromkeys(("M211", "M220", "M222", "M223", "M227", "M302", "M303", "M304"), "warning")
        mapping = {**HEAD, **bodies.mapping(dice), "checks": errors}
        mapping["rules"][0].setdefault("fields", {})["item"] = {
            "each": "batch.items",
            "as": "thing",
            "fields": {
                "kind": {"from": "thing.kind", "when": "thing.kind == 'x' || thing.kind == 'y'", "table": TABLE},
                "all": NAMED,
            },
        }
        whole, reported = inspected(mapping)
        if whole is None:
            return
        batches = [bodies.batch(dice) for _ in range(20)]
        results = [whole.transform(batch).requests for batch in batches]
        for path in reported:
            part, _ = inspected(_without(mapping, path))
            assert part is not None
            assert [part.transform(batch).requests for batch in batches] == results

    law()
