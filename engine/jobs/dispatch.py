"""The parts of requests around bodies: URLs and headers, for shell commands and for bulk requests.

It is made once from a Rulebook, and small enough to be cached with a compiled mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import orjson

from ..runtime.result import Request
from ..values.forms import parameter_text

if TYPE_CHECKING:
    from ..language.rulebook import Field, Rulebook

__all__ = ["BulkEnvelope", "Bundler", "Dispatch", "dispatch_of", "fitting"]


class BulkEnvelope(NamedTuple):
    """The parts that all bulk requests share: method and target, and the members beside the list `elements`."""

    method: str
    path: str
    query: dict[str, Any]
    headers: dict[str, str]
    fields: dict[str, Any]
    elements: str
    max_bytes: int

    @property
    def empty_size(self) -> int:
        return len(orjson.dumps({**self.fields, self.elements: []}))

    def request(self, elements: list[Any]) -> Request:
        body = {**self.fields, self.elements: elements}
        return Request("bulk", self.method, self.path, self.query, body, orjson.dumps(body), self.headers)


class Dispatch(NamedTuple):
    """The parts that the requests of a mapping share. `bulk` is None if the mapping does not declare it.

    `delivery` is the delivery that the mapping declares; `variables` are the names of shell variables by placeholder,
    where they differ from the default, the name in capitals.
    """

    server_url: str | None
    server_headers: dict[str, str]
    bulk: BulkEnvelope | None
    delivery: Mapping[str, Any] = {}
    variables: Mapping[str, str] = {}

    def url_of(self, request: Request) -> str:
        """The whole URL of a request; {placeholders} of the rules are kept, and all else is encoded."""
        pairs = [
            f"{quote(name, safe='')}={_encoded(value)}"
            for name, values in request.query.items()
            for value in (values if isinstance(values, list) else (values,))
        ]
        server = self.server_url if request.server is None else request.server
        return f"{server or ''}{request.path}{'?' if pairs else ''}{'&'.join(pairs)}"

    def headers_of(self, request: Request) -> dict[str, str]:
        """All headers of a request. Those of the mapping's server are never sent to another one.

        A body is JSON where no header says otherwise.
        """
        own = {name.lower() for name in request.headers}
        given = self.server_headers.items() if request.server is None else ()
        headers = {**{name: value for name, value in given if name.lower() not in own}, **request.headers}
        if request.body is not None and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        return headers

    def to_json(self) -> dict[str, Any]:
        return {**self._asdict(), "bulk": self.bulk and self.bulk._asdict()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Dispatch:
        bulk = BulkEnvelope(**values["bulk"]) if values["bulk"] is not None else None
        return cls(**{**values, "bulk": bulk})


def _encoded(value: Any) -> str:
    """A value of a query, encoded except for the {placeholders} of the rules."""
    return re.sub(r"%7B([a-z][a-z0-9_]*)%7D", r"{\1}", quote(parameter_text(value), safe=""), flags=re.ASCII)


def dispatch_of(rulebook: Rulebook) -> Dispatch:
    """The Dispatch of a mapping. Its parts see only the settings, since they span batches."""
    # Imported late: running a cached mapping does not evaluate rules.
    from ..interpreter.outputs import evaluated, server_of
    from ..language.declared import declared

    def values(*fields: Field) -> dict[str, Any]:
        return evaluated(fields, rulebook)[0]

    bulk = None
    if rulebook.bulk is not None:
        own, line = rulebook.bulk, rulebook.bulk.request
        parts = values(line.path).get("path", "/"), values(*line.query), values(*line.headers), values(*own.fields)
        bulk = BulkEnvelope(line.method, *parts, own.elements, own.max_bytes)
    return Dispatch(*server_of(rulebook.server, rulebook), bulk, declared(rulebook))


def fitting(rulebook: Rulebook) -> Rulebook:
    """The Rulebook with its outputs limited to bodies that fit into a bulk request."""
    bulk = dispatch_of(rulebook).bulk
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
