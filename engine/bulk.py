"""Bodies that travel together: as the elements of one bulk body, as many as its size limit allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from .interpreter import Interpreter
from .requests import Envelope, size_of
from .result import Request
from .rules import Bulk, Rulebook

__all__ = ["bundle", "fitting"]


def fitting(rulebook: Rulebook) -> Rulebook:
    """The Rulebook with outputs limited to bodies that fit into a bulk body of its own."""
    bulk = rulebook.bulk
    if bulk is None:
        return rulebook
    room = bulk.max_bytes - size_of(_body(bulk, _envelope(Interpreter(rulebook), bulk), [])) - 1
    outputs = {
        name: replace(output, max_bytes=min(room, output.max_bytes or room))
        for name, output in rulebook.outputs.items()
    }
    return replace(rulebook, outputs=outputs)


def bundle(requests: Iterable[Request], rulebook: Rulebook) -> Iterator[Request]:
    """Bulk requests with the bodies of `requests` in their order. The mapping must describe `bulk`."""
    bulk = rulebook.bulk
    if bulk is None:
        raise ValueError(f"the mapping {rulebook.name!r} has no 'bulk'")
    envelope = _envelope(Interpreter(rulebook), bulk)
    empty = size_of(_body(bulk, envelope, []))
    elements: list[Any] = []
    size = empty
    for request in requests:
        more = size_of(request.body) + 1
        if elements and size + more > bulk.max_bytes:
            yield _request(bulk, envelope, elements)
            elements, size = [], empty
        elements.append(request.body)
        size += more
    if elements:
        yield _request(bulk, envelope, elements)


def _envelope(interpreter: Interpreter, bulk: Bulk) -> Envelope:
    return interpreter.bulk_envelope(bulk) or Envelope({}, {}, {})


def _body(bulk: Bulk, envelope: Envelope, elements: list[Any]) -> dict[str, Any]:
    return {**envelope.fields, bulk.elements: elements}


def _request(bulk: Bulk, envelope: Envelope, elements: list[Any]) -> Request:
    line = bulk.request
    return Request("bulk", line.method, line.path, dict(envelope.query), _body(bulk, envelope, elements))
