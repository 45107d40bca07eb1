"""Messages that the protocol does not allow: a request gets an error for its answer, and the server goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from moemap.tests.engine.language_server.editor import AnswerError, Editor

LARGEST = 2**31 - 1
START = {"line": 0, "character": 0}
NO_POSITIONS: list[Any] = [
    {"line": 2**64, "character": 0},
    {"line": LARGEST + 1, "character": 0},
    {"line": -1, "character": 0},
    {"line": 0, "character": 2**64},
    {"line": 0, "character": -1},
    {"line": None, "character": 0},
    {"line": 0},
    [0, 0],
    None,
]


@pytest.mark.parametrize("position", NO_POSITIONS, ids=str)
def test_a_position_that_is_none_is_refused(editor: Editor, root: Path, position: Any) -> None:
    path = root / "parts" / "orders.yaml"
    editor.open(path)
    with pytest.raises(AnswerError, match=r"^the protocol has no such parameters of textDocument/hover$"):
        editor.about("hover", path, position=position)
    editor.about("hover", path, position=START)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("definition", {"position": {"line": -1, "character": 0}}),
        ("completion", {}),
        ("selectionRange", {"positions": [START, {"line": 2**40, "character": 0}]}),
        ("codeAction", {"range": {"start": START, "end": {"line": 2**40, "character": 0}}, "context": {}}),
        ("rename", {"position": START}),
    ],
)
def test_other_requests_are_refused_alike(editor: Editor, root: Path, method: str, parameters: dict[str, Any]) -> None:
    path = root / "parts" / "orders.yaml"
    editor.open(path)
    with pytest.raises(AnswerError, match=f"^the protocol has no such parameters of textDocument/{method}$"):
        editor.about(method, path, **parameters)


def test_a_position_far_after_the_end_has_nothing(editor: Editor, root: Path) -> None:
    path = root / "parts" / "orders.yaml"
    editor.open(path)
    assert editor.at("hover", path, LARGEST, LARGEST) is None
    assert editor.at("definition", path, LARGEST, LARGEST) in (None, [])
