"""gzip and Zstandard, found out by their first bytes when reading, by the name of the file when writing.

Both are read in bounded steps, so that a small file that unpacks to a very large one costs time but no memory, and
written as one member (frame) for each piece, so that a file can be cut after any piece and continued.
"""

from __future__ import annotations

import os
import select
import stat
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, BinaryIO

__all__ = ["CHUNK", "PAUSE", "compressor", "decompressed", "plain_name"]

CHUNK = 1 << 16
PAUSE = b""
"""Stands among the chunks of a pipe where nothing more has come for a while: what is there is to be worked on."""
PAUSE_SECONDS = 0.02
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW = 1 << 27
_STEP = 512
"""How much is unpacked at once: Zstandard packs up to 128 KiB into 4 bytes."""


def plain_name(name: str) -> str:
    """The name of a file without the ending that says how it is compressed."""
    return name.removesuffix(".gz").removesuffix(".zst")


def compressor(name: str) -> Callable[[bytes], bytes]:
    """What compresses a piece for a file of this name; nothing where the name does not say so."""
    if name.endswith(".gz"):
        import gzip

        return lambda piece: gzip.compress(piece, mtime=0)
    if name.endswith(".zst"):
        import zstandard

        return zstandard.ZstdCompressor(write_content_size=True).compress
    return bytes


def decompressed(stream: BinaryIO, flaws: list[str]) -> Iterator[bytes]:
    """The chunks of a stream, decompressed where they are gzip or Zstandard; pauses of a pipe among them.

    Why it ends too early goes to `flaws`.
    """
    chunks = _chunks(stream)
    first = b""
    while len(first) < len(_ZSTD) and (_GZIP.startswith(first) or _ZSTD.startswith(first)):
        more = next(chunks, None)
        if more is None:
            break
        first += more
    chunks = chain((first,), chunks)
    if first.startswith(_GZIP):
        return _unpacked(chunks, lambda: zlib.decompressobj(_GZIP_WINDOW), zlib.error, flaws)
    if first.startswith(_ZSTD):
        import zstandard

        unpack = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        return _unpacked(chunks, unpack.decompressobj, zstandard.ZstdError, flaws)
    return chunks


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """What is there, at most CHUNK bytes at once; a PAUSE where it takes time until more comes."""
    read = getattr(stream, "read1", stream.read)
    pipe = _pipe(stream)
    while chunk := read(CHUNK):
        yield chunk
        if pipe is not None and not _comes_soon(pipe):
            yield PAUSE


def _pipe(stream: BinaryIO) -> int | None:
    """The descriptor of a stream whose end may be written later: of a pipe, a socket, a terminal; else None."""
    try:
        descriptor = stream.fileno()
        return None if stat.S_ISREG(os.fstat(descriptor).st_mode) else descriptor
    except (OSError, ValueError):  # it is no stream of the system
        return None


def _comes_soon(pipe: int) -> bool:
    """Whether more (or the end) is there within a moment; where the system cannot tell, it is taken not to be."""
    try:
        return bool(select.select([pipe], [], [], PAUSE_SECONDS)[0])
    except (OSError, ValueError):
        return False


def _unpacked(
    chunks: Iterator[bytes], new: Callable[[], Any], error: type[Exception], flaws: list[str]
) -> Iterator[bytes]:
    """One member after the other, in steps that are small enough for whatever they unpack to."""
    unpack = new()
    for chunk in chunks:
        if chunk == PAUSE:
            yield PAUSE
        for start in range(0, len(chunk), _STEP):
            rest = chunk[start : start + _STEP]
            while rest:
                if unpack.eof:
                    unpack = new()
                try:
                    plain = unpack.decompress(rest)
                except error:
                    flaws.append("the compressed data is damaged")
                    return
                if plain:
                    yield plain
                rest = unpack.unused_data if unpack.eof else b""
    if not unpack.eof:
        flaws.append("the compressed data breaks off")
