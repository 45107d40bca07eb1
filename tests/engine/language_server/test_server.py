"""`moemap lsp` over its pipes: the life of a session, as an editor and its user meet it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest
from click.testing import CliRunner
from lsprotocol import types

from moemap.cli import main
from moemap.engine.language_server.server import RuleServer
from moemap.engine.source.homes import PAGES
from moemap.tests.engine.editing.conftest import FILES, ORDERS, WORKSPACE, written
from moemap.tests.engine.language_server.editor import AnswerError, Editor, codes

OPTIONS = {"tabSize": 2, "insertSpaces": True}
WRONG = ORDERS.replace("currency: settings.currency", "currency: setings.currency")


def end_of(text: str) -> dict[str, int]:
    """The position after a text, in units of UTF-16."""
    lines = text.split("\n")
    return {"line": len(lines) - 1, "character": len(lines[-1].encode("utf-16-le")) // 2}


def found_at(text: str, part: str) -> dict[str, Any]:
    start = text.index(part)
    return {"start": end_of(text[:start]), "end": end_of(text[: start + len(part)])}


@pytest.mark.slow
def test_a_problem_comes_and_goes_with_what_is_typed(editor: Editor, root: Path) -> None:
    path = root / "parts" / "orders.yaml"
    editor.open(path)
    assert editor.problems(path) == []
    editor.change(path, WRONG)
    assert editor.problems(path) == [
        {
            "range": found_at(WRONG, "setings"),
            "severity": 1,
            "code": "M204",
            "codeDescription": {"href": (PAGES / "M204.md").as_uri()},
            "source": "moemap",
            "message": "unknown name 'setings'\nhelp: did you mean 'settings'?",
        }
    ]
    editor.change(path, ORDERS)
    assert editor.problems(path) == []


@pytest.mark.slow
def test_what_a_change_breaks_elsewhere_is_published_until_the_file_is_closed(editor: Editor, root: Path) -> None:
    path, workspace = root / "parts" / "orders.yaml", root / "acme.yaml"
    editor.open(path)
    assert editor.problems(path) == []
    editor.change(path, ORDERS.replace("rule: refund", "rule: refunded"))
    assert codes(editor.problems(workspace)) != []
    editor.shut(path)
    assert editor.problems(workspace) == []


def test_broken_yaml_is_marked_and_the_rest_still_answers(editor: Editor, root: Path) -> None:
    path = root / "parts" / "orders.yaml"
    editor.open(path)
    assert editor.problems(path) == []
    symbols = editor.about("documentSymbol", path)
    assert symbols
    editor.change(path, ORDERS + '- {rule: "unfinished\n')
    assert codes(editor.problems(path))[0] == "M004"
    *others, unfinished = editor.about("documentSymbol", path)
    assert (others, unfinished["name"]) == (symbols, "unfinished")


@pytest.mark.slow
def test_only_the_newest_text_counts(editor: Editor, root: Path) -> None:
    path = root / "parts" / "orders.yaml"
    editor.open(path)
    assert editor.problems(path) == []
    for number in range(30):
        editor.change(path, WRONG.replace("setings", f"setings{number}"))
    editor.change(path, WRONG)
    assert codes(editor.problems(path)) == ["M204"]
    time.sleep(0.3)
    editor.ask("workspace/symbol", query="")
    assert [one for one in editor.notes["textDocument/publishDiagnostics"] if one["uri"] == path.as_uri()] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("other/compose.yaml", "services: {web: {image: a}}\n"),
        ("notes.txt", "rules: []\n"),
    ],
)
def test_files_of_others_are_left_alone(editor: Editor, root: Path, name: str, text: str) -> None:
    path = root / name
    editor.open(path, text)
    assert editor.at("hover", path, 0, 3) is None
    assert editor.at("completion", path, 0, 3) is None
    assert editor.about("documentSymbol", path) is None
    assert editor.about("formatting", path, options=OPTIONS) is None
    assert "textDocument/publishDiagnostics" not in editor.notes


def test_what_stops_to_be_a_file_of_rules_has_no_problems(editor: Editor, root: Path) -> None:
    path = root / "new.yaml"
    editor.open(path, "workspace: new\nextends: ./nothing.yaml\n")
    assert codes(editor.problems(path)) != []
    editor.change(path, "services: {web: {image: a}}\n")
    assert editor.problems(path) == []


def test_a_document_that_was_never_saved_is_left_alone(editor: Editor) -> None:
    known = {"uri": "untitled:Untitled-1", "languageId": "yaml", "version": 1, "text": "language: 1\n"}
    editor.tell("textDocument/didOpen", textDocument=known)
    position = {"line": 0, "character": 1}
    assert editor.ask("textDocument/hover", textDocument={"uri": known["uri"]}, position=position) is None
    editor.tell("textDocument/didClose", textDocument={"uri": known["uri"]})


def test_a_file_outside_of_all_folders_is_checked_too(editor: Editor, tmp_path: Path) -> None:
    project = written(tmp_path / "elsewhere", FILES)
    path, workspace = project / "parts" / "orders.yaml", project / "acme.yaml"
    editor.open(path, ORDERS.replace("rule: refund", "rule: refunded"))
    assert codes(editor.problems(workspace)) != []  # those that depend on it are found in its project
    editor.change(path, WRONG)
    assert codes(editor.problems(path)) == ["M204"]


def test_a_folder_that_is_added_is_looked_at(editor: Editor, tmp_path: Path) -> None:
    added = written(tmp_path / "added", FILES)
    folder = {"uri": added.as_uri(), "name": "added"}
    editor.tell("workspace/didChangeWorkspaceFolders", event={"added": [folder], "removed": []})
    path, workspace = added / "parts" / "orders.yaml", added / "acme.yaml"
    editor.open(path, ORDERS.replace("rule: refund", "rule: refunded"))
    assert codes(editor.problems(workspace)) != []
    editor.tell("workspace/didChangeWorkspaceFolders", event={"added": [], "removed": [folder]})


@pytest.mark.slow
def test_a_change_on_the_disk_is_met(editor: Editor, root: Path) -> None:
    path, workspace = root / "mapping.yaml", root / "acme.yaml"
    editor.open(path)
    assert codes(editor.problems(path)) == ["M236", "M206"]
    try:
        workspace.write_text(WORKSPACE.replace("order.vip", "ordr.vip"), "utf-8")
        editor.tell("workspace/didChangeWatchedFiles", changes=[{"uri": workspace.as_uri(), "type": 2}])
        assert codes(editor.problems(workspace)) == ["M204"]
    finally:
        workspace.write_text(WORKSPACE, "utf-8")
        editor.tell("workspace/didChangeWatchedFiles", changes=[{"uri": workspace.as_uri(), "type": 2}])
    assert editor.problems(workspace) == []


def test_the_layout_is_that_of_fmt(editor: Editor, root: Path) -> None:
    path = root / "parts" / "tables.yaml"
    text = "# 😀\ntables:\n    kinds:   {entries: {order: Order, refund: Refund},   unlisted: keep}\n"
    editor.open(path, text)
    (edit,) = editor.about("formatting", path, options=OPTIONS)
    assert edit == {
        "range": {"start": {"line": 2, "character": 0}, "end": {"line": 3, "character": 0}},
        "newText": "  kinds: {entries: {order: Order, refund: Refund}, unlisted: keep}\n",
    }
    editor.change(path, "tables: [\n")
    assert editor.about("formatting", path, options=OPTIONS) == []


@pytest.mark.slow
@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 4 + 3), ("utf-16", 2 + 2), ("utf-32", 1 + 2)])
def test_columns_are_counted_as_was_agreed(tmp_path: Path, encoding: str, units: int) -> None:
    project = written(tmp_path / "project", FILES)
    path = project / "parts" / "orders.yaml"
    wrong = ORDERS.replace("currency: settings.currency", "currency: \"'😀e\u0301' == setings.currency\"")
    editor = Editor(project, encoding=encoding)
    assert editor.capabilities["positionEncoding"] == encoding
    editor.open(path, wrong)
    line = next(number for number, text in enumerate(wrong.split("\n")) if "setings" in text)
    (problem,) = [one for one in editor.problems(path) if one["code"] == "M204"]
    at = len("    currency: \"'") + units + len("' == ")
    assert problem["range"] == {
        "start": {"line": line, "character": at},
        "end": {"line": line, "character": at + len("setings")},
    }
    assert editor.close() == 0


def test_a_question_that_is_cancelled_has_an_answer_all_the_same(editor: Editor, root: Path) -> None:
    path = root / "parts" / "orders.yaml"
    editor.open(path)
    asked = {"textDocument": {"uri": path.as_uri()}, "options": OPTIONS}
    numbers = [editor.begin("textDocument/formatting", **asked) for _ in range(20)]
    editor.tell("$/cancelRequest", id=numbers[-1])
    assert [editor.answer(number) is not None for number in numbers[:-1]] == [True] * 19
    with suppress(AnswerError):  # unless it was answered before it was cancelled
        assert editor.answer(numbers[-1])


def test_nonsense_is_no_end(editor: Editor, root: Path) -> None:
    path = root / "parts" / "orders.yaml"
    editor.open(path)
    assert editor.at("hover", path, 100_000, 100_000) is None
    with pytest.raises(AnswerError):
        editor.ask("textDocument/nothing")
    editor.tell("nothing")
    assert editor.about("formatting", path, options=OPTIONS)


def test_an_error_of_the_server_is_one_line_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    server, logged = RuleServer(), list[types.LogMessageParams]()
    monkeypatch.setattr(server, "window_log_message", logged.append)

    async def fail(_work: object) -> None:
        raise ValueError("ada@example.com")

    monkeypatch.setattr(server.analysis, "ask", fail)
    handler = server.protocol.fm.features["textDocument/hover"]
    at = types.HoverParams(types.TextDocumentIdentifier("file:///a.yaml"), types.Position(0, 0))
    assert asyncio.run(handler(at)) is None
    (line,) = logged
    assert re.fullmatch(r"textDocument/hover failed: ValueError at test_server\.py:\d+", line.message)


def test_without_the_extra_the_command_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    done = CliRunner().invoke(main, ["lsp"])
    assert done.exit_code == 2
    assert "Error: the language server needs more packages: pip install 'moemap[lsp]'" in done.output


# How it ends


@pytest.mark.slow
def test_it_ends_as_the_editor_does(tmp_path: Path) -> None:
    editor = Editor(tmp_path)
    editor.tell("exit")
    assert editor.end() == 1
    editor = Editor(tmp_path)
    assert editor.process.stdin is not None
    editor.process.stdin.close()
    assert editor.end() == 1


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_results_when_it_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    project = written(tmp_path / "project", FILES)
    editor = Editor(project)
    arguments = [str(project / "mapping.yaml"), "refund"]
    editor.ask("workspace/executeCommand", command="moemap.showUncovered", arguments=arguments)
    (shown,) = editor.notes["window/showDocument"]
    path = Path(url2pathname(urlparse(shown["uri"]).path))
    assert path.exists()
    editor.process.send_signal(number)
    assert editor.end() == 128 + number
    assert not path.parent.exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="elsewhere, pipes end with the process")
def test_it_ends_when_the_process_of_the_editor_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    editor = Editor(tmp_path, process=other.pid)
    other.kill()
    other.wait()
    assert other.stdin is not None
    other.stdin.close()
    assert editor.end() == 1
