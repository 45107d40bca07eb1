"""The answers of the server to each kind of question about a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types

from ..editing.data import Edit, Position, Span
from ..editing.files import formatted_source
from .wording import Wording

__all__ = ["FEATURES", "Feature"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A kind of question: its method, the function that answers it about a file, and what the server says it can do."""

    method: str
    answer: Callable[[Wording, Path, Any], Any]
    options: Any = None


FEATURES: list[Feature] = []
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
"""The lines of a text with their ends, split as editors do."""


def _answers(method: str, options: Any = None) -> Callable[[Callable[[Wording, Path, Any], Any]], Any]:
    def declare(answer: Callable[[Wording, Path, Any], Any]) -> Any:
        FEATURES.append(Feature(method, answer, options))
        return answer

    return declare


@_answers(types.TEXT_DOCUMENT_FORMATTING)
def _formatting(wording: Wording, path: Path, _asked: types.DocumentFormattingParams) -> list[types.TextEdit]:
    source = wording.state.source(path)
    text = None if source is None else formatted_source(source)[0]
    if source is None or text is None:
        return []
    return [types.TextEdit(wording.range(path, one.span), one.text) for one in _difference(path, source.text, text)]


def _difference(path: Path, old: str, new: str) -> list[Edit]:
    """The change from one text to another: the lines between those at the start and the end that are the same."""
    before, after = _LINES.findall(old), _LINES.findall(new)
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    ends = 0
    while ends < min(len(before), len(after)) - same and before[-1 - ends] == after[-1 - ends]:
        ends += 1
    if same == len(before) == len(after):
        return []
    span = Span(Position(same + 1, 1), Position(len(before) - ends + 1, 1))
    return [Edit(path, span, "".join(after[same : len(after) - ends]))]
