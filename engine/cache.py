"""Compiled mappings kept between runs, so that the command starts quickly for one payload.

An entry is used only where it says what would be made now: it names every file that it was made from with its digest,
the version of the engine, and that of Python. It is code, so it is refused where anyone else could have written it.
A cache that cannot be used is no error: the mapping is compiled.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import orjson

__all__ = ["Entry", "folder", "key_of", "load", "store"]

MAX_ENTRIES = 64
_MAGIC = b"moemap compiled mapping 1\n"
_DIGEST_SIZE = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Entry:
    """A compiled mapping. `files` has the digest of every file by its path; `about` is JSON; `code` None stands for
    code that Python cannot have."""

    files: Mapping[str, str]
    about: dict[str, Any]
    code: CodeType | None


def folder() -> Path | None:
    """The cache folder: `moemap` in `XDG_CACHE_HOME`, or in `~/.cache`; None where there is no home."""
    places = (os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache"))
    base = next(filter(os.path.isabs, places), None)
    return Path(base, "moemap") if base is not None else None


def key_of(*parts: Any) -> str:
    """The name of the entry for what is asked (JSON values), with this engine on this Python."""
    try:
        here = os.getcwd()
    except FileNotFoundError:  # it was removed
        here = ""
    known = [sys.version, sys.implementation.cache_tag, _engine(), here, *parts]
    return hashlib.sha256(orjson.dumps(known, option=orjson.OPT_SORT_KEYS)).hexdigest()


def digest_of(path: str) -> str | None:
    """The digest of a file; None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None


def load(key: str) -> Entry | None:
    """The entry, if there is one that is whole, nobody else's, and of the files as they are now."""
    cache = folder()
    if cache is None or not _is_ours(cache) or not _is_ours(path := cache / key):
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    head, digest, rest = (
        content[: len(_MAGIC)],
        content[len(_MAGIC) :][:_DIGEST_SIZE],
        content[len(_MAGIC) + _DIGEST_SIZE :],
    )
    if head != _MAGIC or hashlib.sha256(rest).digest() != digest:
        return None
    text, _, code = rest.partition(b"\n")
    entry = orjson.loads(text)
    if any(digest_of(path) != digest for path, digest in entry["files"].items()):
        return None
    return Entry(entry["files"], entry["about"], marshal.loads(code))  # noqa: S302 - only what is ours gets here


def store(key: str, entry: Entry) -> None:
    """Writes the entry, whole or not at all. A folder that cannot be used is left alone."""
    import tempfile

    cache = folder()
    if cache is None:
        return
    text = orjson.dumps({"files": entry.files, "about": entry.about})
    rest = text + b"\n" + marshal.dumps(entry.code)
    with suppress(OSError):
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(cache):
            return
        descriptor, name = tempfile.mkstemp(dir=cache, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(rest).digest() + rest)
            os.replace(name, cache / key)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _prune(cache)


def _is_ours(path: Path) -> bool:
    """Whether the path belongs to this user, and nobody else can write to it. Nothing does where that is not known."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    getuid = getattr(os, "getuid", None)
    return getuid is not None and status.st_uid == getuid() and not status.st_mode & 0o022


def _engine() -> list[tuple[str, int, int]]:
    """What tells one state of the engine's code from another."""
    here = os.path.dirname(__file__)
    found = []
    for place in (here, os.path.join(here, "compiler")):
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    found.append((entry.name, status.st_size, status.st_mtime_ns))
    return sorted(found)


def _prune(cache: Path) -> None:
    """Removes the oldest entries of many."""
    entries = sorted(cache.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in entries[MAX_ENTRIES:]:
        path.unlink(missing_ok=True)
