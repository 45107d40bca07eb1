"""Messages between Studio and the process that evaluates: JSON preceded by its length, over pipes."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

__all__ = ["LENGTH", "MAX_FRAME", "frame", "length_of", "receive"]

LENGTH = 4
MAX_FRAME = 64_000_000
"""The maximum size of a message in bytes."""


def frame(message: Any) -> bytes:
    """The bytes of a message, whose strings may contain lone surrogates."""
    text = json.dumps(message, separators=(",", ":")).encode()
    if len(text) > MAX_FRAME:
        raise ValueError(f"a message has more than {MAX_FRAME:,} bytes")
    return struct.pack(">I", len(text)) + text


def length_of(head: bytes) -> int:
    """The number of bytes that follow the head of a message."""
    (length,) = struct.unpack(">I", head)
    if length > MAX_FRAME:
        raise ValueError(f"a message has more than {MAX_FRAME:,} bytes")
    return int(length)


def receive(stream: BinaryIO) -> Any:
    """The next message of a stream; None at its end."""
    head = stream.read(LENGTH)
    if len(head) < LENGTH:
        return None
    return json.loads(stream.read(length_of(head)))
