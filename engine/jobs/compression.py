"""gzip and Zstandard, detected by the first bytes when reading, by the name of the file when writing.

Both are read in bounded steps, so that a small file that unpacks to a very large one needs time but no memory. Each
piece is written as a member (frame) of its own, so that a file can be cut after any piece and continued.
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
"""A chunk that stands for a pause of a pipe, so that the data received so far is processed."""
PAUSE_SECONDS = 0.02
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW = 1 << 27
_STEP = 512
"""The number of bytes unpacked at once: Zstandard packs up to 128 KiB into 4 bytes."""


def plain_name(name: str) -> str:
    """The name of a file without the suffix of its compression."""
    return name.removesuffix(".gz").removesuffix(".zst")


def compressor(name: str) -> Callable[[bytes], bytes]:
    """The function that compresses a piece for a file of this name; the identity for other suffixes."""
    if name.endswith(".gz"):
        import gzip

        return lambda piece: gzip.compress(piece, mtime=0)
    if name.endswith(".zst"):
        import zstandard

        return zstandard.ZstdCompressor(write_content_size=True).compress
    return bytes


def decompressed(stream: BinaryIO, flaws: list[str]) -> Iterator[bytes]:
    """The chunks of a stream, decompressed if they are gzip or Zstandard, with the pauses of a pipe.

    If it ends too early, the reason is added to `flaws`.
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
    """The available data, at most CHUNK bytes at once; a PAUSE where more is not available yet."""
    read = getattr(stream, "read1", stream.read)
    pipe = _pipe(stream)
    while chunk := read(CHUNK):
        yield chunk
        if pipe is not None and not _comes_soon(pipe):
            yield PAUSE


def _pipe(stream: BinaryIO) -> int | None:
    """The descriptor of a pipe, socket or terminal, whose data may arrive slowly; else None."""
    try:
        descriptor = stream.fileno()
        return None if stat.S_ISREG(os.fstat(descriptor).st_mode) else descriptor
    except (OSError, ValueError):  # not a stream of the operating system
        return None


def _comes_soon(pipe: int) -> bool:
    """Returns whether more data, or the end, arrives within a moment; False if the system cannot tell."""
    try:
        return bool(select.select([pipe], [], [], PAUSE_SECONDS)[0])
    except (OSError, ValueError):
        return False


def _unpacked(
    chunks: Iterator[bytes], new: Callable[[], Any], error: type[Exception], flaws: list[str]
) -> Iterator[bytes]:
    """Unpacks one member after the other, in steps that bound the memory needed for what they unpack to."""
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
