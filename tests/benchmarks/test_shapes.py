"""Batches of all measured shapes are mapped in the quick way, so that their figures are figures of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import moemap
from moemap.benchmarks import shapes
from moemap.engine import compiler
from moemap.engine.runtime.structs import StructMapper


@pytest.fixture(scope="module")
def structs(shipped_mapping: Callable[..., moemap.Mapping]) -> StructMapper:
    compiled = compiler.compile(shipped_mapping().rulebook)
    compiled.prepare()
    structs = compiled._structs.get()
    assert structs is not None
    return structs


@pytest.mark.slow
@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_the_quick_way_maps_each_batch(shape: str, structs: StructMapper) -> None:
    lines = shapes.lines(shape, 40)
    for line in lines:  # which have the names of members that no schema declares
        structs._left_out = 0
        structs.transform(line)
    assert [number for number, line in enumerate(lines) if structs.transform(line) is None] == []
