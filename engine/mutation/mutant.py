"""A mutant: a variant of the rules with one mistake that someone could make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..diagnostics.problem import Place

__all__ = ["Decision", "Mutant"]

Decision = tuple[int, str]
"""The identity of a part of the rules and an outcome, as an Observer gets them; "" stands for any outcome."""


@dataclass(frozen=True, eq=False)
class Mutant:
    """A variant of the rules.

    `owner` and `part` say where, as those of a Branch do; `operator` is the kind of change, `words` describe it.
    `before` and `after` are the old and the new text. `changes` has the new parts by the old ones. A batch can only
    have another result if it takes one of the `decisions`; None stands for all batches. `settings` are the changed
    defaults.
    """

    id: str
    owner: str
    part: str
    operator: str
    words: str
    place: Place
    before: str
    after: str
    changes: Mapping[Any, Any]
    decisions: frozenset[Decision] | None
    settings: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The mutant in words: "rule purchase, currency: the type string is dropped"."""
        return f"{self.owner}{f', {self.part}' if self.part else ''}: {self.words}"
