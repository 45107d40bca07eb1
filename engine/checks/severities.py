"""Codes under `checks:` that do not exist, or whose severity cannot be changed (M101)."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.catalogue import CATALOGUE, is_settable
from ..diagnostics.problem import Problem
from ..diagnostics.suggestions import did_you_mean
from ..language.rulebook import Rulebook
from .shared.registry import checks_names

__all__ = ["check"]


@checks_names
def check(rulebook: Rulebook) -> Iterator[Problem]:
    """Reports each code whose severity cannot be set."""
    known = sorted(filter(is_settable, CATALOGUE))
    for code, override in rulebook.severities.items():
        if code not in known:
            if code in CATALOGUE:
                hint: str | None = f"the severity of {code} cannot be changed"
            else:
                hint = did_you_mean(code, known) or f"known here: {', '.join(known)}"
            yield Problem.of("M101", override.name_node.place, hint=hint, key=code, where="checks")
