"""Converts the answers of `editing` to the types of the protocol, for one editor: its units and its capabilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

from ..diagnostics.catalogue import Severity
from ..diagnostics.problem import Place, Problem
from ..editing.data import (
    Action,
    Completion,
    CompletionKind,
    Edit,
    Location,
    Position,
    Signature,
    Span,
    Symbol,
    SymbolKind,
    Token,
    TokenType,
)
from ..editing.state import EditingState
from ..source.homes import PAGES
from .positions import Positions

__all__ = ["LEGEND", "SOURCE", "Wording"]

SOURCE = "moemap"
"""The name under which an editor shows problems of this server."""

_SEVERITIES: dict[Severity, types.DiagnosticSeverity] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
}
_UNNECESSARY = frozenset({"M206", "M207", "M303", "M304"})
"""The codes of parts that could be removed; editors show them dimmed."""
_COMPLETIONS: dict[CompletionKind, types.CompletionItemKind] = {
    "key": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "member": types.CompletionItemKind.Field,
    "root": types.CompletionItemKind.Variable,
    "function": types.CompletionItemKind.Function,
    "target": types.CompletionItemKind.Field,
    "rule": types.CompletionItemKind.Reference,
    "table": types.CompletionItemKind.Struct,
    "setting": types.CompletionItemKind.Constant,
    "code": types.CompletionItemKind.Value,
}
_SYMBOLS: dict[SymbolKind, types.SymbolKind] = {
    "mapping": types.SymbolKind.Module,
    "rule": types.SymbolKind.Method,
    "route": types.SymbolKind.Interface,
    "output": types.SymbolKind.Class,
    "field": types.SymbolKind.Field,
    "let": types.SymbolKind.Variable,
    "table": types.SymbolKind.Struct,
    "setting": types.SymbolKind.Constant,
    "policy": types.SymbolKind.Object,
    "test": types.SymbolKind.Event,
}
_TOKENS: dict[TokenType, str] = {
    "root": types.SemanticTokenTypes.Namespace.value,
    "member": types.SemanticTokenTypes.Property.value,
    "variable": types.SemanticTokenTypes.Variable.value,
    "function": types.SemanticTokenTypes.Function.value,
    "operator": types.SemanticTokenTypes.Operator.value,
    "string": types.SemanticTokenTypes.String.value,
    "number": types.SemanticTokenTypes.Number.value,
    "keyword": types.SemanticTokenTypes.Keyword.value,
}
LEGEND = types.SemanticTokensLegend(list(_TOKENS.values()), [])
_TOKEN_NUMBERS = {name: number for number, name in enumerate(_TOKENS)}


class Wording:
    """Converts answers about some texts to the protocol's types. `uris` and `versions` are those of open files."""

    def __init__(
        self,
        state: EditingState,
        capabilities: types.ClientCapabilities,
        encoding: str,
        uris: Mapping[Path, str],
        versions: Mapping[Path, int],
    ) -> None:
        self.state = state
        self._capabilities = capabilities
        self._encoding = encoding
        self._uris = uris
        self._versions = versions
        self._positions: dict[Path, Positions] = {}

    # Places

    def positions(self, path: Path) -> Positions:
        """Converts the positions of a file."""
        if path not in self._positions:
            self._positions[path] = Positions(self.state.text(path) or "", self._encoding)
        return self._positions[path]

    def uri(self, path: Path) -> str:
        """The address of a file: the one by which the editor opened it, if it did."""
        return self._uris.get(path) or path.as_uri()

    def range(self, path: Path, span: Span) -> types.Range:
        """A part of a file."""
        return self.positions(path).range(span)

    def location(self, at: Location) -> types.Location:
        """A part of a file, with its address."""
        return types.Location(self.uri(at.path), self.range(at.path, at.span))

    # Problems

    def diagnostic(self, path: Path, problem: Problem) -> types.Diagnostic:
        """A problem of a file."""
        place = problem.place
        page = PAGES / f"{problem.code}.md"
        related = [
            types.DiagnosticRelatedInformation(
                self.location(Location(Path(one.place.file), _span(one.place))), one.text
            )
            for one in problem.related
            if Path(one.place.file).is_absolute()
        ]
        return types.Diagnostic(
            self.range(path, _span(place) if place is not None else _TOP),
            problem.message if problem.hint is None else f"{problem.message}\nhelp: {problem.hint}",
            severity=_SEVERITIES[problem.severity],
            code=problem.code,
            code_description=types.CodeDescription(page.as_uri()) if page.is_file() else None,
            source=SOURCE,
            tags=[types.DiagnosticTag.Unnecessary] if problem.code in _UNNECESSARY else None,
            related_information=related or None,
        )

    # Texts for people

    def markup(self, text: str) -> types.MarkupContent:
        """A text in Markdown, marked as plain text for editors without Markdown."""
        hover = self._capabilities.text_document and self._capabilities.text_document.hover
        is_rich = types.MarkupKind.Markdown in ((hover and hover.content_format) or ())
        return types.MarkupContent(types.MarkupKind.Markdown if is_rich else types.MarkupKind.PlainText, text)

    def completion(self, path: Path, one: Completion, number: int) -> types.CompletionItem:
        """A completion; `number` is its place among the others."""
        return types.CompletionItem(
            one.label,
            kind=_COMPLETIONS[one.kind],
            detail=one.detail or None,
            documentation=self.markup(one.documentation) if one.documentation else None,
            sort_text=f"{number:05}",
            # An editor filters by the text in the file, which includes an opening quote.
            filter_text=one.text if self._first(path, one.span) == one.text[:1] != one.label[:1] else None,
            text_edit=types.TextEdit(self.range(path, one.span), one.text),
        )

    def _first(self, path: Path, span: Span) -> str:
        """The first character of a part of a line; the empty text if the part is empty."""
        source = self.state.source(path)
        line = "" if source is None else source.line_text(span.start.line)
        return line[span.start.column - 1 : span.end.column - 1][:1]

    def signature(self, one: Signature) -> types.SignatureHelp:
        """The function whose arguments are written."""
        parts = [types.ParameterInformation(self._offsets(one.label, part)) for part in one.parameters]
        known = types.SignatureInformation(one.label, self.markup(one.documentation), parts, one.active)
        return types.SignatureHelp([known], 0, one.active)

    def _offsets(self, label: str, part: tuple[int, int]) -> tuple[int, int]:
        """Offsets in a label, which are always counted in UTF-16."""
        start, end = (Positions(label, "utf-16").position(Position(1, at + 1)).character for at in part)
        return start, end

    def symbol(self, path: Path, one: Symbol) -> types.DocumentSymbol:
        """A named part of a file, with the named parts inside of it."""
        return types.DocumentSymbol(
            one.name,
            _SYMBOLS[one.kind],
            self.range(path, one.span),
            self.range(path, one.selection),
            one.detail or None,
            children=[self.symbol(path, child) for child in one.children],
        )

    def found_symbol(self, path: Path, one: Symbol) -> types.WorkspaceSymbol:
        """A named part of some file."""
        return types.WorkspaceSymbol(
            self.location(Location(path, one.selection)),
            one.name,
            _SYMBOLS[one.kind],
            container_name=one.detail or None,
        )

    def tokens(self, path: Path, tokens: Iterable[Token]) -> types.SemanticTokens:
        """The tokens of a file in the protocol's encoding, relative to each other."""
        data: list[int] = []
        positions = self.positions(path)
        line = character = 0
        for one in sorted(tokens):
            at = positions.position(Position(one.line, one.column))
            length = positions.length(one.line, one.column, one.length)
            data += (at.line - line, at.character - (character if at.line == line else 0))
            data += (length, _TOKEN_NUMBERS[one.type], 0)
            line, character = at.line, at.character
        return types.SemanticTokens(data)

    # Changes

    def edit(self, edits: Iterable[Edit]) -> types.WorkspaceEdit | None:
        """Changes of files; None if the editor cannot make the new files among them."""
        of_files: dict[Path, list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]] = {}
        for one in edits:
            of_files.setdefault(one.path, []).append(types.TextEdit(self.range(one.path, one.span), one.text))
        able = self._capabilities.workspace and self._capabilities.workspace.workspace_edit
        new = [path for path in of_files if path not in self._uris and not path.exists()]
        if new and types.ResourceOperationKind.Create not in ((able and able.resource_operations) or ()):
            return None
        if not (able and able.document_changes):
            return types.WorkspaceEdit({self.uri(path): _plain(changes) for path, changes in of_files.items()})
        made: list[Any] = [types.CreateFile(self.uri(path)) for path in new]
        for path, changes in of_files.items():
            known = types.OptionalVersionedTextDocumentIdentifier(self.uri(path), self._versions.get(path))
            made.append(types.TextDocumentEdit(known, changes))
        return types.WorkspaceEdit(document_changes=made)

    def action(self, one: Action, given: Iterable[types.Diagnostic]) -> types.CodeAction | None:
        """A change that is offered; None if the editor cannot apply it."""
        edit = self.edit(one.edits)
        if edit is None:
            return None
        resolved = [each for each in given if each.source == SOURCE and each.code == one.code]
        return types.CodeAction(one.title, types.CodeActionKind(one.kind), resolved or None, edit=edit)


_TOP = Span(Position(1, 1), Position(1, 1))


def _span(place: Place) -> Span:
    return Span(Position(place.line, place.column), Position(place.end_line, place.end_column))


def _plain(edits: Iterable[Any]) -> list[types.TextEdit]:
    return [one for one in edits if isinstance(one, types.TextEdit)]
