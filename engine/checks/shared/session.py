"""Checks mappings again and again while their files change, as an editor does."""

from __future__ import annotations

from collections.abc import Mapping
from os.path import abspath
from pathlib import Path

from ...language.loader import Loaded
from ...source.contents import unsaved
from ...values.once import without_forks
from ...values.recall import Recall
from .opening import Opening

__all__ = ["Session"]

MAX_MAPPINGS = 8


class Session:
    """Checks mappings, and remembers results to check them again quickly.

    Only rules that a change of a file touches are read and inferred again, and rules whose types depend on them. The
    problems are those that a new check finds. Parts of earlier results that are as before move to their places in the
    new one. Not to be shared by threads.
    """

    def __init__(self) -> None:
        self._recalls: dict[str, Recall] = {}

    @without_forks()
    def inspect(self, main: Path, texts: Mapping[Path, str] | None = None) -> Loaded:
        """Loads and checks the mapping or workspace file `main`; `texts` stand for the contents of files."""
        name = abspath(main)
        recall = self._recalls.pop(name, None) or Recall()
        self._recalls[name] = recall
        for oldest in list(self._recalls)[:-MAX_MAPPINGS]:
            del self._recalls[oldest]
        recall.begin()
        with unsaved(texts):
            return Opening(main, recall).inspect()
