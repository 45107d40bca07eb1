"""The files that Studio reads and writes: those of a project that belong to mappings, and no others."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..jobs.files import written_whole
from ..source.homes import MAPPINGS
from ..source.text import BOM

__all__ = ["MAX_TEXT_BYTES", "ConflictError", "OpenFile", "ProjectFiles", "RefusedError"]

MAX_TEXT_BYTES = 1_000_000
"""The maximum size in bytes of a file that can be edited, as for rule files."""
INSTALLED = "installed:"
_MAX_NAME = 1_000
_ENDINGS = (".yaml", ".yml", ".json")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_WRONG = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')


class RefusedError(ValueError):
    """A file that may not be read or written; the text says why."""


class ConflictError(ValueError):
    """A file to be replaced has changed on disk; `there` is the one on disk, None if there is none."""

    def __init__(self, there: OpenFile | None) -> None:
        super().__init__("the file changed on disk")
        self.there = there


@dataclass(frozen=True, slots=True)
class OpenFile:
    """The text of a file as an editor has it: with LF as the line end, and without a byte order mark."""

    path: Path
    text: str
    hash: str
    newline: str = "\n"
    mark: str = ""

    @classmethod
    def of(cls, path: Path, raw: bytes) -> OpenFile:
        """The file with this content. Raises RefusedError if it is not text in UTF-8."""
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise RefusedError(f"{path.name} is not UTF-8: {error.reason} at byte {error.start}") from None
        mark = BOM if text.startswith(BOM) else ""
        newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
        plain = text.removeprefix(mark).replace("\r\n", "\n").replace("\r", "\n")
        return cls(path, plain, digest(raw), newline, mark)

    def content(self, text: str) -> bytes:
        """The bytes of the file with another text, with the file's line ends and byte order mark."""
        return (self.mark + text.replace("\n", self.newline)).encode()


def digest(raw: bytes) -> str:
    """A hash that identifies the content of a file."""
    return sha256(raw).hexdigest()


class ProjectFiles:
    """The files of the project in a folder. `kinds` has the kind of each file that belongs to a mapping, by name."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self.kinds: Mapping[str, str] = {}

    def name(self, path: Path) -> str:
        """The name of a file for the page: relative to the project, or to the installed mappings."""
        real = Path(os.path.abspath(path))
        if real.is_relative_to(self.root):
            return real.relative_to(self.root).as_posix()
        return INSTALLED + (real.relative_to(MAPPINGS).as_posix() if real.is_relative_to(MAPPINGS) else real.name)

    def locate(self, name: Any) -> Path:
        """The path of a file by its name, which need not exist. Raises RefusedError if it is not one of the project."""
        path = self.inside(name)
        if name in self.kinds or self._may_be_new(name):
            return path
        raise RefusedError(f"{name} is not a file of a mapping, a test, a schema or a sample of the project")

    def inside(self, name: Any) -> Path:
        """The path in the project for a name of any file. Raises RefusedError for other names."""
        if not isinstance(name, str) or not name or len(name) > _MAX_NAME:
            raise RefusedError("the name of a file is a text of at most 1000 characters")
        parts = name.split("/")
        if _WRONG.search(name) or any(part in ("", ".", "..") or part != part.rstrip(" .") for part in parts):
            raise RefusedError(f"{name!a} is no plain path in the project")
        if any(_DEVICES.fullmatch(part) for part in parts):
            raise RefusedError(f"{name} is the name of a device on Windows")
        if any(part.startswith(".") for part in parts):
            raise RefusedError(f"{name} is hidden: a name in its path begins with a dot")
        if not name.endswith(_ENDINGS):
            raise RefusedError(f"{name} is neither YAML nor JSON")
        path = self.root / name
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError):
            raise RefusedError(f"{name!a} cannot be the name of a file") from None
        if not real.is_relative_to(self.root):
            raise RefusedError(f"{name} is a link that leads out of the project")
        if any(part.startswith(".") for part in real.relative_to(self.root).parts):
            raise RefusedError(f"{name} is a link to a hidden file")
        return path

    def _may_be_new(self, name: str) -> bool:
        """Returns whether a new file may have this name: beside others of its kind, or tests in the folder `tests`."""
        if os.path.lexists(self.root / name):
            return False
        folder, _, _ = name.rpartition("/")
        is_json = name.endswith(".json")
        beside = {one.rpartition("/")[0] for one in self.kinds if one.endswith(".json") is is_json}
        tests = {f"{one}/tests".lstrip("/") for one in beside} if not is_json else set()
        return folder in beside | tests

    def read(self, name: Any, most: int = MAX_TEXT_BYTES) -> OpenFile:
        """The text of a file. Raises RefusedError."""
        path = self.locate(name)
        raw = self.raw(path, most)
        if raw is None:
            raise RefusedError(f"{name} does not exist")
        return OpenFile.of(path, raw)

    def raw(self, path: Path, most: int) -> bytes | None:
        """The content of a file; None if it does not exist. Raises RefusedError."""
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(os.path.realpath(path), flags)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RefusedError(f"{path.name} cannot be read: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise RefusedError(f"{path.name} is not a file")
        with os.fdopen(descriptor, "rb") as file:
            raw = file.read(most + 1)
        if len(raw) > most:
            raise RefusedError(f"{path.name} has more than {most:,} bytes")
        return raw

    def save(self, name: Any, text: str, known: str | None) -> OpenFile:
        """Writes a whole file, if the one on disk has the hash `known` (None: if there is none).

        Raises RefusedError, and ConflictError if the file on disk is another one.
        """
        path = self.locate(name)
        raw = self.raw(path, MAX_TEXT_BYTES)
        there = None if raw is None else OpenFile.of(path, raw)
        if (None if there is None else there.hash) != known:
            raise ConflictError(there)
        content = (there or OpenFile(path, "", "")).content(text)
        if len(content) > MAX_TEXT_BYTES:
            raise RefusedError(f"{name} would have more than {MAX_TEXT_BYTES:,} bytes")
        try:
            if path.parent.name == "tests":
                path.parent.mkdir(exist_ok=True)
            with written_whole(path) as file:
                file.write(content)
        except OSError as error:
            raise RefusedError(f"{name} cannot be written: {error.strerror}") from None
        return OpenFile.of(path, content)

    def state(self, path: Path) -> tuple[int, int] | None:
        """The time and size of a file, by which changes are noticed; None if it does not exist."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
