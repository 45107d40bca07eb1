"""Answers about a place in a rule file, by the functions of `editing`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..editing.actions import actions
from ..editing.completion import completions
from ..editing.data import Action, Position, Sample, Span
from ..editing.files import formatted_source
from ..editing.hover import hover
from ..editing.inlays import inlays
from ..editing.lenses import lenses
from ..editing.navigation import RenameError, definition, references, rename
from ..editing.samples import give, samples
from ..editing.signatures import signature
from ..editing.state import EditingState
from ..editing.symbols import document_symbols, folds
from ..editing.tokens import tokens
from .answers import Json, PageAnswers
from .files import RefusedError
from .results import AskError, StudioResults
from .samples import SampleError, StudioSample

__all__ = ["Language", "position_of"]

_MOST = 1_000
"""The maximum number of completions in an answer, of which the best are kept."""


class Language:
    """Answers about the files of a project."""

    def __init__(self, results: StudioResults, state: EditingState) -> None:
        self.results = results
        self.files = results.project.files
        self.state = state
        self._answers = PageAnswers(self.files.name, {})
        self._methods: dict[str, Callable[[Path, Mapping[str, Any]], Json]] = {
            "completions": lambda path, params: {"items": completions(state, path, position_of(params))[:_MOST]},
            "hover": lambda path, params: {"hover": hover(state, path, position_of(params))},
            "signature": lambda path, params: {"signature": signature(state, path, position_of(params))},
            "actions": lambda path, params: {"actions": self._own(actions(state, path, _span(params)))},
            "lenses": lambda path, _: {"lenses": lenses(state, path)},
            "definition": lambda path, params: {"locations": definition(state, path, position_of(params))},
            "references": lambda path, params: {"locations": references(state, path, position_of(params))},
            "rename": self._renamed,
            "tokens": lambda path, _: {"tokens": tokens(state, path)},
            "symbols": lambda path, _: {"symbols": document_symbols(state, path)},
            "folds": lambda path, _: {"folds": folds(state, path)},
            "inlays": lambda path, params: {
                "inlays": inlays(state, path, (_number(params, "from_line"), _number(params, "to_line")))
            },
            "format": lambda path, _: {"text": self._formatted(path)},
        }

    def answer(self, method: str, params: Mapping[str, Any], selected: Json) -> Any:
        """The answer to a request. Raises AskError."""
        made = self._methods.get(method.removeprefix("language."))
        if made is None:
            raise AskError("wrong", f"there is no method {method!a}")
        path = self.path(params)
        self._choose(selected)
        return self._answers.data(made(path, params))

    def path(self, params: Mapping[str, Any]) -> Path:
        """The file that a request is about. Raises AskError."""
        try:
            return self.files.locate(params.get("path"))
        except RefusedError as error:
            raise AskError("refused", str(error)) from None

    def _choose(self, selected: Json) -> None:
        """Chooses the first selected sample as the one whose values are shown."""
        name, chosen = selected.get("mapping"), selected.get("samples")
        if name is None or not chosen:
            return
        main = self.files.root / name
        shown = next((one for one in samples(self.state, main) if self._is(one, chosen[0])), None)
        if shown is None and (other := self.results.project.samples.get(chosen[0])) is not None:
            with suppress(SampleError):
                shown = self.give(other)
        self.state.choose(main, shown)

    def give(self, sample: StudioSample) -> Sample:
        """Adds a sample that `editing` does not find itself. Raises SampleError."""
        found = Sample(sample.name, sample.path, self.results.value(sample), size=sample.size)
        give(self.state, found)
        return found

    def _is(self, sample: Sample, chosen: str) -> bool:
        """Returns whether a sample is the one that Studio calls by an id."""
        if sample.path is None:
            return chosen == f"pasted:{sample.name}"
        file, _, test = chosen.partition("::")
        name, _, index = file.partition("#")
        return sample.path == self.files.root / name and (
            sample.name.endswith(f" [{int(index) + 1}]") if index.isdigit() else sample.name.endswith(test)
        )

    def _renamed(self, path: Path, params: Mapping[str, Any]) -> Json:
        """The edits that rename a name of the rules, if all are in the project."""
        name = params.get("new_name")
        if not isinstance(name, str):
            raise AskError("wrong", "'new_name' is a text")
        try:
            edits = rename(self.state, path, position_of(params), name)
        except RenameError as error:
            raise AskError("refused", str(error)) from None
        if not all(self._is_own(edit.path) for edit in edits):
            raise AskError("refused", "it is used in files that are not of the project")
        return {"edits": edits}

    def _own(self, found: Iterable[Action]) -> list[Action]:
        """The actions that only change files of the project."""
        return [one for one in found if all(self._is_own(edit.path) for edit in one.edits)]

    def _is_own(self, path: Path) -> bool:
        try:
            self.files.locate(self.files.name(path))
        except RefusedError:
            return False
        return True

    def _formatted(self, path: Path) -> str:
        source = self.state.source(path)
        text, problems = (None, ()) if source is None else formatted_source(source)
        if text is None:
            raise AskError("unavailable", problems[0].message if problems else "the file cannot be read")
        return text


def position_of(params: Mapping[str, Any]) -> Position:
    """The position that a request is about. Raises AskError."""
    return Position(_number(params, "line"), _number(params, "column"))


def _span(params: Mapping[str, Any]) -> Span:
    start = position_of(params)
    end = Position(_number(params, "end_line"), _number(params, "end_column")) if "end_line" in params else start
    return Span(start, max(start, end))


def _number(params: Mapping[str, Any], name: str) -> int:
    number = params.get(name)
    if type(number) is not int or number < 1:
        raise AskError("wrong", f"{name!r} is a number from 1")
    return number
