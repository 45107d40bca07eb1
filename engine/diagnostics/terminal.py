"""Text for terminals and logs: what may be printed as it is, how wide it is, and in which colours.

Names, payloads and rule files come from others. Whatever is shown of them goes through `printable`.
"""

from __future__ import annotations

import json
import os
import unicodedata
from typing import Any

__all__ = ["cells", "is_lively", "printable", "printable_lines", "styled", "takes_color"]


def printable(raw: str) -> str:
    """The text with all that a terminal or a log could obey (controls, line ends, bidirectional marks, odd blanks, lone
    surrogates) as the escapes of JSON. Printable JSON text is still the same JSON."""
    if raw.isprintable():
        return raw
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in raw)


def printable_lines(raw: str) -> str:
    """The same for a text of several lines, whose line ends stay."""
    return "\n".join(map(printable, raw.split("\n")))


def cells(character: str) -> int:
    """How many cells of a terminal a printable character takes."""
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def styled(style: str, text: str, *, color: bool) -> str:
    """The text in a style, such as `1;31` for bold and red."""
    return f"\x1b[{style}m{text}\x1b[0m" if color else text


def takes_color(stream: Any) -> bool:
    """Whether to write in colour: on a terminal that knows colours. NO_COLOR forbids it, FORCE_COLOR asks for it."""
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("FORCE_COLOR", "0") not in ("", "0") or is_lively(stream)


def is_lively(stream: Any) -> bool:
    """Whether somebody watches: a terminal on which lines can be written over."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
