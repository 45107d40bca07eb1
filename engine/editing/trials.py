"""Tries of changes before they are offered: they must resolve their problem, and cause no new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from ..diagnostics.problem import Problem
from ..golden.rewrite import Rewrite
from ..source.text import Source
from .cursor import offset_of, span_of
from .data import Edit
from .state import EditingState

__all__ = ["Trials", "edit_of_rewrite", "with_line_ends"]


@contextmanager
def _tried(state: EditingState, changes: Iterable[Edit]) -> Iterator[None]:
    """Applies changes to the state within the context."""
    by_path: dict[Path, list[Edit]] = {}
    for edit in changes:
        by_path.setdefault(edit.path, []).append(edit)
    before = {path: state.text(path) if path in state.opened else None for path in by_path}
    try:
        for path, own in by_path.items():
            state.open(path, _changed(state.source(path) or Source(str(path), "", path), own))
        yield
    finally:
        for path, text in before.items():
            if text is None:
                state.close(path)
            else:
                state.open(path, text)


def _changed(source: Source, changes: Sequence[Edit]) -> str:
    text = source.text
    for edit in sorted(changes, key=lambda one: one.span, reverse=True):
        start, end = offset_of(source, edit.span.start), offset_of(source, edit.span.end)
        text = text[:start] + edit.text + text[end:]
    return text


_KNOWN: WeakKeyDictionary[EditingState, dict[Hashable, bool]] = WeakKeyDictionary()
"""The results of the last trials, since an editor repeats its requests while nothing changes."""
_MOST_KNOWN = 256


class Trials:
    """Tries changes of one file; `before` are the problems of it and of all files that depend on it."""

    def __init__(self, state: EditingState, path: Path) -> None:
        self.state = state
        self.path = path
        self.before = problems_of(state, path)

    def holds(self, changes: Sequence[Edit], gone: Sequence[Problem] = ()) -> bool:
        """Returns whether changes resolve these problems, and cause no others anywhere.

        If one of them is an error, warnings that it hid may appear.
        """
        known = _KNOWN.setdefault(self.state, {})
        texts = hash(tuple((path, self.state.text(path)) for path in self.state.opened))
        key = texts, tuple(changes), tuple(map(_words, gone))
        if key not in known:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            known[key] = self._tried(changes, gone)
        return known[key]

    def _tried(self, changes: Sequence[Edit], gone: Sequence[Problem]) -> bool:
        with _tried(self.state, changes):
            found = problems_of(self.state, self.path)
        after = Counter(map(_words, found))
        left = Counter(map(_words, self.before)) - Counter(map(_words, gone))
        hidden = any(one.severity == "error" for one in gone)
        caused = {_words(one) for one in found if one.severity == "error" or not hidden}
        is_new = any(words in caused for words in after - left)
        return not is_new and not any(after[_words(one)] > left[_words(one)] for one in gone)


def problems_of(state: EditingState, path: Path) -> list[Problem]:
    """The problems of a file, and of all files that depend on it."""
    return [one for problems in state.diagnostics(path).values() for one in problems]


def _words(problem: Problem) -> tuple[str, str, str]:
    return problem.place.file if problem.place is not None else "", problem.code, problem.message


def edit_of_rewrite(path: Path, source: Source, rewrite: Rewrite) -> Edit:
    """A rewrite of the text of a file as an edit."""
    return Edit(path, span_of(source, rewrite.start, rewrite.end), with_line_ends(rewrite.text, source))


def with_line_ends(text: str, source: Source) -> str:
    """A text with the line ends of a file."""
    return text.replace("\n", "\r\n") if "\r\n" in source.text else text
