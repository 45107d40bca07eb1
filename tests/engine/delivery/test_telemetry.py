"""Spans report the outcomes of receiving and sending, and no contents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from moemap.engine.delivery import telemetry
from moemap.engine.delivery.outbox import Outbox
from moemap.tests.engine.delivery.conftest import deliver, fill
from moemap.tests.engine.delivery.test_receiving import BATCH, JSON, Service, Work, run, shop
from moemap.tests.fake_destination import Settings

__all__ = ["run", "shop"]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    made, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(made))
    trace.set_tracer_provider(provider)  # a process takes one, once: hence one fixture for the session
    return made


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    telemetry._api.cache_clear()
    exporter.clear()
    yield exporter
    telemetry._api.cache_clear()


def test_an_intake_is_a_span_within_that_of_its_sender(spans: InMemorySpanExporter, run: Any) -> None:
    async def work(service: Service) -> None:
        await service.post(BATCH, {**JSON, "Traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
        await service.post({"user": "secret"}, {"Content-Type": "text/plain"})
        await service.get("/nowhere/secret")

    own: Work = work
    run(own)
    taken, refused, unknown = spans.get_finished_spans()
    assert (taken.name, f"{taken.context.trace_id:x}") == ("POST /v1/batches", TRACE)
    assert dict(taken.attributes or {}) == {
        "http.response.status_code": 202,
        "moemap.inputs": 1,
        "moemap.known": 0,
        "moemap.requests": 2,
    }
    assert dict(refused.attributes or {}) == {"http.response.status_code": 415}
    assert (unknown.name, dict(unknown.attributes or {})) == ("GET *", {"http.response.status_code": 404})
    assert "secret" not in "".join(one.to_json() for one in spans.get_finished_spans())


def test_each_call_is_a_span(spans: InMemorySpanExporter, outbox: Outbox) -> None:
    deliver(outbox, Settings(bad=['"number":1']), partial(fill, outbox, users=1, each=2))
    good, bad = spans.get_finished_spans()
    assert [one.name for one in (good, bad)] == ["POST event"] * 2
    wanted = {"moemap.request": 1, "moemap.requests": 1, "moemap.try": 1, "http.response.status_code": 200}
    assert dict(good.attributes or {}) == wanted
    assert dict(bad.attributes or {}) == {
        **wanted,
        "moemap.request": 2,
        "http.response.status_code": 400,
        "error.type": "400",
    }
    assert (good.status.is_ok, bad.status.is_ok) == (True, False)
    text = "".join(one.to_json() for one in spans.get_finished_spans())
    assert all(hidden not in text for hidden in ("very-secret-value", "app-1", "127.0.0.1"))


def test_without_the_api_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry", None)
    telemetry._api.cache_clear()
    with telemetry.span("work", "client") as said:
        said["moemap.requests"] = 1
    assert telemetry._api() is None
    telemetry._api.cache_clear()
