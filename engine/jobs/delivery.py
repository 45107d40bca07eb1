"""How requests are sent: the parts around bodies, for commands of a shell and for bulk requests.

It is made once from a Rulebook, and small enough to be cached with a compiled mapping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from ..runtime.result import Request

if TYPE_CHECKING:
    from ..language.rulebook import Rulebook

__all__ = ["BulkEnvelope", "Bundler", "Delivery", "delivery_of", "fitting"]


@dataclass(frozen=True, slots=True)
class BulkEnvelope:
    """The parts that all bulk requests share: method, path and query, and the members beside the list `elements`."""

    method: str
    path: str
    query: dict[str, Any]
    fields: dict[str, Any]
    elements: str
    max_bytes: int

    @property
    def empty_size(self) -> int:
        return len(orjson.dumps({**self.fields, self.elements: []}))

    def request(self, elements: list[Any]) -> Request:
        body = {**self.fields, self.elements: elements}
        return Request("bulk", self.method, self.path, self.query, body, orjson.dumps(body))


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the requests of a mapping are sent. `bulk` is None if the mapping does not describe it.

    `variables` are the variables that hold the values of placeholders, where others are wanted than those that have
    the names of these.
    """

    server_url: str | None
    server_headers: dict[str, str]
    bulk: BulkEnvelope | None
    variables: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Delivery:
        bulk = BulkEnvelope(**values["bulk"]) if values["bulk"] is not None else None
        return cls(**{**values, "bulk": bulk})


def delivery_of(rulebook: Rulebook) -> Delivery:
    """The Delivery of a mapping.

    The fields of its bulk bodies see only the settings, since a bulk body spans batches.
    """
    # Imported late: running a cached mapping does not evaluate rules.
    from ..interpreter.interpreter import bulk_envelope

    bulk = None
    if rulebook.bulk is not None:
        line = rulebook.bulk.request
        made = bulk_envelope(rulebook, rulebook.bulk)
        query, fields = (dict(made.query), dict(made.fields)) if made is not None else ({}, {})
        bulk = BulkEnvelope(line.method, line.path, query, fields, rulebook.bulk.elements, rulebook.bulk.max_bytes)
    server = rulebook.server
    return Delivery(server.url, dict(server.headers), bulk) if server is not None else Delivery(None, {}, bulk)


def fitting(rulebook: Rulebook) -> Rulebook:
    """The Rulebook with its outputs limited to bodies that fit into a bulk body alone."""
    bulk = delivery_of(rulebook).bulk
    if bulk is None:
        return rulebook
    room = bulk.max_bytes - bulk.empty_size
    limits = {name: min(room, output.max_bytes or room) for name, output in rulebook.outputs.items()}
    outputs = {name: replace(output, max_bytes=limits[name]) for name, output in rulebook.outputs.items()}
    return replace(rulebook, outputs=outputs)


class Bundler:
    """Collects bodies into bulk requests, each as full as the limit allows."""

    def __init__(self, bulk: BulkEnvelope) -> None:
        self._bulk = bulk
        self._empty = bulk.empty_size
        self._size = self._empty
        self.waiting: list[bytes] = []
        """The bodies not returned yet, as JSON."""

    def add(self, bodies: Iterable[bytes]) -> Iterator[Request]:
        """Adds bodies (compact JSON), and returns the requests that are full."""
        for body in bodies:
            if self.waiting and self._size + 1 + len(body) > self._bulk.max_bytes:
                yield from self.rest()
            self._size += len(body) + (1 if self.waiting else 0)
            self.waiting.append(body)

    def rest(self) -> Iterator[Request]:
        """The request with the remaining bodies."""
        if self.waiting:
            elements = [orjson.loads(body) for body in self.waiting]
            self.waiting, self._size = [], self._empty
            yield self._bulk.request(elements)
