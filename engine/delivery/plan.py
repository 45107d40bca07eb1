"""The delivery that a mapping declares, for the sender: see `language.delivery` for the meaning of its parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ..jobs.dispatch import BulkEnvelope, Dispatch
from ..runtime.result import Request
from .entries import Entry

__all__ = ["Plan", "PlannedHints", "PlannedRetry", "PlannedWindow"]


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """A limit of the receiver: at most `limit` in any `seconds` seconds."""

    name: str
    limit: int
    seconds: int
    counts: str = "requests"
    elements_of: str | None = None
    outputs: tuple[str, ...] = ()
    sent: str | None = None
    each_key: bool = False


@dataclass(frozen=True, slots=True)
class PlannedHints:
    """The names of headers in which the receiver tells its limits."""

    limit: str | None = None
    remaining: str | None = None
    reset: str | None = None
    retry_after: str = "Retry-After"


@dataclass(frozen=True, slots=True)
class PlannedRetry:
    """The schedule of attempts."""

    base: float = 2.0
    factor: float = 2.0
    cap: float = 300.0
    attempts: int = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """The delivery of a mapping's requests; `outputs` has effect, order and bulk of each output by its name."""

    dispatch: Dispatch
    windows: tuple[PlannedWindow, ...]
    answers: Mapping[str, str]
    hints: PlannedHints
    retry: PlannedRetry
    repeats: bool
    bulk_from: int | None
    keep_alive: float
    ping: Mapping[str, Any] | None
    id: str | None
    outputs: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, dispatch: Dispatch) -> Plan:
        """The plan of the mapping of a Dispatch."""
        own = dispatch.delivery
        return cls(
            dispatch,
            tuple(PlannedWindow(**{**one, "outputs": tuple(one["outputs"])}) for one in own["windows"]),
            own["answers"],
            PlannedHints(**own["hints"]),
            PlannedRetry(**own["retry"]),
            own["uncertain"] == "repeat",
            own["bulk_from"] if dispatch.bulk is not None else None,
            own["keep_alive"],
            own["ping"],
            own["id"],
            own["outputs"],
        )

    @property
    def bulk(self) -> BulkEnvelope | None:
        """The envelope of bulk requests; None if there are none."""
        return self.dispatch.bulk if self.bulk_from is not None else None

    def identity(self, batch: Any) -> str | None:
        """The value of the member that identifies an input; None if it has none."""
        value = None if self.id is None else _member(batch, self.id)
        return None if value is None else _text_of(value)

    def entry(self, request: Request) -> Entry:
        """The entry of the outbox for a request."""
        own = self.outputs.get(request.output, {})
        order = own.get("order")
        value = None if order is None else _member(request.body, order)
        members = {window.elements_of for window in self.windows if window.elements_of is not None}
        counted = {name: _member(request.body, name) for name in members}
        return Entry(
            request.output,
            request.method,
            self.dispatch.url_of(request),
            self.dispatch.headers_of(request),
            request.text,
            None if value is None else _text_of(value),
            is_repeatable=own.get("effect") == "upsert",
            is_joinable=self.bulk is not None and bool(own.get("bulk")) and request.server is None,
            items={name: len(value) for name, value in sorted(counted.items()) if isinstance(value, list)},
        )


def _member(value: Any, path: str) -> Any:
    """The member that the names of a path lead to; None if there is none."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text_of(value: Any) -> str:
    """JSON text that is the same for equal values: 3.0 is written as 3, members are in the order of their names."""
    whole = _with_whole_numbers(value)
    try:
        return orjson.dumps(whole, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # for integers of more than 64 bits
        return json.dumps(whole, sort_keys=True)


def _with_whole_numbers(value: Any) -> Any:
    """The value with integers in place of doubles that are whole."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_with_whole_numbers(item) for item in value]
        case dict():
            return {name: _with_whole_numbers(item) for name, item in value.items()}
    return value
