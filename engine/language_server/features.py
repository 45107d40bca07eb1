"""The answers of the server to each kind of request about a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types

from ..editing.actions import actions
from ..editing.completion import completions
from ..editing.data import Edit, Location, Position, Span
from ..editing.files import formatted_source
from ..editing.hover import hover
from ..editing.inlays import inlays
from ..editing.lenses import lenses
from ..editing.navigation import definition, prepare_rename, references, rename
from ..editing.signatures import signature
from ..editing.symbols import document_symbols, folds, selections
from ..editing.tokens import tokens
from ..values.ends import common_ends
from .commands import OF_LENSES
from .wording import LEGEND, Wording

__all__ = ["FEATURES", "Feature"]


@dataclass(frozen=True, slots=True)
class Feature:
    """A kind of request: its method, the function that answers it for a file, and the options of the server."""

    method: str
    answer: Callable[[Wording, Path, Any], Any]
    options: Any = None
    is_slow: bool = False


FEATURES: list[Feature] = []
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
"""The lines of a text with their ends, split as editors do."""


def _answers(
    method: str, options: Any = None, *, is_slow: bool = False
) -> Callable[[Callable[[Wording, Path, Any], Any]], Any]:
    def declare(answer: Callable[[Wording, Path, Any], Any]) -> Any:
        FEATURES.append(Feature(method, answer, options, is_slow))
        return answer

    return declare


@_answers(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=list(". [{('\":@")))
def _completion(wording: Wording, path: Path, asked: types.CompletionParams) -> types.CompletionList:
    at = wording.positions(path).from_editor(asked.position)
    found = completions(wording.state, path, at)
    return types.CompletionList(False, [wording.completion(path, one, number) for number, one in enumerate(found)])


@_answers(types.TEXT_DOCUMENT_HOVER)
def _hover(wording: Wording, path: Path, asked: types.HoverParams) -> types.Hover | None:
    found = hover(wording.state, path, wording.positions(path).from_editor(asked.position))
    return None if found is None else types.Hover(wording.markup(found.text), wording.range(path, found.span))


@_answers(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(["(", ","]))
def _signature(wording: Wording, path: Path, asked: types.SignatureHelpParams) -> types.SignatureHelp | None:
    found = signature(wording.state, path, wording.positions(path).from_editor(asked.position))
    return None if found is None else wording.signature(found)


@_answers(types.TEXT_DOCUMENT_INLAY_HINT)
def _inlays(wording: Wording, path: Path, asked: types.InlayHintParams) -> list[types.InlayHint]:
    positions = wording.positions(path)
    return [
        types.InlayHint(
            positions.position(one.position),
            one.text,
            tooltip=wording.markup(one.tooltip) if one.tooltip else None,
            padding_left=True,
        )
        for one in inlays(wording.state, path, (asked.range.start.line + 1, asked.range.end.line + 1))
    ]


@_answers(types.TEXT_DOCUMENT_CODE_LENS)
def _lenses(wording: Wording, path: Path, _asked: types.CodeLensParams) -> list[types.CodeLens]:
    found = []
    for one in lenses(wording.state, path):
        place, arguments = wording.range(path, one.span), list(one.arguments)
        named = types.Command(one.title, OF_LENSES.get(one.command, one.command), arguments=arguments)
        found.append(types.CodeLens(place, named))
        if one.command == "show_uncovered":
            suggest = types.Command("Suggest a test", "moemap.suggestTest", arguments=arguments)
            found.append(types.CodeLens(place, suggest))
    main = next(iter(wording.state.mains(path)), None)
    if found and main is not None:
        chosen = wording.state.chosen(main)
        title = "Sample: for each rule, one that it takes" if chosen is None else f"Sample: {chosen.name}"
        top = types.Range(types.Position(0, 0), types.Position(0, 0))
        found.insert(0, types.CodeLens(top, types.Command(title, "moemap.chooseSample", arguments=[str(main)])))
    return found


@_answers(types.TEXT_DOCUMENT_DEFINITION)
def _definition(wording: Wording, path: Path, asked: types.DefinitionParams) -> list[types.Location]:
    return _locations(wording, definition(wording.state, path, wording.positions(path).from_editor(asked.position)))


@_answers(types.TEXT_DOCUMENT_REFERENCES)
def _references(wording: Wording, path: Path, asked: types.ReferenceParams) -> list[types.Location]:
    at = wording.positions(path).from_editor(asked.position)
    found = references(wording.state, path, at, declaration=asked.context.include_declaration)
    return _locations(wording, found)


def _locations(wording: Wording, found: Sequence[Location]) -> list[types.Location]:
    return [wording.location(one) for one in found]


@_answers(types.TEXT_DOCUMENT_PREPARE_RENAME)
def _prepare_rename(wording: Wording, path: Path, asked: types.PrepareRenameParams) -> types.Range:
    at = wording.positions(path).from_editor(asked.position)
    return wording.range(path, prepare_rename(wording.state, path, at))


@_answers(types.TEXT_DOCUMENT_RENAME)
def _rename(wording: Wording, path: Path, asked: types.RenameParams) -> types.WorkspaceEdit | None:
    at = wording.positions(path).from_editor(asked.position)
    return wording.edit(rename(wording.state, path, at, asked.new_name))


@_answers(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def _symbols(wording: Wording, path: Path, _asked: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    return [wording.symbol(path, one) for one in document_symbols(wording.state, path)]


@_answers(types.TEXT_DOCUMENT_FOLDING_RANGE)
def _folds(wording: Wording, path: Path, _asked: types.FoldingRangeParams) -> list[types.FoldingRange]:
    return [
        types.FoldingRange(
            one.start_line - 1, one.end_line - 1, kind=types.FoldingRangeKind.Comment if one.is_comment else None
        )
        for one in folds(wording.state, path)
    ]


@_answers(types.TEXT_DOCUMENT_SELECTION_RANGE)
def _selections(wording: Wording, path: Path, asked: types.SelectionRangeParams) -> list[types.SelectionRange]:
    positions = wording.positions(path)
    found = []
    for position in asked.positions:
        outer = None
        spans = selections(wording.state, path, positions.from_editor(position))
        for span in sorted(spans, key=lambda one: (one.start, (-one.end.line, -one.end.column))):
            outer = types.SelectionRange(positions.range(span), outer)
        found.append(outer or types.SelectionRange(types.Range(position, position)))
    return found


@_answers(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
def _tokens(wording: Wording, path: Path, _asked: types.SemanticTokensParams) -> types.SemanticTokens:
    return wording.tokens(path, tokens(wording.state, path))


@_answers(types.TEXT_DOCUMENT_FORMATTING)
def _formatting(wording: Wording, path: Path, _asked: types.DocumentFormattingParams) -> list[types.TextEdit]:
    source = wording.state.source(path)
    text = None if source is None else formatted_source(source)[0]
    if source is None or text is None:
        return []
    return [types.TextEdit(wording.range(path, one.span), one.text) for one in _difference(path, source.text, text)]


def _difference(path: Path, old: str, new: str) -> list[Edit]:
    """The change from one text to another, without the lines that are equal at the start and at the end."""
    before, after = _LINES.findall(old), _LINES.findall(new)
    start, end = common_ends(before, after)
    if start == len(before) == len(after):
        return []
    span = Span(Position(start + 1, 1), Position(len(before) - end + 1, 1))
    return [Edit(path, span, "".join(after[start : len(after) - end]))]


@_answers(
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.CodeActionOptions(
        [types.CodeActionKind.QuickFix, types.CodeActionKind.Refactor, types.CodeActionKind.Source]
    ),
    is_slow=True,
)
def _actions(wording: Wording, path: Path, asked: types.CodeActionParams) -> list[types.CodeAction]:
    wanted = asked.context.only
    return [
        made
        for one in actions(wording.state, path, wording.positions(path).span(asked.range))
        if wanted is None or any(one.kind == kind or one.kind.startswith(f"{kind}.") for kind in wanted)
        if (made := wording.action(one, asked.context.diagnostics)) is not None
    ]
