"""Finds the places of parts of JSON Schemas in their files, for messages that point there.

Schemas are read without positions, which is fast. A file is read once more only for a Problem that points into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
        self._sources: dict[Path, tuple[Source, _Spans] | None] = {}

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
                source = Source(display_name(path), content(path).decode(), path)
                self._sources[path] = source, _Spans(source.text)
            except (OSError, UnicodeDecodeError):  # it was there when the schema was loaded
                self._sources[path] = None
        if (known := self._sources[path]) is None:
            return None
        source, spans = known
        span = spans.find([step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]])
        return None if span is None else source.place(*span)


def locate(text: str, steps: list[str]) -> tuple[int, int] | None:
    """The span that the steps lead to in a JSON text; None if the text does not have it.

    For a member, it is the span of its name; for an element of a list, that of its value.
    """
    return _Spans(text).find(steps)


class _Spans:
    """The spans in a JSON text. What is in an object or a list is read once, however often it is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._start = _blank(text, len(BOM) if text.startswith(BOM) else 0)
        self._known: dict[int, dict[str, tuple[tuple[int, int], int]]] = {}

    def find(self, steps: list[str]) -> tuple[int, int] | None:
        try:
            if not steps:
                return _span(self._text, self._start)
            at = self._start
            for step in steps:
                if at not in self._known:
                    read = _members if self._text[at] == "{" else _elements
                    self._known[at] = dict(reversed([*read(self._text, at)]))  # of equal names, the first counts
                span, at = self._known[at][step]
        except (JSONDecodeError, LookupError):
            return None
        return span


def _members(text: str, at: int) -> Iterator[tuple[str, tuple[tuple[int, int], int]]]:
    """The names in the object that starts at an offset, each with its span and the start of its value."""
    at = _blank(text, at + 1)
    while text[at] != "}":
        name, end = _DECODER.raw_decode(text, at)
        value = _blank(text, _blank(text, end) + 1)
        yield name, ((at, end), value)
        at = _next(text, value)


def _elements(text: str, at: int) -> Iterator[tuple[str, tuple[tuple[int, int], int]]]:
    """The numbers of the elements of the list that starts at an offset, each with its span and its start."""
    number, at = 0, _blank(text, at + 1)
    while text[at] != "]":
        yield str(number), (_span(text, at), at)
        number, at = number + 1, _next(text, at)


def _span(text: str, at: int) -> tuple[int, int]:
    return at, _DECODER.raw_decode(text, at)[1]


def _next(text: str, at: int) -> int:
    """The start of the entry after the value that starts at an offset, or of the closing bracket."""
    at = _blank(text, _span(text, at)[1])
    return _blank(text, at + 1) if text[at] == "," else at


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()
