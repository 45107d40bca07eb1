"""Finds the rules and the input values that a request was made from, by mapping its input again."""

from __future__ import annotations

from typing import Any

from ..interpreter.interpreter import Interpreter
from ..language.rulebook import Rulebook
from ..runtime.batch import Record
from .entries import Shown
from .outbox import Outbox

__all__ = ["Origins"]


class Origins:
    """The origins of the requests of an outbox, by the present rules."""

    def __init__(self, outbox: Outbox, rulebook: Rulebook) -> None:
        self._outbox = outbox
        self._mapping = f"{rulebook.name}@{rulebook.version}"
        self._interpreter = Interpreter(rulebook)
        self._known: dict[int, list[list[dict[str, Any]]]] = {}

    def of(self, shown: Shown) -> list[dict[str, Any]]:
        """Rule, line and input place of each part of a request; empty if the rules have changed since."""
        if shown.mapping != self._mapping:
            return []
        if shown.input not in self._known:
            self._known[shown.input] = self._traced(shown)
        found = self._known[shown.input]
        return found[shown.number] if shown.number < len(found) else []

    def _traced(self, shown: Shown) -> list[list[dict[str, Any]]]:
        for _, source, text in self._outbox.texts([shown.id]):
            batch, problem = Record(source, 0, text).parse()
            if problem is None:
                _, parts = self._interpreter.traced(batch, lambda _: None)
                return [[_origin(emission) for emission, _ in own] for own in parts]
        return []


def _origin(emission: Any) -> dict[str, Any]:
    return {"rule": emission.rule, "place": str(emission.place), "pointer": emission.element}
