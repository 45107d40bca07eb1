"""Finds which parts of an input, by which rules, made a request: the input is mapped once more, by the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from ..jobs.program import RulesChangedError
from ..runtime.batch import Record
from ..runtime.result import Failed, PartOrigin, Result
from .entries import OutboxError, Shown
from .outbox import Outbox

__all__ = ["Origins", "parts_in"]

_Mapped = tuple[Result, Sequence[Sequence[PartOrigin]]]


class Origins:
    """The origins of the requests of an outbox: as they were noted, or else by the rules as they are now.

    `origins` maps a batch, and says of each request what it is made of.
    """

    def __init__(self, outbox: Outbox, origins: Callable[[Any], _Mapped]) -> None:
        self._outbox = outbox
        self._origins = origins
        self._known: dict[int, _Mapped] = {}

    def of(self, shown: Shown) -> list[dict[str, Any]]:
        """Rule, line and input place of each part of a request; empty if the rules no longer make it."""
        if shown.origin is not None:
            return list(orjson.loads(shown.origin))
        known = self._known
        if shown.input not in known:
            known = self._known = {shown.input: self._mapped(shown)}
        result, origins = known[shown.input]
        numbers = [shown.number, *range(len(origins))]
        for number in numbers:
            if number < len(origins) and _is_same(result.requests[number], shown):
                return [one.to_json() for one in origins[number]]
        return []

    def line(self, request: int) -> str | None:
        """The origins of a request, as they are noted in its log; None if they cannot be found."""
        try:
            shown = self._outbox.shown(request)
            found = self.of(shown) if shown is not None else []
        except (RulesChangedError, OutboxError):  # no reason not to note how the request ended
            return None
        return orjson.dumps(found).decode() if found else None

    def _mapped(self, shown: Shown) -> _Mapped:
        for _, source, text in self._outbox.texts([shown.id]):
            batch, problem = Record(source, 0, text).parse()
            if problem is None:
                return self._origins(batch)
        return Result((), (), ()), ()


def _is_same(request: Any, shown: Shown) -> bool:
    return bool(request.output == shown.entry.output and request.text == shown.entry.body)


def parts_in(origin: str | None) -> frozenset[Failed] | None:
    """The parts of an input that a request was made of; None if that was not noted."""
    if origin is None:
        return None
    parts = (one["part"] for one in orjson.loads(origin))
    return frozenset(Failed(**{"route": None, "rule": None, **part}) for part in parts)
