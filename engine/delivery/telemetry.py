"""Spans of OpenTelemetry for batches that are received and requests that are sent, where its API is installed.

A program that is set up for it (`opentelemetry-instrument moemap serve ...`) exports them; else they cost nothing.
Spans have names, numbers and places, and never a value of a batch, a URL or a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

__all__ = ["Attributes", "span"]

Attributes = dict[str, str | int]
"""The attributes of a span, to which others can be added until it ends."""


@contextmanager
def span(
    name: str, kind: Literal["server", "client"], headers: Mapping[str, str] | None = None
) -> Iterator[Attributes]:
    """A span around some work; its parent is the one that the headers of a request name, if given."""
    attributes: Attributes = {}
    api = _api()
    if api is None:
        yield attributes
        return
    trace, propagate = api
    context = None if headers is None else propagate.extract({key.lower(): value for key, value in headers.items()})
    kinds = {"server": trace.SpanKind.SERVER, "client": trace.SpanKind.CLIENT}
    with trace.get_tracer("moemap").start_as_current_span(name, context, kinds[kind]) as current:
        try:
            yield attributes
        finally:
            current.set_attributes(attributes)
            if attributes.get("error.type"):
                current.set_status(trace.StatusCode.ERROR)


@cache
def _api() -> Any:
    """The modules of the API; None if they are not installed."""
    try:
        from opentelemetry import propagate, trace
    except ImportError:
        return None
    return trace, propagate
