"""The server of the Language Server Protocol: the transport is that of pygls, the answers are those of `editing`."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import traceback
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from ..editing.data import Edit
from ..editing.navigation import RenameError
from ..editing.state import EditingState
from ..editing.symbols import project_symbols
from ..source.project import Project
from .commands import Commands
from .features import FEATURES, Feature
from .measuring import Measuring
from .protocol import AnsweringProtocol
from .publishing import PAUSE, Publishing
from .thread import AnalysisThread
from .wording import SOURCE, Wording

__all__ = ["RuleServer", "serve"]

Answer = TypeVar("Answer")

_BY_SIGNAL = 128
"""A shell adds this to the number of the signal that ended a process."""
PATIENCE = 5.0
"""The seconds between two looks at whether the editor's process still runs."""
_WATCHED = "**/*.{yaml,yml,json,toml}"
"""The files whose changes on the disk can change the problems of an open one."""


def serve(stdin: BinaryIO, stdout: BinaryIO) -> bool:
    """Serves an editor until it exits. Returns whether it shut the server down before, as the protocol requires."""
    logging.getLogger("pygls").addHandler(logging.NullHandler())
    logging.getLogger("pygls").propagate = False  # its records have the messages in them, and so values of samples
    gc.set_threshold(50_000, 20, 50)  # the heap is large and lives long: collecting it often makes an answer wait
    server = RuleServer()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: server.go(_BY_SIGNAL + number))
    server.start_io(stdin, stdout)
    server.commands.end()
    for thread in server.threads:
        thread.end()
    return server.has_left


