"""A mapping compiled to a function that counts the decisions of the rules, instead of making requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ..interpreter.interpreter import Interpreter
from ..language.rulebook import Rulebook
from ..runtime.assembly import Unusual
from ..runtime.conversion import Handed
from ..runtime.runner import FUNCTION, NAMESPACE
from ..values.budget import TooMuchCopied, scanning
from ..values.payload import received
from .compiled import code_of
from .rules.counters import Counters
from .rules.mapping import counting_source_of

__all__ = ["DecisionCounter"]

FEW = 100
"""The number of batches that are interpreted before the rules are compiled: that takes as long as these batches."""


class DecisionCounter:
    """Counts the decisions that batches lead to, as `Interpreter.count` does; for one thread.

    Batches with any error but the rejection of an element by a rule are left to the interpreter.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self.interpreter = Interpreter(rulebook)
        self._counters = Counters()
        self._hits: list[int] = []
        self._others: dict[tuple[int, str], int] = {}
        self._function: Callable[[Any, Any], Any] | None = None
        self._left = FEW

    def prepare(self) -> None:
        """Compiles the rules now rather than after some batches."""
        self._left = 0
        rulebook = self.interpreter.rulebook
        code = code_of(counting_source_of(rulebook, self._counters), f"<moemap {rulebook.name} counting>")
        self._hits = [0] * len(self._counters.numbers)
        if code is not None:
            namespace: dict[str, Any] = {"__name__": code.co_filename, **NAMESPACE, "hits": self._hits}
            exec(code, namespace)  # noqa: S102  the source has nothing of the rules in it but literals
            self._function = namespace[FUNCTION]

    def count(self, batch: Any) -> bool:
        """Counts the decisions of one batch; returns whether compiled code did, not the interpreter."""
        if self._left:
            self._left -= 1
            if not self._left:
                self.prepare()
        before = self._hits[:]
        if self._counted(batch):
            return True
        self._hits[:] = before
        self.interpreter.count(batch, self._others)
        return False

    def _counted(self, batch: Any) -> bool:
        """Counts the decisions of one batch by compiled code; returns whether it could."""
        if self._function is None:
            return False
        value, flaw = received(batch)
        if flaw is not None or type(value) is not dict:
            return False
        scanning()
        try:
            _, _, problems = self._function(value, {})
        except (Unusual, Handed, TooMuchCopied):
            return False
        return all(problem.severity != "error" or problem.code == "M511" for problem in problems)

    def take(self) -> Counter[tuple[int, str]]:
        """The counts since the last call, by the identity of the part that decides and its outcome."""
        counted = zip(self._counters.numbers, self._hits, strict=False)  # no counters before the code is there
        total = Counter({key: number for key, number in counted if number})
        total.update(self._others)
        self._hits[:] = [0] * len(self._hits)
        self._others.clear()
        return total
