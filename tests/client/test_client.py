"""The language server, driven by the client of pytest-lsp as by Visual Studio Code. Needs the extra `editors`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from moemap.tests.engine.editing.conftest import FILES, written

SERVER = ClientServerConfig(server_command=[sys.executable, "-m", "moemap", "lsp"])
ORDERS, MAPPING, WORKSPACE, TESTS = "parts/orders.yaml", "mapping.yaml", "acme.yaml", "tests/orders.yaml"
PATIENCE = 30.0
UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


class Editor:
    """A client with two folders whose files are open. Places are written as texts with `¦` for the cursor."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.roots = [written(folder / name, FILES) for name in ("one", "two")]

    async def start(self, encodings: list[types.PositionEncodingKind] | None) -> None:
        capabilities = client_capabilities("visual-studio-code")
        if encodings is not None:
            assert capabilities.general is not None
            capabilities.general.position_encodings = encodings
        self.client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda *_: None)
        folders = [types.WorkspaceFolder(root.as_uri(), root.name) for root in self.roots]
        found = await self.client.initialize_session(
            types.InitializeParams(capabilities=capabilities, workspace_folders=folders)
        )
        self.encoding = found.capabilities.position_encoding or "utf-16"
        for root in self.roots:
            for name in (ORDERS, MAPPING, WORKSPACE, TESTS):
                self.open(root / name, FILES[name])

    def open(self, path: Path, text: str) -> None:
        item = types.TextDocumentItem(path.as_uri(), "yaml", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, path: Path, text: str) -> None:
        document = types.VersionedTextDocumentIdentifier(2, path.as_uri())
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))

    def at(self, name: str, marked: str, root: int = 0) -> tuple[types.TextDocumentIdentifier, types.Position]:
        """The file, and the position in it of a text with a cursor."""
        text, plain = FILES[name], marked.replace("¦", "")
        before = text[: text.index(plain) + marked.index("¦")]
        place = types.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
        return types.TextDocumentIdentifier((self.roots[root] / name).as_uri()), place

    async def problem(self, path: Path, code: str) -> types.Diagnostic:
        """The first problem of a kind that is published for a file."""
        for _ in range(int(PATIENCE / 0.05)):
            found = [one for one in self.client.diagnostics.get(path.as_uri(), []) if one.code == code]
            if found:
                return found[0]
            await asyncio.sleep(0.05)
        raise AssertionError(f"{code} is not published")


@pytest_lsp.fixture(config=SERVER)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    yield
    await lsp_client.shutdown_session()


@pytest.mark.asyncio
@pytest.mark.parametrize("unit", UNITS)
async def test_columns_behind_emoji_are_those_that_were_agreed(
    client: LanguageClient, tmp_path: Path, unit: types.PositionEncodingKind
) -> None:
    editor = Editor(client, tmp_path)
    await editor.start([unit])
    assert editor.encoding == unit
    path = editor.roots[0] / ORDERS
    text = FILES[ORDERS].replace(
        "    kind: code",
        '    "\N{PARTY POPPER}": {template: "\N{PARTY POPPER}é {{ setings.currency }}"}\n    kind: code',
    )
    editor.change(path, text)
    found = await editor.problem(path, "M204")
    encoded = text.split("\n")[found.range.start.line].encode(unit if unit == "utf-8" else f"{unit}-le")
    named = encoded[UNITS[unit] * found.range.start.character : UNITS[unit] * found.range.end.character]
    assert named.decode(unit if unit == "utf-8" else f"{unit}-le") == "setings"
    asked = types.CodeActionParams(
        types.TextDocumentIdentifier(path.as_uri()), found.range, types.CodeActionContext([found])
    )
    actions: Any = await client.text_document_code_action_async(asked)
    assert [one.title for one in actions] == ["Change to 'settings'", "Allow M204 here"]


@pytest.mark.asyncio
async def test_what_is_at_a_position(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path)
    await editor.start(None)
    member = editor.at(ORDERS, "when: order.¦kind", root=1)
    completed: Any = await client.text_document_completion_async(types.CompletionParams(*member))
    assert {"kind", "lines", "attributes"} <= {one.label for one in completed.items}
    hovered: Any = await client.text_document_hover_async(types.HoverParams(*editor.at(ORDERS, "when: order.ki¦nd")))
    assert hovered.contents.value.startswith("`order.kind`: string or null\n\nOrder or refund.")
    asked = types.SignatureHelpParams(*editor.at(MAPPING, "sum(¦order.lines"))
    signature: Any = await client.text_document_signature_help_async(asked)
    assert signature.signatures[0].label == "sum(numbers: array-number) -> number"


