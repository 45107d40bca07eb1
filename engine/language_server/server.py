"""The server of the Language Server Protocol: the transport is pygls', the answers are those of `editing`."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import traceback
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from ..editing.state import EditingState
from ..editing.symbols import project_symbols
from .features import FEATURES, Feature
from .publishing import Publishing
from .thread import AnalysisThread
from .wording import SOURCE, Wording

__all__ = ["RuleServer", "serve"]

Answer = TypeVar("Answer")

PATIENCE = 5.0
"""The seconds between two looks at whether the editor's process still runs."""
_WATCHED = "**/*.{yaml,yml,json,toml}"
"""The files whose changes on the disk can change the problems of an open one."""


def serve(stdin: BinaryIO, stdout: BinaryIO) -> bool:
    """Serves an editor until it says that it ends, or its process does. Returns whether it took leave as it should."""
    logging.getLogger("pygls").addHandler(logging.NullHandler())
    logging.getLogger("pygls").propagate = False  # its records have the messages in them, and so values of samples
    server = RuleServer()
    server.start_io(stdin, stdout)
    server.analysis.end()
    return server.has_left


class RuleServer(LanguageServer):
    """The server: which files are open, and who is asked about them."""

    def __init__(self) -> None:
        super().__init__(SOURCE, version("moemap"), types.TextDocumentSyncKind.Full)
        self.analysis = AnalysisThread()
        self.publishing = Publishing(self._check_first, self._check, self._publish)
        self.uris: dict[Path, str] = {}
        self.versions: dict[Path, int] = {}
        self.has_left = False
        self._watching: asyncio.Task[None] | None = None
        for method, handler in (
            (types.INITIALIZE, self._on_initialize),
            (types.INITIALIZED, self._on_initialized),
            (types.SHUTDOWN, self._on_shutdown),
            (types.TEXT_DOCUMENT_DID_OPEN, self._on_open),
            (types.TEXT_DOCUMENT_DID_CHANGE, self._on_change),
            (types.TEXT_DOCUMENT_DID_CLOSE, self._on_close),
            (types.TEXT_DOCUMENT_DID_SAVE, self._on_files),
            (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, self._on_files),
            (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, self._on_folders),
            (types.WORKSPACE_SYMBOL, self._symbols),
        ):
            self.feature(method)(partial(handler))  # pygls marks what it is given, which methods do not allow
        for feature in FEATURES:
            self.feature(feature.method, feature.options)(self._handler(feature))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Logs where an error happened, for what pygls cannot handle itself."""
        if not isinstance(error, JsonRpcException):
            self.log("a message", error)

    def log(self, what: str, error: BaseException) -> None:
        """Logs an error of the server's own: its kind and its place in the code, but no text, which may hold values."""
        places = traceback.extract_tb(error.__traceback__)
        at = f" at {Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
        with suppress(OSError, ValueError):  # the editor has gone
            self.window_log_message(
                types.LogMessageParams(types.MessageType.Error, f"{what} failed: {type(error).__name__}{at}")
            )

    # Questions

    def _handler(self, feature: Feature) -> Callable[[Any], Coroutine[Any, Any, Any]]:
        async def handler(params: Any) -> Any:
            path = _path_of(params.text_document.uri)
            if path is None:
                return None
            return await self._answer(feature.method, lambda wording: feature.answer(wording, path, params), path)

        return handler

    async def _answer(self, what: str, work: Callable[[Wording], Answer], path: Path | None = None) -> Answer | None:
        """The answer to a question, about a file of rules or in general; None where there is none, or it failed."""

        def with_wording(state: EditingState) -> Answer | None:
            if path is not None and state.kind(path) is None:
                return None
            encoding = str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))
            return work(Wording(state, self.client_capabilities, encoding, self.uris, self.versions))

        try:
            return await self.analysis.ask(with_wording)
        except Exception as error:  # the server goes on, whatever is wrong with one answer
            self.log(what, error)
            return None

    async def _symbols(self, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol] | None:
        def work(wording: Wording) -> list[types.WorkspaceSymbol]:
            return [wording.found_symbol(path, one) for path, one in project_symbols(wording.state, params.query)]

        return await self._answer(types.WORKSPACE_SYMBOL, work)

    # Problems

    async def _check_first(self, path: Path) -> list[types.Diagnostic] | None:
        def work(wording: Wording) -> list[types.Diagnostic]:
            return [wording.diagnostic(path, problem) for problem in wording.state.first_problems(path)]

        return await self._answer("check", work, path)

    async def _check(self, path: Path) -> Mapping[Path, list[types.Diagnostic]] | None:
        def work(wording: Wording) -> Mapping[Path, list[types.Diagnostic]]:
            if wording.state.kind(path) is None:
                return {}
            return {
                file: [wording.diagnostic(file, problem) for problem in problems]
                for file, problems in wording.state.diagnostics(path).items()
            }

        return await self._answer("check", work)

    def _publish(self, path: Path, diagnostics: list[types.Diagnostic]) -> None:
        uri = self.uris.get(path) or path.as_uri()
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, diagnostics, self.versions.get(path))
        )

    # Files

    def _on_open(self, params: types.DidOpenTextDocumentParams) -> None:
        given = params.text_document
        if (path := _path_of(given.uri)) is not None:
            self.uris[path], self.versions[path] = given.uri, given.version
            self.analysis.change(path, given.text)
            self.publishing.now([path])

    def _on_change(self, params: types.DidChangeTextDocumentParams) -> None:
        path = _path_of(params.text_document.uri)
        if path in self.uris:
            self.versions[path] = params.text_document.version
            self.analysis.change(path, params.content_changes[-1].text)
            self.publishing.soon([path])

    def _on_close(self, params: types.DidCloseTextDocumentParams) -> None:
        path = _path_of(params.text_document.uri)
        if path in self.uris:
            del self.uris[path], self.versions[path]
            self.analysis.change(path, None)
            self.publishing.forget(path)
            self.publishing.now(self.uris)

    def _on_files(self, _params: Any) -> None:
        self.analysis.refresh()
        self.publishing.now(self.uris)

    def _on_folders(self, _params: types.DidChangeWorkspaceFoldersParams) -> None:
        self.analysis.look_at(self._folders())
        self.publishing.now(self.uris)

    def _folders(self) -> Iterable[Path]:
        uris = [*self.workspace.folders, *([] if self.workspace.folders else [self.workspace.root_uri])]
        return [path for uri in uris if uri is not None and (path := _path_of(uri)) is not None]

    # The session

    def _on_initialize(self, params: types.InitializeParams) -> None:
        self.analysis.look_at(self._folders())
        if params.process_id is not None and _runs(params.process_id):
            self._watching = asyncio.ensure_future(_watch(params.process_id))

    async def _on_initialized(self, _params: types.InitializedParams) -> None:
        """Asks to be told of changes on the disk, where the editor lets itself be asked."""
        files = self.client_capabilities.workspace and self.client_capabilities.workspace.did_change_watched_files
        if files and files.dynamic_registration:
            watched = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_WATCHED)])
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            with suppress(JsonRpcException):  # it is told of saved files in any case
                await self.client_register_capability_async(
                    types.RegistrationParams([types.Registration(method, method, watched)])
                )

    def _on_shutdown(self, _params: Any) -> None:
        self.has_left = True


def _path_of(uri: str) -> Path | None:
    """The path of a file of this machine; None for other documents, such as those that were never saved."""
    text = to_fs_path(uri)
    return Path(os.path.abspath(text)) if text else None


def _runs(process: int) -> bool:
    """Returns whether there is a process with this number. Where that cannot be told, there is none."""
    if os.name != "posix":  # there, its pipes end with it
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return process > 0


async def _watch(process: int) -> None:
    """Ends this process after that of the editor, if another one keeps its pipes open."""
    while _runs(process):
        await asyncio.sleep(PATIENCE)
    sys.stderr.flush()
    os._exit(1)
