"""What an editor is answered about the rule files of a small project, with positions in its own units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moemap.tests.engine.editing.conftest import ORDERS
from moemap.tests.engine.language_server.editor import Editor
from moemap.tests.engine.language_server.test_server import end_of, found_at

WHEN = "when: order.kind == 'order' && $total > `0`"
SMILING = ORDERS.replace(WHEN, "when: \"'😀' != order.kind && order.kind == 'order'\"")
SAMPLE = {"id": 7, "user": {"id": "u"}, "orders": [{"id": "o1", "kind": "order", "lines": [{"name": "x", "price": 2}]}]}


@pytest.fixture
def orders(editor: Editor, root: Path) -> Path:
    """The file with the rules, which the editor has opened."""
    path = root / "parts" / "orders.yaml"
    editor.open(path)
    assert editor.problems(path) == []
    return path


@pytest.fixture(scope="module", autouse=True)
def sample(root: Path) -> Path:
    path = root / "samples" / "one.json"
    path.parent.mkdir()
    path.write_text(json.dumps(SAMPLE), "utf-8")
    return path


def after(text: str, part: str) -> dict[str, int]:
    """The position after the first occurrence of a part of a text."""
    return end_of(text[: text.index(part) + len(part)])


def at(editor: Editor, method: str, path: Path, position: dict[str, int], **params: Any) -> Any:
    return editor.at(method, path, position["line"], position["character"], **params)


def edited(text: str, edits: list[dict[str, Any]]) -> str:
    """A text with edits of the protocol, in units of UTF-16."""
    raw = [line.encode("utf-16-le") for line in text.split("\n")]

    def offset(position: dict[str, int]) -> int:
        return sum(len(line) + 2 for line in raw[: position["line"]]) + 2 * position["character"]

    whole = text.encode("utf-16-le")
    for edit in sorted(edits, key=lambda one: offset(one["range"]["start"]), reverse=True):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        whole = whole[:start] + edit["newText"].encode("utf-16-le") + whole[end:]
    return whole.decode("utf-16-le")


def test_completion_replaces_what_is_written_of_a_name(editor: Editor, orders: Path) -> None:
    editor.change(orders, SMILING)
    found = at(editor, "completion", orders, after(SMILING, "!= order.ki"))
    (kind,) = [one for one in found["items"] if one["label"] == "kind"]
    assert edited(SMILING, [{**kind["textEdit"], "newText": "KIND"}]) == SMILING.replace(
        "!= order.kind", "!= order.KIND"
    )
    assert {"id", "kind", "vip", "lines", "attributes"} <= {one["label"] for one in found["items"]}
    assert "string" in kind["detail"]
    assert "Order or refund." in kind["documentation"]["value"]
    assert [one["sortText"] for one in found["items"]] == sorted(one["sortText"] for one in found["items"])


def test_completion_while_the_text_is_broken(editor: Editor, orders: Path) -> None:
    text = ORDERS.replace("when: order.kind == 'order'", "when: order. == 'order'")
    editor.change(orders, text)
    found = at(editor, "completion", orders, after(text, "when: order."))
    assert "kind" in {one["label"] for one in found["items"]}


def test_hover_says_type_value_and_documentation(editor: Editor, orders: Path) -> None:
    editor.change(orders, SMILING)
    found = at(editor, "hover", orders, after(SMILING, "!= order.ki"))
    assert found["contents"]["kind"] == "markdown"
    assert "Order or refund." in found["contents"]["value"]
    assert found["range"]["start"] == after(SMILING, "!= order.")


def test_signature_of_the_function_that_is_written(editor: Editor, orders: Path) -> None:
    text = ORDERS.replace("note: {template", "names: \"join('😀', order.lines[].name)\"\n        note: {template")
    editor.change(orders, text)
    found = at(editor, "signatureHelp", orders, after(text, "join('😀', "))
    (signature,) = found["signatures"]
    assert found["activeParameter"] == 1
    start, end = signature["parameters"][1]["label"]
    assert signature["label"][start:end].startswith("texts")
    assert signature["label"].startswith("join(")


def test_symbols_of_a_file_and_of_all(editor: Editor, orders: Path) -> None:
    names = [one["name"] for one in editor.about("documentSymbol", orders)]
    assert names == ["base", "order", "refund", "other"]
    found = editor.ask("workspace/symbol", query="vip")
    assert ("vip", "acme.yaml") in {(one["name"], Path(one["location"]["uri"]).name) for one in found}


def test_folds_and_selections(editor: Editor, orders: Path) -> None:
    start = found_at(ORDERS, "- rule: order")["start"]["line"]
    assert any(one["startLine"] == start for one in editor.about("foldingRange", orders))
    (selection,) = editor.about("selectionRange", orders, positions=[after(ORDERS, "when: order.ki")])
    ranges = []
    while selection:
        ranges.append((selection["range"]["start"], selection["range"]["end"]))
        selection = selection.get("parent")
    assert ranges[0] == tuple(found_at(ORDERS.replace("when: order.kind", "when: order.KIND"), "KIND").values())
    assert len(ranges) > 3


def test_tokens_are_coloured_where_they_stand(editor: Editor, orders: Path) -> None:
    editor.change(orders, SMILING)
    legend = editor.capabilities["semanticTokensProvider"]["legend"]["tokenTypes"]
    data = editor.about("semanticTokens/full", orders)["data"]
    lines = [line.encode("utf-16-le") for line in SMILING.split("\n")]
    line = character = 0
    found = []
    for number in range(0, len(data), 5):
        down, right, length, kind, _ = data[number : number + 5]
        line, character = line + down, right + (0 if down else character)
        found.append((lines[line][2 * character : 2 * (character + length)].decode("utf-16-le"), legend[kind]))
    begin = found.index(("'😀'", "string"))
    assert found[begin : begin + 5] == [
        ("'😀'", "string"),
        ("!=", "operator"),
        ("order", "namespace"),
        ("kind", "property"),
        ("&&", "operator"),
    ]
