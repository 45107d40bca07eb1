"""Positions as editors count them: lines from 0, columns from 0 in the units of the negotiated encoding."""

from __future__ import annotations

from collections.abc import Callable

from lsprotocol import types

from ..editing.data import Position, Span
from ..source.text import Source

__all__ = ["Positions"]

_UNITS: dict[str, Callable[[str], int]] = {
    types.PositionEncodingKind.Utf8.value: lambda text: len(text.encode("utf-8", "surrogatepass")),
    types.PositionEncodingKind.Utf16.value: lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    types.PositionEncodingKind.Utf32.value: len,
}
"""The number of units of a text, by encoding."""


class Positions:
    """Converts positions in one text to those of an editor and back.

    Columns after the end of a line stand for its end.
    """

    def __init__(self, text: str, encoding: str) -> None:
        self._source = Source("", text)
        self._units = _UNITS[encoding]

    def position(self, position: Position) -> types.Position:
        """A position as the editor counts it."""
        line, column = position
        text = self._line(line)
        character = column - 1 if text.isascii() else self._units(text[: column - 1])
        return types.Position(line - 1, min(character, len(text)) if text.isascii() else character)

    def range(self, span: Span) -> types.Range:
        """A part of the text as the editor counts it."""
        return types.Range(self.position(span.start), self.position(span.end))

    def length(self, line: int, column: int, length: int) -> int:
        """The units of some characters of a line."""
        return self._units(self._line(line)[column - 1 : column - 1 + length])

    def from_editor(self, position: types.Position) -> Position:
        """A position of the editor as one in characters."""
        line, units = position.line + 1, position.character
        text = self._line(line)
        if text.isascii():
            return Position(line, min(units, len(text)) + 1)
        for column, character in enumerate(text):
            units -= self._units(character)
            if units < 0:
                return Position(line, column + 1)
        return Position(line, len(text) + 1)

    def span(self, range: types.Range) -> Span:
        """A range of the editor as a part of the text in characters."""
        return Span(self.from_editor(range.start), self.from_editor(range.end))

    def _line(self, line: int) -> str:
        try:
            return self._source.line_text(line)
        except IndexError:  # an empty line after the last one, or an editor that counts another text
            return ""
