"""Where the parts of JSON Schemas stand in their files, for messages that point there.

Schemas are read without positions, which is fast. Only a finding that rests on a schema reads the file once more.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

from ..diagnostics.problem import Place
from ..source.homes import display_name
from ..source.text import Source
from ..values.pointers import Index
from .schema import Schema

__all__ = ["Locator", "locate"]

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = JSONDecoder()


class Locator:
    """Finds places in schemas, and keeps what it has read."""

    def __init__(self) -> None:
        self._files: dict[Path, tuple[Index, Source | None]] = {}

    def place(self, schema: Schema, part: Any, *steps: str | int) -> Place | None:
        """The place of what the steps lead to from an object in the schema; None where the file does not have it."""
        for path, document in zip(schema.paths, schema.resources.values(), strict=True):
            index, source = self._file(path, document)
            pointer = index.find(part)
            if pointer is not None and source is not None:
                tokens = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
                span = locate(source.text, [*tokens, *map(str, steps)])
                return None if span is None else source.place(*span)
        return None

    def _file(self, path: Path, document: Any) -> tuple[Index, Source | None]:
        if path not in self._files:
            try:
                source = Source(display_name(path), path.read_text("utf-8"), path)
            except (OSError, UnicodeDecodeError):  # it was there when the schema was loaded
                source = None
            self._files[path] = Index(document), source
        return self._files[path]


def locate(text: str, steps: list[str]) -> tuple[int, int] | None:
    """Where in a JSON text the steps lead, from its top: for a member the span of its name, for an element of a list
    that of its value. None where the text does not have it."""
    try:
        span = _span(text, _blank(text, 0))
        at = span[0]
        for step in steps:
            span, at = _member(text, at, step) if text[at] == "{" else _element(text, at, int(step))
    except (JSONDecodeError, LookupError, ValueError):
        return None
    return span


def _member(text: str, at: int, wanted: str) -> tuple[tuple[int, int], int]:
    """The span of a name in the object that starts here, and where its value starts."""
    at = _blank(text, at + 1)
    while text[at] != "}":
        name, end = _DECODER.raw_decode(text, at)
        value = _blank(text, _blank(text, end) + 1)
        if name == wanted:
            return (at, end), value
        at = _next(text, value)
    raise LookupError(wanted)


def _element(text: str, at: int, wanted: int) -> tuple[tuple[int, int], int]:
    """The span of an element of the list that starts here, and its start."""
    at = _blank(text, at + 1)
    for _ in range(wanted):
        at = _next(text, at)
    return _span(text, at), at


def _span(text: str, at: int) -> tuple[int, int]:
    return at, _DECODER.raw_decode(text, at)[1]


def _next(text: str, at: int) -> int:
    """Where the entry after the value that starts here begins, or the bracket that closes."""
    at = _blank(text, _span(text, at)[1])
    return _blank(text, at + 1) if text[at] == "," else at


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()
