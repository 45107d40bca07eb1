"""Finds the places of parts of JSON Schemas in their files, for messages that point there.

Schemas are read without positions, which is fast. A file is read once more only for a Problem that points into it.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

from ..diagnostics.problem import Place
from ..source.contents import content
from ..source.homes import display_name
from ..source.text import BOM, Source
from ..values.pointers import Index, escape
from .schema import Schema

__all__ = ["Locator", "locate"]

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = JSONDecoder()


class Locator:
    """Finds places in schemas, and caches the files that it has read."""

    def __init__(self) -> None:
        self._indexes: dict[int, Index] = {}
        self._sources: dict[Path, Source | None] = {}

    def place(self, schema: Schema, part: Any, *steps: str | int) -> Place | None:
        """The place that the steps lead to from an object in the schema; None if the file does not have it."""
        for path, document in zip(schema.paths, schema.resources.values(), strict=True):
            index = self._indexes.setdefault(id(document), Index(document))
            pointer = index.find(part)
            if pointer is not None:
                return self.at(path, "".join([pointer, *(f"/{escape(str(step))}" for step in steps)]))
        return None

    def at(self, path: Path, pointer: str) -> Place | None:
        """The place that a pointer leads to in the file of a schema; None if the file does not have it."""
        if path not in self._sources:
            try:
                self._sources[path] = Source(display_name(path), content(path).decode(), path)
            except (OSError, UnicodeDecodeError):  # it was there when the schema was loaded
                self._sources[path] = None
        source = self._sources[path]
        if source is None:
            return None
        tokens = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        span = locate(source.text, tokens)
        return None if span is None else source.place(*span)


def locate(text: str, steps: list[str]) -> tuple[int, int] | None:
    """The span that the steps lead to in a JSON text; None if the text does not have it.

    For a member, it is the span of its name; for an element of a list, that of its value.
    """
    try:
        span = _span(text, _blank(text, len(BOM) if text.startswith(BOM) else 0))
        at = span[0]
        for step in steps:
            span, at = _member(text, at, step) if text[at] == "{" else _element(text, at, int(step))
    except (JSONDecodeError, LookupError, ValueError):
        return None
    return span


def _member(text: str, at: int, wanted: str) -> tuple[tuple[int, int], int]:
    """The span of a name in the object that starts at an offset, and the start of its value."""
    at = _blank(text, at + 1)
    while text[at] != "}":
        name, end = _DECODER.raw_decode(text, at)
        value = _blank(text, _blank(text, end) + 1)
        if name == wanted:
            return (at, end), value
        at = _next(text, value)
    raise LookupError(wanted)


def _element(text: str, at: int, wanted: int) -> tuple[tuple[int, int], int]:
    """The span of an element of the list that starts at an offset, and its start."""
    at = _blank(text, at + 1)
    for _ in range(wanted):
        at = _next(text, at)
    return _span(text, at), at


def _span(text: str, at: int) -> tuple[int, int]:
    return at, _DECODER.raw_decode(text, at)[1]


def _next(text: str, at: int) -> int:
    """The start of the entry after the value that starts at an offset, or of the closing bracket."""
    at = _blank(text, _span(text, at)[1])
    return _blank(text, at + 1) if text[at] == "," else at


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()