class RuleServer(LanguageServer):
    """The server: the open files of an editor, and the threads that answer requests about them."""

    def __init__(self) -> None:
        super().__init__(SOURCE, version("moemap"), types.TextDocumentSyncKind.Full, protocol_cls=AnsweringProtocol)
        self.analysis = AnalysisThread()
        self.trials = AnalysisThread()
        """A second thread for slow requests, such as changes that are tried before they are offered."""
        self.threads = (self.analysis, self.trials)
        self.publishing = Publishing(self._check_first, self._check, self._publish)
        self.commands = Commands(self)
        self.measuring = Measuring(self.ask, self.refresh)
        self.uris: dict[Path, str] = {}
        self.versions: dict[Path, int] = {}
        self.projects: dict[Path, None] = {}
        """The projects of files that were opened outside of the editor's folders, in order."""
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

        for name, command in self.commands.by_name().items():
            self.command(name)(_marked(command))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Logs where an error happened, for what pygls cannot handle itself."""
        if not isinstance(error, JsonRpcException):
            self.log("a message", error)

    def log(self, what: str, error: BaseException) -> None:
        """Logs an internal error: its class and its place in the code, but not its text, which may contain values."""
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
            thread = self.trials if feature.is_slow else self.analysis
            answer = await self._answer(
                feature.method, lambda wording: feature.answer(wording, path, params), path, thread
            )
            if feature.method == types.TEXT_DOCUMENT_CODE_LENS and answer:
                self.measuring.soon(path)
            return answer

        return handler

    async def _answer(
        self,
        what: str,
        work: Callable[[Wording], Answer],
        path: Path | None = None,
        thread: AnalysisThread | None = None,
    ) -> Answer | None:
        """The answer to a request about a rule file or in general; None if there is none or it failed."""

        def with_wording(state: EditingState) -> Answer | None:
            if path is not None and state.kind(path) is None:
                return None
            encoding = str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))
            return work(Wording(state, self.client_capabilities, encoding, self.uris, self.versions))

        try:
            return await (thread or self.analysis).ask(with_wording)
        except RenameError as refusal:
            raise JsonRpcException(str(refusal), types.LSPErrorCodes.RequestFailed.value) from None
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

    # The interface for commands

    async def ask(self, what: str, work: Callable[[EditingState], Answer], *, is_slow: bool = False) -> Answer | None:
        """The result of `work` with the state; None if it failed."""
        return await self._answer(
            what, lambda wording: work(wording.state), thread=self.trials if is_slow else self.analysis
        )

    def tell(self, message: str) -> None:
        """Shows a message."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))

    async def choose(self, message: str, choices: list[str]) -> str | None:
        """Lets the user choose a text; returns it, or None."""
        actions = [types.MessageActionItem(one) for one in choices]
        asked = types.ShowMessageRequestParams(types.MessageType.Info, message, actions)
        chosen = await self.window_show_message_request_async(asked)
        return None if chosen is None else chosen.title

    def show(self, path: Path) -> bool:
        """Shows a file; returns False if the editor cannot."""
        window = self.client_capabilities.window
        if not (window and window.show_document and window.show_document.support):
            return False
        self.window_show_document(types.ShowDocumentParams(path.as_uri(), take_focus=True))
        return True

    async def apply(self, title: str, edits: tuple[Edit, ...]) -> bool:
        """Applies edits; returns False if the editor refuses."""
        edit = await self._answer("a change", lambda wording: wording.edit(edits))
        if edit is None:
            return False
        return (await self.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, title))).applied

    def refresh(self) -> None:
        """Lets the editor request everything again that depends on the sample."""
        workspace = self.client_capabilities.workspace
        if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
        if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    # Files

    def _on_open(self, params: types.DidOpenTextDocumentParams) -> None:
        given = params.text_document
        if (path := _path_of(given.uri)) is not None:
            self.uris[path], self.versions[path] = given.uri, given.version
            project = Project.around(path.parent).root
            if project is not None and not any(path.is_relative_to(folder) for folder in self._folders()):
                self.projects[project] = None
                self._all(AnalysisThread.look_at, self._folders())
            self._all(AnalysisThread.change, path, given.text)
            self.publishing.now([path])

    def _on_change(self, params: types.DidChangeTextDocumentParams) -> None:
        path = _path_of(params.text_document.uri)
        if path in self.uris:
            self.versions[path] = params.text_document.version
            self._all(AnalysisThread.change, path, params.content_changes[-1].text)
            self.measuring.stop()
            self.publishing.soon([path])

    def _on_close(self, params: types.DidCloseTextDocumentParams) -> None:
        path = _path_of(params.text_document.uri)
        if path in self.uris:
            del self.uris[path], self.versions[path]
            self._all(AnalysisThread.change, path, None)
            self.publishing.forget(path)
            self.publishing.now(self.uris)

    def _on_files(self, _params: Any) -> None:
        self._all(AnalysisThread.refresh)
        self.publishing.now(self.uris, PAUSE)  # files change many at a time

    def _on_folders(self, _params: types.DidChangeWorkspaceFoldersParams) -> None:
        self._all(AnalysisThread.look_at, self._folders())
        self.publishing.now(self.uris)

    def _all(self, tell: Callable[..., None], *given: Any) -> None:
        """Calls a method with the same arguments for all threads."""
        for thread in self.threads:
            tell(thread, *given)

    def _folders(self) -> list[Path]:
        """The folders of the editor, and the projects of files outside of them."""
        uris = [*self.workspace.folders, *([] if self.workspace.folders else [self.workspace.root_uri])]
        folders = [path for uri in uris if uri is not None and (path := _path_of(uri)) is not None]
        return list(dict.fromkeys([*folders, *self.projects]))

    # The session

    def _on_initialize(self, params: types.InitializeParams) -> None:
        self._all(AnalysisThread.look_at, self._folders())
        if params.process_id is not None and _runs(params.process_id):
            self._watching = asyncio.ensure_future(self._watch(params.process_id))

    async def _watch(self, process: int) -> None:
        """Ends this process after that of the editor, if another one keeps its pipes open."""
        while _runs(process):
            await asyncio.sleep(PATIENCE)
        self.go(1)

    def go(self, code: int) -> None:
        """Ends this process at once, although a thread still waits for messages of the editor."""
        self.commands.end()
        os._exit(code)

    async def _on_initialized(self, _params: types.InitializedParams) -> None:
        """Registers for changes of files on the disk, if the editor supports that."""
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


def _marked(command: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a command for pygls, so that it takes any arguments of an editor."""

    async def run(*arguments: Any) -> Any:
        return await command(*arguments)

    return run


def _path_of(uri: str) -> Path | None:
    """The path of a file of this machine; None for other documents, such as those that were never saved."""
    text = to_fs_path(uri)
    return Path(os.path.abspath(text)) if text else None


def _runs(process: int) -> bool:
    """Returns whether there is a process with this number; False if that is unknown."""
    if os.name != "posix":  # there, its pipes end with it
        return False
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return process > 0
