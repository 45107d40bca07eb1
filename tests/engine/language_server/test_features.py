"""The answers to an editor about the rule files of a small project, with positions in its own units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest

from moemap.tests.engine.editing.conftest import MAPPING, ORDERS, TABLES, WORKSPACE
from moemap.tests.engine.language_server.editor import AnswerError, Editor, codes
from moemap.tests.engine.language_server.test_server import WRONG, end_of, found_at

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


def files_of(edit: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The edits of a change, by the name of the file."""
    changes = [one for one in edit["documentChanges"] if "edits" in one]
    return {Path(one["textDocument"]["uri"]).name: one["edits"] for one in changes}


@pytest.mark.slow
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


def test_completion_of_a_string_is_found_by_the_quote(editor: Editor, orders: Path) -> None:
    text = ORDERS.replace(WHEN, "when: settings.currency == 'E'")
    editor.change(orders, text)
    found = at(editor, "completion", orders, after(text, "settings.currency == 'E"))
    (euro,) = [one for one in found["items"] if one["label"] == "EUR"]
    assert (euro["filterText"], euro["textEdit"]["newText"]) == ("'EUR'", "'EUR'")
    without = ORDERS.replace(WHEN, "when: settings.currency == ")
    editor.change(orders, without)
    found = at(editor, "completion", orders, after(without, "settings.currency == "))
    assert all("filterText" not in one for one in found["items"])


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


def test_definition_and_references_over_files(editor: Editor, orders: Path, root: Path) -> None:
    (there,) = at(editor, "definition", orders, after(ORDERS, "table: ki"))
    assert there == {"uri": (root / "parts" / "tables.yaml").as_uri(), "range": found_at(TABLES, "kinds")}
    known = {"includeDeclaration": True}
    found = at(editor, "references", orders, after(ORDERS, "extends: ba"), context=known)
    names = [Path(one["uri"]).name for one in found]
    assert sorted(names) == ["acme.yaml", "orders.yaml", "orders.yaml", "orders.yaml"]
    others = at(editor, "references", orders, after(ORDERS, "extends: ba"), context={"includeDeclaration": False})
    assert len(others) == 3


def test_a_rule_is_renamed_in_all_files(editor: Editor, orders: Path) -> None:
    position = after(ORDERS, "- rule: refu")
    assert at(editor, "prepareRename", orders, position) == found_at(
        ORDERS.replace("- rule: refund", "- rule: REFUND"), "REFUND"
    )
    edit = at(editor, "rename", orders, position, newName="returned")
    files = files_of(edit)
    assert edited(ORDERS, files["orders.yaml"]) == ORDERS.replace("- rule: refund", "- rule: returned")
    assert edited(WORKSPACE, files["acme.yaml"]) == WORKSPACE.replace("- rule: refund", "- rule: returned")
    versions = {
        Path(one["textDocument"]["uri"]).name: one["textDocument"]["version"] for one in edit["documentChanges"]
    }
    assert versions == {"orders.yaml": 1, "acme.yaml": None}
    with pytest.raises(AnswerError, match="order"):
        at(editor, "rename", orders, position, newName="order")


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


@pytest.mark.slow
def test_a_hint_is_a_quick_fix_of_its_problem(editor: Editor, orders: Path) -> None:
    editor.change(orders, WRONG)
    problems = editor.problems(orders)
    assert codes(problems) == ["M204"]
    found = editor.about("codeAction", orders, range=problems[0]["range"], context={"diagnostics": problems})
    fix = next(one for one in found if one["kind"] == "quickfix")
    assert codes(fix["diagnostics"]) == ["M204"]
    assert edited(WRONG, files_of(fix["edit"])["orders.yaml"]) == ORDERS
    only = {"diagnostics": problems, "only": ["refactor"]}
    assert all(
        one["kind"] == "refactor"
        for one in editor.about("codeAction", orders, range=problems[0]["range"], context=only)
    )


