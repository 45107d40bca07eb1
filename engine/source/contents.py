"""The contents of files: those on the disk, or the unsaved texts of an editor in their stead."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Stamp", "content", "is_unsaved", "note", "size", "stamp", "unsaved", "used", "whole"]

Stamp = bytes | tuple[int, int, int] | None
"""Identifies one content of a file: an unsaved text, or the time, size and inode of the file on the disk."""


@dataclass(slots=True)
class _Unsaved:
    """Texts by the real paths of their files; `reals` caches the real paths."""

    texts: Mapping[str, bytes]
    reals: dict[str, str] = field(default_factory=dict)

    def text(self, path: str | Path) -> bytes | None:
        name = str(path)
        real = self.reals.get(name)
        if real is None:
            real = self.reals[name] = os.path.realpath(name)
        return self.texts.get(real)


_UNSAVED: ContextVar[_Unsaved | None] = ContextVar("unsaved", default=None)
_USED: ContextVar[dict[str, Stamp] | None] = ContextVar("used", default=None)


@contextmanager
def unsaved(texts: Mapping[Path, str] | None) -> Iterator[None]:
    """Replaces the contents of files by texts within the context, whether the files exist or not."""
    own = {os.path.realpath(path): text.encode("utf-8", "surrogatepass") for path, text in (texts or {}).items()}
    outer = _UNSAVED.get()
    token = _UNSAVED.set(_Unsaved({**(outer.texts if outer is not None else {}), **own}) if own else outer)
    try:
        yield
    finally:
        _UNSAVED.reset(token)


@contextmanager
def used() -> Iterator[dict[str, Stamp]]:
    """Collects the files that are read or looked for within the context, each with its stamp at that time."""
    outer, own = _USED.get(), dict[str, Stamp]()
    token = _USED.set(own)
    try:
        yield own
    finally:
        _USED.reset(token)
        if outer is not None:
            outer.update(own)


def content(path: Path, limit: int = -1) -> bytes:
    """The content of a file, at most `limit` bytes. Raises OSError, and ValueError for an impossible path."""
    note(path)
    text = _text(path)
    if text is not None:
        return text if limit < 0 else text[:limit]
    with path.open("rb") as file:
        return file.read(limit)


def whole(path: Path, most: int) -> bytes:
    """The content of a file that has at most so many bytes. Raises OSError, and ValueError with the reason."""
    raw = content(path, most + 1)
    if len(raw) > most:
        raise ValueError(f"has more than {most} bytes")
    return raw


def size(path: Path) -> int:
    """The number of bytes of a file. Raises OSError."""
    text = _text(path)
    return path.stat().st_size if text is None else len(text)


def is_unsaved(path: Path) -> bool:
    """Returns whether the content of a file is an unsaved text."""
    return _text(path) is not None


def stamp(path: str | Path) -> Stamp:
    """The present stamp of a file; None if there is no such file."""
    text = _text(path)
    if text is not None:
        return text
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def note(path: Path) -> None:
    """Adds a file to those that `used` collects."""
    found = _USED.get()
    if found is not None and (name := os.path.abspath(path)) not in found:
        found[name] = stamp(name)


def _text(path: str | Path) -> bytes | None:
    texts = _UNSAVED.get()
    return None if texts is None else texts.text(path)
