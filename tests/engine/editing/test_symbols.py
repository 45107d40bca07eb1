"""Outlines, parts to fold, and what is selected around a position."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from moemap.engine.editing.cursor import position_of
from moemap.engine.editing.data import Fold, Symbol
from moemap.engine.editing.state import EditingState
from moemap.engine.editing.symbols import document_symbols, folds, project_symbols, selections

from .conftest import FILES
from .test_state import SHIPPED


def outline(symbols: tuple[Symbol, ...], indent: str = "") -> list[str]:
    lines = []
    for one in symbols:
        lines += [f"{indent}{one.kind} {one.name} ({one.detail})", *outline(one.children, indent + " ")]
    return lines


def test_the_outline_of_a_part(project: Path) -> None:
    state = EditingState([project])
    assert outline(document_symbols(state, project / "parts" / "orders.yaml")) == [
        "rule base (orders \u2192 event)",
        " field total (total)",
        " field currency (settings.currency)",
        "rule order ()",
        " let code (order.kind)",
        " field kind (code)",
        " field line items (order.lines)",
        "  field name ()",
        "  field number (number)",
        "  field note ({{ line.name }} of {{ user }})",
        "rule refund ()",
        " field home (home)",
        " field kind ()",
        "rule other (orders \u2192 reject)",
    ]
    assert outline(document_symbols(state, project / "acme.yaml"))[:3] == [
        "mapping acme ()",
        " setting currency (USD)",
        " let extra (join('-', [not_null(user, 'u'), to_string(batch.id)]))",
    ]
    assert outline(document_symbols(state, project / "tests" / "orders.yaml"))[0] == "test an order ()"
    assert document_symbols(state, project / "other" / "compose.yaml") == ()


@pytest.mark.slow
def test_symbols_lie_in_each_other(project: Path) -> None:
    def check(symbol: Symbol) -> None:
        assert symbol.span.start <= symbol.selection.start <= symbol.selection.end <= symbol.span.end
        for child in symbol.children:
            assert symbol.span.start <= child.span.start <= child.span.end <= symbol.span.end
            check(child)

    state = EditingState([project, SHIPPED])
    for path in state.files():
        for symbol in document_symbols(state, path):
            check(symbol)


def test_symbols_of_all_files(project: Path) -> None:
    state = EditingState([project])
    found = [(path.name, one.kind, one.name) for path, one in project_symbols(state, "orde")]
    assert found[:2] == [("orders.yaml", "rule", "order"), ("mapping.yaml", "route", "orders")]
    assert ("tables.yaml", "table", "kinds") in [
        (path.name, one.kind, one.name) for path, one in project_symbols(state, "KDS")
    ]
    assert project_symbols(state, "(") == ()


def test_folding(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "orders.yaml"
    found = folds(state, path)
    lines = FILES["parts/orders.yaml"].split("\n")
    assert {lines[one.start_line - 1] for one in found} >= {"rules:", "- rule: order", "  fields:", "  when: >-"}
    assert Fold(30, 32) in found
    assert all(one.start_line < one.end_line <= len(lines) and lines[one.end_line - 1].strip() for one in found)
    assert len({one.start_line for one in found}) == len(found)
    state.open(path, "# one\n# two\n" + FILES["parts/orders.yaml"])
    assert Fold(1, 3, is_comment=True) in folds(state, path)


@pytest.mark.slow
def test_each_selection_contains_the_one_before(project: Path) -> None:
    state, random = EditingState([project, SHIPPED]), Random(1)
    for path in [path for path in state.files() if state.kind(path) is not None]:
        source = state.source(path)
        assert source is not None
        for offset in random.sample(range(len(source.text)), min(40, len(source.text))):
            position = position_of(source, offset)
            found = selections(state, path, position)
            assert found
            for inner, outer in pairwise(found):
                assert outer.start <= inner.start <= inner.end <= outer.end
                assert outer != inner
            assert found[0].start <= position <= found[0].end


def test_what_is_selected(project: Path) -> None:
    state, path = EditingState([project]), project / "parts" / "orders.yaml"
    text = FILES["parts/orders.yaml"]
    source = state.source(path)
    assert source is not None
    offset = text.index("lines\n      as") + 2
    lines = text.split("\n")

    def shown(number: int) -> str:
        span = selections(state, path, position_of(source, offset))[number]
        assert span.start.line == span.end.line
        return lines[span.start.line - 1][span.start.column - 1 : span.end.column - 1]

    assert [shown(number) for number in range(3)] == ["lines", "order.lines", "each: order.lines"]
