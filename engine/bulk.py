"""Bodies that travel together: as the elements of one bulk body, as many as its size limit allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from .interpreter import Interpreter
from .requests import Envelope, size_of
from .result import Request
from .rules import Bulk, Rulebook

__all__ = ["Bundler", "fitting"]


def fitting(rulebook: Rulebook) -> Rulebook:
    """The Rulebook with outputs limited to bodies that fit into a bulk body of its own."""
    bulk = rulebook.bulk
    if bulk is None:
        return rulebook
    room = bulk.max_bytes - Bundler(rulebook).empty
    outputs = {
        name: replace(output, max_bytes=min(room, output.max_bytes or room))
        for name, output in rulebook.outputs.items()
    }
    return replace(rulebook, outputs=outputs)


class Bundler:
    """Collects bodies and gives bulk requests, each as full as the limit allows. The mapping must describe `bulk`."""

    def __init__(self, rulebook: Rulebook) -> None:
        if rulebook.bulk is None:
            raise ValueError(f"the mapping {rulebook.name!r} has no 'bulk'")
        self._bulk: Bulk = rulebook.bulk
        self._envelope = Interpreter(rulebook).bulk_envelope(self._bulk) or Envelope({}, {}, {})
        self.empty = size_of(self._body([]))
        self._elements: list[bytes] = []
        self._size = self.empty

    @property
    def waiting(self) -> list[bytes]:
        """The bodies that are not handed on yet, as JSON."""
        return self._elements

    def add(self, bodies: Iterable[bytes]) -> Iterator[Request]:
        """The requests that are full once these bodies (compact JSON) have come."""
        for body in bodies:
            if self._elements and self._size + 1 + len(body) > self._bulk.max_bytes:
                yield from self.rest()
            self._size += len(body) + (1 if self._elements else 0)
            self._elements.append(body)

    def rest(self) -> Iterator[Request]:
        """The request with what is left."""
        if self._elements:
            line = self._bulk.request
            body = self._body([orjson.loads(element) for element in self._elements])
            self._elements, self._size = [], self.empty
            yield Request("bulk", line.method, line.path, dict(self._envelope.query), body)

    def _body(self, elements: list[Any]) -> dict[str, Any]:
        return {**self._envelope.fields, self._bulk.elements: elements}
