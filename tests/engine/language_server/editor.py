"""An editor with which tests drive `moemap lsp`, over its pipes.

pytest-lsp does the same in tests/client; as a plugin it imports the types of the protocol, which takes a second, into
every run of any test, and brings pytest-asyncio with it.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PATIENCE = 30.0
"""The seconds after which an answer will not come."""
CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceFolders": True,
        "codeLens": {"refreshSupport": True},
        "inlayHint": {"refreshSupport": True},
    },
    "textDocument": {
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True, "codeDescriptionSupport": True},
        "hover": {"contentFormat": ["markdown"]},
        "rename": {"prepareSupport": True},
        "semanticTokens": {"requests": {"full": True}, "tokenTypes": [], "tokenModifiers": [], "formats": ["relative"]},
    },
    "window": {"showDocument": {"support": True}},
}


class AnswerError(Exception):
    """An error that the server answered."""


class Editor:
    """An editor with some folders. `notes` has the server's notifications by method."""

    def __init__(self, *folders: Path, encoding: str = "utf-16", process: int | None = None) -> None:
        command = [sys.executable, "-m", "moemap", "lsp"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folders[0]
        )
        self.notes: dict[str, list[Any]] = {}
        self.answers: dict[str, Any] = {
            "workspace/applyEdit": {"applied": True},
            "window/showDocument": {"success": True},
        }
        """The answers of the editor to questions of the server, by method."""
        self._buffer = b""
        self._number = 0
        self.opened: dict[Path, int] = {}
        self._answers: dict[int, Any] = {}
        capabilities = {**CAPABILITIES, "general": {"positionEncodings": [encoding]}}
        known = self.ask(
            "initialize",
            processId=process,
            rootUri=folders[0].as_uri(),
            capabilities=capabilities,
            workspaceFolders=[{"uri": one.as_uri(), "name": one.name} for one in folders],
        )
        self.capabilities: dict[str, Any] = known["capabilities"]
        self.tell("initialized")

    def close(self) -> int:
        """Shuts the server down as the protocol asks; returns its exit code."""
        self.ask("shutdown")
        self.tell("exit")
        return self.end()

    def end(self) -> int:
        """Waits for the end of the server; returns its exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
                pipe.close()

    def tell(self, method: str, **params: Any) -> None:
        """Sends a notification."""
        self._send({"method": method, "params": params})

    def begin(self, method: str, **params: Any) -> int:
        """Sends a request; returns its number."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        return self._number

    def answer(self, number: int) -> Any:
        """The answer to a request. Raises AnswerError."""
        while number not in self._answers:
            self._take()
        message = self._answers.pop(number)
        if "error" in message:
            raise AnswerError(message["error"]["message"])
        return message["result"]

    def ask(self, method: str, **params: Any) -> Any:
        """The answer to a request, which is sent first. Raises AnswerError."""
        return self.answer(self.begin(method, **params))

    # Files

    def open(self, path: Path, text: str | None = None) -> None:
        self.opened[path] = 1
        given = path.read_text("utf-8") if text is None else text
        known = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": given}
        self.tell("textDocument/didOpen", textDocument=known)

    def change(self, path: Path, text: str) -> None:
        self.opened[path] += 1
        known = {"uri": path.as_uri(), "version": self.opened[path]}
        self.tell("textDocument/didChange", textDocument=known, contentChanges=[{"text": text}])

    def shut(self, path: Path) -> None:
        del self.opened[path]
        self.tell("textDocument/didClose", textDocument={"uri": path.as_uri()})

    def at(self, method: str, path: Path, line: int, character: int, **params: Any) -> Any:
        """The answer to a request about a position of a file, counted as the protocol does."""
        position = {"line": line, "character": character}
        return self.ask(f"textDocument/{method}", textDocument={"uri": path.as_uri()}, position=position, **params)

    def about(self, method: str, path: Path, **params: Any) -> Any:
        """The answer to a request about a file."""
        return self.ask(f"textDocument/{method}", textDocument={"uri": path.as_uri()}, **params)

    def problems(self, path: Path) -> Any:
        """The problems that are published next for a file; of an open one, for its newest text."""
        uri = path.as_uri()
        published = self.notes.setdefault("textDocument/publishDiagnostics", [])
        while True:
            for number, one in enumerate(published):
                if one["uri"] == uri and one.get("version") == self.opened.get(path):
                    del published[: number + 1]
                    return one["diagnostics"]
            self._take()

    def wait_for(self, method: str) -> Any:
        """The next message of the server of this kind."""
        while not self.notes.get(method):
            self._take()
        return self.notes[method].pop(0)

    # Messages

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.process.stdin.flush()

    def _take(self) -> None:
        """Takes the next message of the server, and answers what it asks."""
        message = self._message()
        if "method" not in message:
            self._answers[message["id"]] = message
            return
        self.notes.setdefault(message["method"], []).append(message.get("params"))
        if "id" in message:
            self._send({"id": message["id"], "result": self.answers.get(message["method"])})

    def _message(self) -> Any:
        head = self._until(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
        while len(self._buffer) < length:
            self._read()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return json.loads(body)

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._read()
        head, _, self._buffer = self._buffer.partition(end)
        return head

    def _read(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        until = time.monotonic() + PATIENCE
        if not select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
            raise AssertionError("the server does not answer")
        piece = os.read(self.process.stdout.fileno(), 1 << 20)
        if not piece:
            raise AssertionError(f"the server has ended: {self.process.stderr.read().decode()}")
        self._buffer += piece


def codes(diagnostics: Iterable[Any]) -> list[str]:
    """The codes of published problems."""
    return [one["code"] for one in diagnostics]
