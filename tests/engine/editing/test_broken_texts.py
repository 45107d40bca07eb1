"""Whatever the text, no question of an editor about it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moemap.engine.editing.cursor import cursor_at, position_of
from moemap.engine.editing.navigation import RenameError, definition, prepare_rename, references, rename
from moemap.engine.editing.state import EditingState
from moemap.engine.editing.symbols import document_symbols, folds, project_symbols, selections
from moemap.engine.editing.tokens import lexed, tokens

from .conftest import FILES, written
from .test_state import SHIPPED, broken

MAX = settings().max_examples


def ask(state: EditingState, path: Path, offset: int) -> None:
    """Asks every question about a file and a position in it."""
    source = state.source(path)
    assert source is not None
    position = position_of(source, offset)
    cursor_at(state, path, position)
    selections(state, path, position)
    definition(state, path, position)
    for location in references(state, path, position):
        assert state.text(location.path) is not None
    with suppress(RenameError):
        found = prepare_rename(state, path, position)
        assert found.start.column - 1 <= position.column <= found.end.column + 1  # it may stand at a quote
        rename(state, path, position, "renamed")


def ask_of_file(state: EditingState, path: Path) -> None:
    assert isinstance(state.diagnostics(path), dict)
    document_symbols(state, path)
    folds(state, path)
    tokens(state, path)
    state.rulebook(path)


def cut(random: Random, text: str) -> Iterator[str]:
    """A text that ends anywhere, and texts with more and more broken places."""
    yield text[: random.randrange(len(text) + 1)]
    for _ in range(3):
        text = broken(text, random)
        yield text


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(2))
def test_texts_that_break_off(seed: int, project: Path) -> None:
    random, state = Random(seed), EditingState([project])
    for name in ("mapping.yaml", "parts/orders.yaml", "acme.yaml", "tests/orders.yaml"):
        for text in cut(random, FILES[name]):
            state.open(project / name, text)
            ask_of_file(state, project / name)
            for offset in random.choices(range(len(text) + 1), k=6):
                ask(state, project / name, offset)
        if random.random() < 0.5:
            state.close(project / name)
    project_symbols(state, "o")


@pytest.mark.slow
@pytest.mark.fuzz
def test_shipped_texts_that_break_off(tmp_path: Path) -> None:
    random = Random(1)
    files = {path.name: path.read_text("utf-8") for path in SHIPPED.glob("*.yaml")}
    state = EditingState([written(tmp_path, {".moemap": "", **files})])
    for text in cut(random, files["user.yaml"]):
        state.open(tmp_path / "user.yaml", text)
        ask_of_file(state, tmp_path / "user.yaml")
        for offset in random.choices(range(len(text) + 1), k=3):
            ask(state, tmp_path / "user.yaml", offset)


@pytest.mark.fuzz
@settings(max_examples=MAX // 4)
@given(text=st.text(max_size=80))
def test_any_text(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    path = written(folder, {".moemap": "", "mapping.yaml": ""}) / "mapping.yaml"
    state = EditingState([folder])
    state.open(path, text)
    ask_of_file(state, path)
    ask(state, path, len(text) // 2)


@pytest.mark.fuzz
@given(text=st.text("ab.$'\"`[]{}()|&%=! \n*-5\\é😀", max_size=30))
def test_any_expression_and_template(text: str) -> None:
    for found in (lexed(text, "expression"), lexed(text, "template")):
        assert all(one.start < one.end <= len(text) for one in found)
        assert all(one.end <= other.start for one, other in pairwise(found))