@pytest.mark.asyncio
async def test_names_over_files(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path)
    await editor.start(None)
    at = editor.at(WORKSPACE, "extends: ba¦se")
    found: Any = await client.text_document_definition_async(types.DefinitionParams(*at))
    assert [(Path(one.uri).name, one.range.start.line) for one in found] == [("orders.yaml", 2)]
    at = editor.at(MAPPING, "  us¦er: batch.user.id")
    asked = types.ReferenceParams(types.ReferenceContext(include_declaration=True), *at)
    references: Any = await client.text_document_references_async(asked)
    assert sorted((Path(one.uri).name, one.range.start.line + 1) for one in references) == [
        *(("acme.yaml", 5), ("mapping.yaml", 15), ("mapping.yaml", 17), ("mapping.yaml", 27), ("orders.yaml", 24))
    ]
    renamed: Any = await client.text_document_rename_async(types.RenameParams(*at, "buyer"))
    changed = {Path(one.text_document.uri).name: len(one.edits) for one in renamed.document_changes}
    assert changed == {"acme.yaml": 1, "mapping.yaml": 3, "orders.yaml": 1}
    at = editor.at(ORDERS, "- rule: ord¦er\n")
    renamed = await client.text_document_rename_async(types.RenameParams(*at, "bought"))
    places = {one.text_document.uri.rpartition("/one/")[2] for one in renamed.document_changes}
    assert places == {ORDERS, TESTS}


@pytest.mark.asyncio
async def test_what_is_known_of_a_whole_file(client: LanguageClient, tmp_path: Path) -> None:
    editor = Editor(client, tmp_path)
    await editor.start(None)
    document, place = editor.at(ORDERS, "when: order.ki¦nd")
    symbols: Any = await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    assert [one.name for one in symbols] == ["base", "order", "refund", "other"]
    known: Any = await client.workspace_symbol_async(types.WorkspaceSymbolParams("refund"))
    assert len(known) == 4
    assert await client.text_document_folding_range_async(types.FoldingRangeParams(document))
    selected: Any = await client.text_document_selection_range_async(types.SelectionRangeParams(document, [place]))
    assert selected[0].parent.parent is not None
    tokens: Any = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
    assert len(tokens.data) > 100
    lenses: Any = await client.text_document_code_lens_async(types.CodeLensParams(document))
    assert "order.json does not reach it" in [one.command.title for one in lenses]
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    assert await client.text_document_formatting_async(types.DocumentFormattingParams(document, options))


@pytest.mark.asyncio
async def test_a_field_is_added_understood_and_tested(client: LanguageClient, tmp_path: Path) -> None:
    """The way of an author: a name is completed, the value that is missing is explained, and a test is written."""
    editor = Editor(client, tmp_path)
    (editor.roots[0] / "tests" / "inputs" / "order.json").write_text(
        '{"id": 1, "user": {"id": "u"}, "orders": [{"kind": "order", "id": "o1", "lines": [{"price": 2}]}]}'
    )
    await editor.start(None)
    path, known = editor.roots[0] / ORDERS, types.TextDocumentIdentifier((editor.roots[0] / ORDERS).as_uri())
    lines = FILES[ORDERS].split("\n")
    line = lines.index("    kind: code") + 1

    def type_(text: str) -> None:
        editor.change(path, "\n".join([*lines[:line], text, *lines[line:]]))

    async def said() -> str:
        for _ in range(int(PATIENCE / 0.1)):
            found: Any = await client.text_document_hover_async(types.HoverParams(known, types.Position(line, 6)))
            if found is not None and "order.json" in found.contents.value:
                return str(found.contents.value)
            await asyncio.sleep(0.1)
        raise AssertionError("the field has no explanation")

    type_("    number: order.")
    offered: Any = await client.text_document_completion_async(
        types.CompletionParams(known, types.Position(line, len("    number: order.")))
    )
    assert "id" in {one.label for one in offered.items}
    type_("    number: order.idd")
    assert await said() == "**number**\n\nNo value in `order.json`: order has no 'idd'; did you mean 'id'?"
    type_("    number: order.id")
    assert await said() == '**number**\n\nIn `order.json`: `"o1"`'

    applied: list[types.ApplyWorkspaceEditParams] = []

    @client.feature(types.WORKSPACE_APPLY_EDIT)
    def apply(asked: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        applied.append(asked)
        return types.ApplyWorkspaceEditResult(applied=True)

    main = str(editor.roots[0] / MAPPING)
    command = types.ExecuteCommandParams("moemap.makeGoldenTest", [main, "order"])
    await client.workspace_execute_command_async(command)
    for _ in range(int(PATIENCE / 0.1)):
        if applied:
            break
        await asyncio.sleep(0.1)
    changes: Any = applied[0].edit.document_changes
    assert any("number: o1" in edit.new_text for one in changes for edit in getattr(one, "edits", ()))
