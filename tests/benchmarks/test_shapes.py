"""Batches of all measured shapes are mapped in the quick way, so that their figures are figures of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import moemap
from moemap.benchmarks import shapes
from moemap.engine import compiler


@pytest.mark.slow
@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_the_quick_way_maps_each_batch(shape: str, shipped_mapping: Callable[..., moemap.Mapping]) -> None:
    compiled = compiler.compile(shipped_mapping().rulebook)
    compiled.prepare()
    structs = compiled._structs.get()
    assert structs is not None
    lines = shapes.lines(shape, 100)
    for line in lines:  # which have the names of members that no schema declares
        structs._left_out = 0
        structs.transform(line)
    assert [number for number, line in enumerate(lines) if structs.transform(line) is None] == []
