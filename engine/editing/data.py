"""The data about rule files for editors and Studio: places, texts and edits, without types of a protocol.

Lines and columns count from 1, in characters, as those of a Place; ends are exclusive. Paths are absolute. Texts for
people are Markdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

__all__ = [
    "Action",
    "Completion",
    "CompletionKind",
    "Edit",
    "Fold",
    "Hover",
    "Inlay",
    "Lens",
    "Location",
    "Position",
    "Sample",
    "Signature",
    "Span",
    "Symbol",
    "SymbolKind",
    "Token",
    "TokenType",
]

CompletionKind = Literal["key", "value", "member", "root", "function", "target", "rule", "table", "setting", "code"]
SymbolKind = Literal["mapping", "rule", "route", "output", "field", "let", "table", "setting", "policy", "test"]
TokenType = Literal["root", "member", "variable", "function", "operator", "string", "number", "keyword"]


class Position(NamedTuple):
    """A position between two characters of a text."""

    line: int
    column: int


class Span(NamedTuple):
    """A part of a text."""

    start: Position
    end: Position


class Location(NamedTuple):
    """A part of a file."""

    path: Path
    span: Span


@dataclass(frozen=True, slots=True)
class Sample:
    """An input to try rules on: its name, its file if any, and the settings of its test.

    `size` is the number of bytes of its text.
    """

    name: str
    path: Path | None
    batch: Any = field(compare=False, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Edit:
    """A part of a file to be replaced by a text. For a file that does not exist, the span is empty, at 1:1."""

    path: Path
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A text that can be written at a position, replacing `span`.

    `text` is inserted. `detail` has a few words, such as a type. Completions are sorted by `rank`, the lowest first.
    """

    label: str
    kind: CompletionKind
    span: Span
    text: str
    detail: str = ""
    documentation: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Hover:
    """The text that is shown for a part of a text under the pointer."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Signature:
    """The function whose arguments are being written.

    `parameters` are the parts of `label` (start and end offsets) that name them, `active` is the number of the one
    that the cursor is at.
    """

    label: str
    documentation: str
    parameters: tuple[tuple[int, int], ...]
    active: int


@dataclass(frozen=True, slots=True)
class Inlay:
    """A short text that is shown at a position of a line, but is not a part of it."""

    position: Position
    text: str
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Lens:
    """A line of text above a part of a file, and the command that it runs when it is chosen."""

    span: Span
    title: str
    command: str = ""
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Symbol:
    """A part of a file that has a name. `span` is the whole part, `selection` its name in it."""

    name: str
    kind: SymbolKind
    detail: str
    span: Span
    selection: Span
    children: tuple[Symbol, ...] = ()


class Fold(NamedTuple):
    """Lines that can be folded into the first of them; the end is inclusive."""

    start_line: int
    end_line: int
    is_comment: bool = False


class Token(NamedTuple):
    """A part of an expression or template, on one line, for colouring."""

    line: int
    column: int
    length: int
    type: TokenType


@dataclass(frozen=True, slots=True)
class Action:
    """A change that is offered. `code` is that of the Problem it resolves, if it resolves one."""

    title: str
    kind: Literal["quickfix", "refactor", "source"]
    edits: tuple[Edit, ...]
    code: str = ""