def commands(editor: Editor, path: Path) -> dict[str, list[Any]]:
    """The commands of the lenses of a file, with the arguments of the first of each."""
    found: dict[str, list[Any]] = {}
    for one in editor.about("codeLens", path):
        found.setdefault(one["command"]["command"], one["command"]["arguments"])
    return found


def run(editor: Editor, command: str, arguments: list[Any]) -> Any:
    return editor.ask("workspace/executeCommand", command=command, arguments=arguments)


def shown(editor: Editor) -> Path:
    """The file that the server had the editor show last."""
    return Path(url2pathname(urlparse(editor.notes["window/showDocument"][-1]["uri"]).path))


def test_a_rule_is_run_on_the_chosen_sample(editor: Editor, orders: Path, root: Path) -> None:
    main = str(root / "mapping.yaml")
    assert commands(editor, orders)["moemap.chooseSample"] == [main]
    assert "one.json" in run(editor, "moemap.samples", [main])
    editor.answers["window/showMessageRequest"] = {"title": "one.json"}
    run(editor, "moemap.chooseSample", [main])
    assert editor.about("codeLens", orders)[0]["command"]["title"] == "Sample: one.json"
    run(editor, "moemap.runRule", [main, "order"])
    result = json.loads(shown(editor).read_text("utf-8"))
    assert [one["body"]["kind"] for one in result["requests"]] == ["Order"]
    assert shown(editor).stat().st_mode & 0o077 == 0
    whole = {"start": {"line": 0, "character": 0}, "end": end_of(ORDERS)}
    hints = {one["position"]["line"]: one["label"] for one in editor.about("inlayHint", orders, range=whole)}
    assert hints[found_at(ORDERS, "kind: code")["start"]["line"]] == '= "Order"'
    run(editor, "moemap.chooseSample", [main, "none"])


def test_golden_tests_are_run_with_what_is_not_saved(editor: Editor, orders: Path, root: Path) -> None:
    main = str(root / "mapping.yaml")
    run(editor, "moemap.runTests", [main])
    assert editor.notes["window/showMessage"][-1]["message"] == "1 of 2 tests failed."
    editor.change(orders, ORDERS.replace(WHEN, "when: order.kind == 'order'"))
    editor.open(root / "mapping.yaml", MAPPING.replace("there is no order of", "no order of"))
    run(editor, "moemap.runTests", [main])
    text = shown(editor).read_text("utf-8")
    assert "FAIL none   " in text
    assert "no order of u" in text


def test_a_golden_test_is_made_of_the_sample(editor: Editor, orders: Path, root: Path) -> None:
    main = str(root / "mapping.yaml")
    run(editor, "moemap.chooseSample", [main, "one.json"])
    run(editor, "moemap.makeGoldenTest", [main, "order"])
    (asked,) = editor.notes["workspace/applyEdit"]
    made, written = asked["edit"]["documentChanges"]
    assert (made["kind"], made["uri"]) == ("create", written["textDocument"]["uri"])
    assert "o1" in written["edits"][0]["newText"]
    run(editor, "moemap.chooseSample", [main, "none"])


@pytest.mark.slow
def test_lenses_tell_what_tests_cover_when_these_were_run(editor: Editor, orders: Path, root: Path) -> None:
    editor.about("codeLens", orders)
    editor.wait_for("workspace/codeLens/refresh")
    lenses = [one["command"] for one in editor.about("codeLens", orders) if one["command"]["arguments"][-1] == "refund"]
    assert [one["title"] for one in lenses][1:] == ["No tests", "1 of 4 branches", "Suggest a test"]
    run(editor, lenses[-1]["command"], lenses[-1]["arguments"])
    (asked,) = editor.notes["workspace/applyEdit"]
    assert "rule refund" in str(asked["edit"])


@pytest.mark.slow
def test_branches_that_no_test_takes_are_listed(editor: Editor, orders: Path, root: Path) -> None:
    run(editor, "moemap.showUncovered", [str(root / "mapping.yaml"), "refund"])
    text = shown(editor).read_text("utf-8")
    assert text.startswith("No test takes these branches:\n")
    assert "rule refund" in text
