"""Attacks on the service, made from its OpenAPI description. Needs the extra `interface`: `make test-interface`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from moemap.tests.commands.delivering import project
from moemap.tests.commands.test_serve import service

EXAMPLES = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def open_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("open")
    project(folder, "http://127.0.0.1:1")
    with service(folder, "--no-delivery") as (_, url):
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.fixture(scope="module")
def agreed_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("agreed")
    project(folder, "http://127.0.0.1:1")
    with service(folder, "--no-delivery", "--authorization", "Token agreed") as (_, url):
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")


OPERATIONS = ["GET /healthz", "GET /metrics", "GET /readyz", "POST /v1/batches"]
"""All operations but the one that returns the description."""


def attack(interface: Any, **given_too: Any) -> list[str]:
    """Calls each operation of the service with what its description allows and with what it does not."""
    operations = [found.ok() for found in interface.get_all_operations()]
    for operation in operations:
        for mode in GenerationMode:

            @EXAMPLES
            @given(case=operation.as_strategy(generation_mode=mode))
            def call(case: Any) -> None:
                case.call_and_validate(**given_too)

            with suppress(Unsatisfiable):  # there is no wrong call of what takes nothing
                call()
    return sorted(operation.label for operation in operations)


def test_the_service_keeps_to_its_description(open_service: Any) -> None:
    assert attack(open_service) == OPERATIONS


def test_a_service_that_asks_for_a_header_does(agreed_service: Any) -> None:
    assert attack(agreed_service, headers={"Authorization": "Token agreed"}) == OPERATIONS
