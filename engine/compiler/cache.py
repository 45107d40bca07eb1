"""Keeps compiled mappings between runs, so that the command starts fast for one payload.

An entry is used only if compiling now would give the same: it records its origin (each file it was made from, and each
path without a file), the state of the engine and the version of Python. It is code, so it is refused if anyone else
could have written it. An unusable cache is no error: the mapping is compiled.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import orjson

from ..source.contents import whole
from ..source.homes import ENGINE
from ..source.project import Project

__all__ = ["CacheEntry", "Provenance", "folder", "key_of", "load", "origin_of", "store"]

MAX_ENTRIES = 64
MAX_ENTRY_BYTES = 50_000_000
_MAGIC = b"moemap compiled mapping 2\n"
_DIGEST_SIZE = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Provenance:
    """The files that a mapping was made from.

    These are its files by path, each with its real path and the digest of its content; the paths at which there was no
    file; and the projects (their roots) of the folders in which files were named.
    """

    files: Mapping[str, tuple[str, str]]
    missing: tuple[str, ...]
    projects: Mapping[str, str]

    def holds(self) -> bool:
        """Returns whether the same files would be read now."""
        return (
            not any(map(os.path.isfile, self.missing))
            and all(_project(folder) == root for folder, root in self.projects.items())
            and all((os.path.realpath(path), digest_of(path)) == tuple(read) for path, read in self.files.items())
        )


def origin_of(files: Iterable[tuple[Path, str]], missing: Iterable[Path], folders: Iterable[Path]) -> Provenance:
    """The origin of a mapping made from files with these digests, named in these folders."""
    return Provenance(
        {str(path): (os.path.realpath(path), digest) for path, digest in files},
        tuple(map(str, missing)),
        {str(folder): _project(str(folder)) for folder in folders},
    )


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A compiled mapping. `about` is JSON; `code` is None if Python cannot compile the source."""

    origin: Provenance
    about: dict[str, Any]
    code: CodeType | None


def _project(folder: str) -> str:
    return str(Project.around(Path(folder)).root or "")


def folder() -> Path | None:
    """The cache folder: `moemap` in `XDG_CACHE_HOME` or `~/.cache`; None without a home folder."""
    places = (os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache"))
    base = next(filter(os.path.isabs, places), None)
    return Path(base, "moemap") if base is not None else None


def key_of(*parts: Any) -> str:
    """The name of the entry for a request (values with a stable repr), with this engine on this Python."""
    known = [sys.version, sys.implementation.cache_tag, _engine(), *parts]
    return hashlib.sha256(repr(known).encode()).hexdigest()


def digest_of(path: str) -> str | None:
    """The digest of a file; None if it cannot be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe may block forever
            return None
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def load(key: str) -> CacheEntry | None:
    """The entry of this key, if it is complete, written by this user alone, and still of the current files."""
    cache = folder()
    if cache is None or not _is_ours(cache, stat.S_IFDIR) or not _is_ours(path := cache / key, stat.S_IFREG):
        return None
    try:
        content = whole(path, MAX_ENTRY_BYTES)
    except (OSError, ValueError):
        return None
    head, digest, rest = (
        content[: len(_MAGIC)],
        content[len(_MAGIC) :][:_DIGEST_SIZE],
        content[len(_MAGIC) + _DIGEST_SIZE :],
    )
    if head != _MAGIC or _digest(key, rest) != digest:
        return None
    try:
        entry = _read(rest)
    except (ValueError, LookupError, TypeError, EOFError):  # complete, but written by something else
        return None
    if not entry.origin.holds():
        return None
    with suppress(OSError):
        os.utime(path)  # what is used is kept longest
    return entry


def _read(content: bytes) -> CacheEntry:
    text, _, code = content.partition(b"\n")
    about = orjson.loads(text)
    files = {str(path): (str(real), str(digest)) for path, (real, digest) in about["files"].items()}
    origin = Provenance(files, tuple(map(str, about["missing"])), dict(about["projects"]))
    made = marshal.loads(code)  # noqa: S302 - only what is ours gets here
    if made is not None and not isinstance(made, CodeType):
        raise TypeError("not code")
    return CacheEntry(origin, dict(about["about"]), made)


def _digest(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\n" + content).digest()


def store(key: str, entry: CacheEntry) -> None:
    """Writes the entry, atomically. An unusable folder is ignored."""
    import tempfile

    cache = folder()
    if cache is None:
        return
    origin = entry.origin
    head = {"files": origin.files, "missing": origin.missing, "projects": origin.projects, "about": entry.about}
    try:
        rest = orjson.dumps(head) + b"\n" + marshal.dumps(entry.code)
    except TypeError:  # a path that is not UTF-8
        return
    if len(_MAGIC) + _DIGEST_SIZE + len(rest) > MAX_ENTRY_BYTES:
        return
    with suppress(OSError):
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(cache, stat.S_IFDIR):
            return
        descriptor, name = tempfile.mkstemp(dir=cache, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_MAGIC + _digest(key, rest) + rest)
            os.replace(name, cache / key)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _prune(cache)


def _is_ours(path: Path, kind: int) -> bool:
    """Returns whether a path is of this kind, and surely belongs to this user and is writable by nobody else."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    getuid = getattr(os, "getuid", None)
    if getuid is None or status.st_uid != getuid() or status.st_mode & 0o022:
        return False
    return stat.S_IFMT(status.st_mode) == kind


def _engine() -> list[tuple[str, int, int]]:
    """Identifies the state of the engine's code."""
    found = []
    for folder, _, names in os.walk(ENGINE):
        for name in names:
            if name.endswith(".py"):
                status = os.stat(path := os.path.join(folder, name))
                found.append((path, status.st_size, status.st_mtime_ns))
    return sorted(found)


def _prune(cache: Path) -> None:
    """Removes the entries that were not used for the longest time, if there are many."""
    with os.scandir(cache) as entries:
        files = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
    files.sort(key=lambda entry: entry.stat(follow_symlinks=False).st_mtime_ns, reverse=True)
    for entry in files[MAX_ENTRIES:]:
        Path(entry.path).unlink(missing_ok=True)
