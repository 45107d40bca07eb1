"""Merging: the results for two nodes, in which every value keeps its own place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from moemap.engine.language import merging as layers
from moemap.engine.source.nodes import MappingNode, Node, ScalarNode, SequenceNode, plain
from moemap.engine.source.parser import parse
from moemap.engine.source.text import Source

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "merging.yaml").read_text("utf-8"))

JOINED: dict[str, Any] = {
    "merge": layers.merge,
    "field": layers.merge_field,
    "rule": layers.merge_rule,
    "extend": layers.extend_rule,
}


def node(value: Any, name: str = "file.yaml") -> Node:
    parsed, problems = parse(Source(name, json.dumps(value)))
    assert parsed is not None, problems
    return parsed


def leaves(node: Node) -> Iterator[ScalarNode]:
    match node:
        case MappingNode():
            for key, value in node.entries:
                yield key
                yield from leaves(value)
        case SequenceNode():
            for item in node.items:
                yield from leaves(item)
        case ScalarNode():
            yield node


@pytest.mark.parametrize("case", [pytest.param(case, id=case["case"]) for case in CASES])
def test_joined(case: dict[str, Any]) -> None:
    how = JOINED.get(case["how"], partial(layers.merge_part, case["how"]))
    base = None if case["base"] is None else node(case["base"])
    joined = plain(how(base, node(case["over"])))
    assert joined == case["result"]
    assert json.dumps(joined) == json.dumps(case["result"])  # in the same order


SCALARS = st.none() | st.booleans() | st.integers(0, 9) | st.text("ab", max_size=2)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4)


def patched(base: Any, over: Any) -> Any:
    """RFC 7396, but that what is new keeps the nulls below its first level (a table leaves a value out with null)."""
    if not isinstance(over, dict):
        return over
    if not isinstance(base, dict):
        return {key: value for key, value in over.items() if value is not None}
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = patched(result.get(key), value)
    return result


@pytest.mark.slow
@pytest.mark.fuzz
@given(OBJECTS, OBJECTS)
def test_is_a_merge_patch(base: Any, over: Any) -> None:
    assert plain(layers.merge(node(base), node(over))) == patched(base, over)


@pytest.mark.slow
@pytest.mark.fuzz
@given(OBJECTS, OBJECTS)
def test_every_value_keeps_its_place(base: Any, over: Any) -> None:
    for leaf in leaves(layers.merge(node(base, "base.yaml"), node(over, "over.yaml"))):
        written = leaf.source.text[leaf.start : leaf.end]
        assert json.loads(written) == leaf.value
        assert leaf.place.file in ("base.yaml", "over.yaml")


@pytest.mark.slow
@pytest.mark.fuzz
@given(OBJECTS, OBJECTS)
def test_what_is_changed_stands_in_the_file_that_changes_it(base: Any, over: Any) -> None:
    joined = layers.merge(node(base, "base.yaml"), node(over, "over.yaml"))
    assert isinstance(joined, MappingNode)
    for key, value in joined.entries:
        assert value.source.name == ("over.yaml" if key.text in over else "base.yaml")


def without_removals(over: Any, removed: set[tuple[int, int]], written: Node) -> Any:
    """The change without the entries whose keys stand at these places."""
    if not isinstance(written, MappingNode):
        return over
    return {
        key.text: without_removals(over[key.text], removed, value)
        for key, value in written.entries
        if (key.start, key.end) not in removed
    }


@pytest.mark.slow
@pytest.mark.fuzz
@given(OBJECTS, OBJECTS)
def test_removals_in_vain_change_nothing_and_are_all(base: Any, over: Any) -> None:
    written = node(over, "over.yaml")
    merged = layers.merge(node(base), written)
    assert isinstance(merged, MappingNode)
    assert all(removal.key.text not in removal.known for removal in merged.in_vain)
    in_vain = {(removal.key.start, removal.key.end) for removal in merged.in_vain}
    rest = node(without_removals(over, in_vain, written), "over.yaml")
    again = layers.merge(node(base), rest)
    assert isinstance(again, MappingNode)
    assert plain(again) == plain(merged)
    assert again.in_vain == ()
