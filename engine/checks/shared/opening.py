"""Opens mappings: finds, loads and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...diagnostics.catalogue import Severity
from ...diagnostics.problem import MAX_PROBLEMS, MappingError, Problem, in_order
from ...language.installed import file_at, locate, not_found
from ...language.loader import Loaded, join
from ...language.rulebook import Rulebook, Setting
from ...source.contents import unsaved
from ...source.paths import is_folder
from ...source.recovery import without_consequences
from ...values.once import cached_property, without_forks
from ...values.recall import Recall
from .running import check, check_names

__all__ = ["Opening", "inspect", "opened"]


class Opening:
    """A mapping whose files are read and checked once, to be opened with any settings: no check depends on them."""

    def __init__(self, path: Path, recall: Recall | None = None) -> None:
        self.recall = recall
        self.joined = join(path, recall)

    @property
    def settings(self) -> Mapping[str, Setting] | None:
        """The declared settings; None if the mapping cannot be read."""
        return None if self.joined.draft is None else self.joined.settings

    def inspect(self, settings: Mapping[str, Any] | None = None) -> Loaded:
        """The mapping with these settings, and all Problems."""
        loaded = self.joined.with_settings(settings or {})
        if loaded.rulebook is None:
            names = self._names if loaded.draft is not None else ()
            problems = in_order(without_consequences((*loaded.problems, *names), loaded.lost))
            return replace(loaded, problems=_listed(problems))
        problems = _listed(in_order((*loaded.problems, *self._findings)))
        failed = any(problem.severity == "error" for problem in problems)
        return replace(loaded, rulebook=None if failed else loaded.rulebook, problems=problems, draft=None)

    @cached_property
    def _names(self) -> tuple[Problem, ...]:
        return () if self.joined.draft is None else check_names(self.joined.draft)

    @cached_property
    def _findings(self) -> tuple[Problem, ...]:
        return () if self.joined.draft is None else check(self.joined.draft, self.recall)


@without_forks()
def inspect(reference: str | Path, settings: Mapping[str, Any] | None = None, *, text: str | None = None) -> Loaded:
    """Loads and checks a mapping; returns all Problems instead of raising. `text` replaces the content of the file."""
    if not isinstance(reference, str | Path):
        raise TypeError(f"a mapping is named by a str or a Path, not by {type(reference).__name__}")
    if settings is not None and not (isinstance(settings, Mapping) and all(isinstance(name, str) for name in settings)):
        raise TypeError("settings are a mapping of names, each a str, to JSON values")
    path = locate(reference) if isinstance(reference, str) else reference
    if path is not None and is_folder(path):
        path = file_at(path)
    if path is None:
        return Loaded(None, (not_found(str(reference)),), {})
    with unsaved(None if text is None else {path: text}):
        return Opening(path).inspect(settings)


def _listed(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems, cut off if there are very many."""
    rest = problems[MAX_PROBLEMS:]
    if not rest or any(problem.code == "M126" for problem in problems):
        return problems
    severity: Severity = "error" if any(problem.severity == "error" for problem in rest) else "warning"
    return (*problems[:MAX_PROBLEMS], Problem.of("M126", rest[0].place, severity=severity, limit=MAX_PROBLEMS))


def opened(reference: str | Path, settings: Mapping[str, Any] | None = None) -> tuple[Rulebook, tuple[Problem, ...]]:
    """The rulebook of a mapping, and the warnings of the checks. Raises MappingError if the mapping cannot be used."""
    loaded = inspect(reference, settings)
    if loaded.rulebook is None:
        raise MappingError(loaded.problems, loaded.sources)
    return loaded.rulebook, loaded.problems
