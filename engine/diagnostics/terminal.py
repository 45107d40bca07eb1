"""Text for terminals and logs: escaping, width and colours.

Names, payloads and rule files are untrusted: whatever is shown of them goes through `printable`.
"""

from __future__ import annotations

import json
import os
import unicodedata
from typing import Any

__all__ = ["cells", "is_lively", "printable", "printable_lines", "styled", "takes_color"]


def printable(raw: str) -> str:
    """Escapes, as JSON does, all characters that a terminal or log could obey or that are invisible.

    These are controls, line ends, bidirectional marks, unusual blanks and lone surrogates. Escaped JSON text remains
    the same JSON.
    """
    if raw.isprintable():
        return raw
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in raw)


def printable_lines(raw: str) -> str:
    """Like `printable` for a text of several lines, whose line ends are kept."""
    return "\n".join(map(printable, raw.split("\n")))


def cells(character: str) -> int:
    """The number of terminal cells that a printable character takes."""
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def styled(style: str, text: str, *, color: bool) -> str:
    """Wraps a text in an ANSI style, such as `1;31` for bold and red, if `color` is set."""
    return f"\x1b[{style}m{text}\x1b[0m" if color else text


def takes_color(stream: Any) -> bool:
    """Returns whether to write in colour: on a capable terminal. NO_COLOR forbids it, FORCE_COLOR requests it."""
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("FORCE_COLOR", "0") not in ("", "0") or is_lively(stream)


def is_lively(stream: Any) -> bool:
    """Returns whether the stream is a terminal on which lines can be overwritten."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
