"""A server that an editor has opened the small project of the tests of `editing` with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from moemap.tests.engine.editing.conftest import FILES, written
from moemap.tests.engine.language_server.editor import Editor


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("editor") / "project", FILES)


@pytest.fixture(scope="module")
def shared(root: Path) -> Iterator[Editor]:
    """The server of all tests of a module."""
    editor = Editor(root)
    yield editor
    assert editor.close() == 0


@pytest.fixture
def editor(shared: Editor) -> Iterator[Editor]:
    """The server, whose files the test closes."""
    yield shared
    for path in list(shared.opened):
        shared.shut(path)
    shared.ask(
        "textDocument/formatting",
        textDocument={"uri": "file:///none.yaml"},
        options={"tabSize": 2, "insertSpaces": True},
    )
    shared.notes.clear()
