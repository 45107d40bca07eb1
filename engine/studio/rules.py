"""The rulebooks of a project with values of settings, and their interpreters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..checks.shared.opening import Opening
from ..editing.state import EditingState
from ..golden.diff import canonical
from ..interpreter.interpreter import Interpreter
from ..language.loader import Loaded
from ..language.rulebook import Rulebook

__all__ = ["Rules"]

Settings = Mapping[str, Any]

_MOST = 8


class Rules:
    """The mappings of a state, each with some settings; while one cannot be used, its last rulebook is."""

    def __init__(self, state: EditingState) -> None:
        self.state = state
        self._usable: dict[tuple[Path, str], tuple[Opening, Rulebook | None]] = {}
        self._interpreters: dict[int, Interpreter] = {}

    def usable(self, main: Path, settings: Settings | None = None) -> Rulebook | None:
        """The rulebook with these settings, or the last one that could be used; None if there was none."""
        if not settings:
            return self.state.rulebook(main)
        opening = self.state.opening(main)
        key = main, canonical(settings)
        known = self._usable.get(key)
        if known is None or known[0] is not opening:
            rulebook = opening.joined.with_settings(settings).rulebook
            known = opening, rulebook or (known[1] if known is not None else None)
            self._usable[key] = known
            for oldest in list(self._usable)[:-_MOST]:
                del self._usable[oldest]
        return known[1]

    def is_broken(self, main: Path, settings: Settings) -> bool:
        """Returns whether the present mapping cannot be used with these settings."""
        return self.state.opening(main).joined.with_settings(settings).rulebook is None

    def inspected(self, main: Path, settings: Settings) -> Loaded:
        """The mapping with these settings and all problems, as `moemap check` finds them."""
        return self.state.inspect(main, settings)

    def interpreter(self, rulebook: Rulebook) -> Interpreter:
        """The interpreter of a rulebook; those of the last few are kept."""
        found = self._interpreters.get(id(rulebook))
        if found is None or found.rulebook is not rulebook:
            found = self._interpreters[id(rulebook)] = Interpreter(rulebook)
            for oldest in list(self._interpreters)[:-_MOST]:
                del self._interpreters[oldest]
        return found
