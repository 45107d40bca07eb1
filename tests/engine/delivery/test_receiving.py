"""The service that receives batches: those answered with 202 are on the disk; refusals have a message."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moemap.engine.delivery import receiving
from moemap.engine.delivery.interface import PATH, description
from moemap.engine.delivery.outbox import Outbox
from moemap.engine.delivery.plan import Plan
from moemap.engine.delivery.receiving import Receiver
from moemap.engine.delivery.secrets import Secrets
from moemap.engine.delivery.sender import Sender
from moemap.engine.jobs.program import Program, open_program
from moemap.engine.jobs.transform import Recipe, Transform
from moemap.tests.commands.delivering import project

JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
BATCH = {"id": "b-1", "user": "u1", "events": [{"number": 1}, {"number": 2}]}
BROKEN_OFF = gzip.compress(b'{"id": "1"}\n{"id": "2"}\n')[:-4]
Work = Callable[["Service"], Awaitable[None]]


class Service:
    """A receiver that runs, and what it needs."""

    def __init__(self, url: str, session: ClientSession, receiver: Receiver, outbox: Outbox, rejects: Path) -> None:
        self.url = url
        self.session = session
        self.receiver = receiver
        self.outbox = outbox
        self.rejects = rejects

    async def post(self, body: Any, headers: dict[str, str] = JSON) -> tuple[int, Any, Any]:
        data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        async with self.session.post(f"{self.url}{PATH}", data=data, headers=headers) as answer:
            return answer.status, await answer.json(), answer.headers

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(f"{self.url}{path}") as answer:
            return answer.status, await answer.text()

    @property
    def waiting(self) -> int:
        return self.outbox.counts().states["waiting"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("shop")
    project(folder, "http://127.0.0.1:1")
    return open_program(str(folder / "shop"), {})


@pytest.fixture
def run(shop: Program, tmp_path: Path) -> Callable[..., None]:
    """Does some work with a service."""

    @asynccontextmanager
    async def serving(max_bytes: int | None, sends: bool, **more: Any) -> AsyncIterator[Service]:
        plan, rejects = Plan.of(shop.dispatch), tmp_path / "rejects.ndjson"
        recipe = Recipe("shop", {}, "result", False, "", str(rejects))
        with Outbox(tmp_path / "outbox.db", max_bytes=max_bytes) as outbox, rejects.open("ab") as file:
            sender = Sender(outbox, plan, Secrets({}), is_service=True) if sends else None
            receiver = Receiver(outbox, plan, Transform(recipe, shop), "shop@1", rejects=file, sender=sender, **more)
            runner = receiver.runner()
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            try:
                async with ClientSession() as session:
                    yield Service(f"http://127.0.0.1:{runner.addresses[0][1]}", session, receiver, outbox, rejects)
            finally:
                await runner.cleanup()

    def work(done: Work, *, max_bytes: int | None = None, sends: bool = False, **more: Any) -> None:
        async def main() -> None:
            async with serving(max_bytes, sends, **more) as service:
                await done(service)

        asyncio.run(main())

    return work


def test_what_is_taken_is_on_the_disk_and_is_taken_once(run: Callable[..., None]) -> None:
    async def work(service: Service) -> None:
        status, answer, _ = await service.post(BATCH)
        assert (status, answer) == (202, {"inputs": 1, "known": 0, "requests": 2, "problems": [], "more": 0})
        assert service.waiting == 2
        status, answer, _ = await service.post(BATCH)
        assert (status, answer) == (202, {"inputs": 1, "known": 1, "requests": 0, "problems": [], "more": 0})
        assert service.waiting == 2

    run(work)


def test_an_id_is_known_to_the_last_digit(run: Callable[..., None]) -> None:
    ids = [10482000000000000000001, 10482000000000000000002, -(2**63) - 1, [2**64], 2**64 - 1, "18446744073709551616"]

    async def work(service: Service) -> None:
        for known in (0, 1):
            for id_ in ids:
                status, answer, _ = await service.post({**BATCH, "id": id_})
                assert (status, answer["known"], answer["problems"]) == (202, known, [])
        assert service.waiting == 2 * len(ids)

    run(work)


@pytest.mark.parametrize(
    ("first", "again", "known"),
    [
        ("3", "3.0", 1),
        ("1e0", "1", 1),
        ("0", "-0.0", 1),
        ("1e22", "10000000000000000000000", 1),
        ('[3, {"a": 1, "b": 2}]', '[3.0, {"b": 2, "a": 1}]', 1),
        ("3", '"3"', 0),
        ("1", "true", 0),
        ("[1]", "[true]", 0),
        ("0.5", "0.25", 0),
    ],
)
def test_equal_ids_are_those_of_one_input(run: Callable[..., None], first: str, again: str, known: int) -> None:
    async def work(service: Service) -> None:
        for id_, expected in ((first, 0), (again, known)):
            body = f'{{"id": {id_}, "user": "u1", "events": [{{"number": 1}}]}}'
            status, answer, _ = await service.post(body.encode())
            assert (status, answer["known"]) == (202, expected)

    run(work)


def test_an_empty_list_has_no_batches(run: Callable[..., None]) -> None:
    async def work(service: Service) -> None:
        status, answer, _ = await service.post([])
        assert (status, answer) == (202, {"inputs": 0, "known": 0, "requests": 0, "problems": [], "more": 0})

    run(work)


def test_lists_lines_and_compressed_bodies(run: Callable[..., None]) -> None:
    batches = [{"id": f"b-{number}", "user": "u1", "events": [{"number": number}]} for number in range(6)]
    lines = b"".join(json.dumps(batch).encode() + b"\n" for batch in batches[2:4])

    async def work(service: Service) -> None:
        assert (await service.post(batches[:2]))[1]["requests"] == 2
        assert (await service.post(lines, LINES))[1]["requests"] == 2
        packed = gzip.compress(json.dumps(batches[4]).encode())
        assert (await service.post(packed, {**JSON, "Content-Encoding": "gzip"}))[1]["requests"] == 1
        assert (await service.post(gzip.compress(json.dumps(batches[5]).encode())))[1]["requests"] == 1
        assert service.waiting == 6

    run(work)


def test_what_cannot_be_mapped_is_told_and_kept_and_costs_nothing_else(run: Callable[..., None]) -> None:
    bad = {"id": "b-2", "user": "u1", "events": [{"number": 1}, {"bad": True}]}

    async def work(service: Service) -> None:
        lines = b"\n".join([json.dumps(bad).encode(), b"{", json.dumps(BATCH).encode()])
        status, answer, _ = await service.post(lines, LINES)
        assert (status, answer["inputs"], answer["requests"]) == (202, 3, 3)
        assert [(one["input_number"], one["code"]) for one in answer["problems"]] == [(0, "M511"), (1, "M501")]
        rejects = [json.loads(line) for line in service.rejects.read_text().splitlines()]
        assert len(rejects) == 2
        assert service.waiting == 3

    run(work)


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (b"", JSON, 400, "the body is empty"),
        (b"{", JSON, 400, "the body cannot be read"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "the content type is not one of "),
        (b"{}", {**JSON, "Content-Encoding": "gzip"}, 400, "the body is not compressed as its header says"),
        (BROKEN_OFF, {**LINES, "Content-Encoding": "gzip"}, 400, "the body is not compressed as its header says"),
        (BROKEN_OFF, LINES, 400, "the body is not compressed as its header says"),
        (b"{}", {**JSON, "Content-Encoding": "br"}, 415, "the content encoding is not one of gzip, identity, zstd"),
        (b" " * 10_000_001, JSON, 413, "the body has more than 10000000 bytes"),
        (gzip.compress(b" " * 20_000_000), {**JSON, "Content-Encoding": "gzip"}, 413, "the body has more than "),
        (gzip.compress(b" " * 20_000_000), JSON, 413, "the body has more than 10000000 bytes"),
        (b"[" + b"7," * 12_000 + b"7]", JSON, 413, "the body has more than 10000 batches"),
    ],
    ids=[
        "empty",
        "no JSON",
        "type",
        "not gzip",
        "broken off",
        "broken off without a header",
        "encoding",
        "large",
        "large when unpacked",
        "large, packed without a word",
        "many",
    ],
)
def test_refusals(run: Callable[..., None], body: bytes, headers: dict[str, str], status: int, error: str) -> None:
    async def work(service: Service) -> None:
        found, answer, _ = await service.post(body, headers)
        assert (found, answer["error"][: len(error)]) == (status, error)
        assert service.waiting == 0

    run(work)


def test_unknown_paths_and_methods_are_refused_in_json(run: Callable[..., None]) -> None:
    async def work(service: Service) -> None:
        assert await service.get("/else") == (404, '{"error": "Not Found"}')
        assert await service.get(PATH) == (405, '{"error": "Method Not Allowed"}')

    run(work)


def test_a_full_outbox_asks_to_try_again(run: Callable[..., None]) -> None:
    async def work(service: Service) -> None:
        status, answer, headers = await service.post(BATCH)
        assert (status, headers["Retry-After"]) == (503, "10")
        assert "the outbox is full" in answer["error"]
        assert service.waiting == 0
        assert await service.get("/readyz") == (503, json.dumps(answer))

    run(work, max_bytes=1)


def test_nothing_is_taken_once_sending_was_stopped(run: Callable[..., None]) -> None:
    async def work(service: Service) -> None:
        assert await service.get("/readyz") == (200, '{"status": "ready"}')
        assert service.receiver._sender is not None
        service.receiver._sender.stop("the receiver answers 401")
        error = "sending was stopped: the receiver answers 401"
        assert await service.get("/readyz") == (503, json.dumps({"error": error}))
        assert (await service.post(BATCH))[:2] == (503, {"error": error})
        assert (await service.get("/healthz"))[0] == 200

    run(work, sends=True)


def test_the_agreed_authorization_is_needed(run: Callable[..., None]) -> None:
    async def work(service: Service) -> None:
        for agreed in ({}, {"Authorization": "Token wrong"}, {"Authorization": "Token agreed "}):
            status, answer, _ = await service.post(BATCH, {**JSON, **agreed})
            expected = 202 if agreed.get("Authorization", "").strip() == "Token agreed" else 401
            assert status == expected, answer
        assert (await service.get("/healthz"))[0] == 200

    run(work, authorization="Token agreed")


def test_a_disk_that_is_full_asks_to_try_again(run: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(service: Service) -> None:
        def no_space(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(service.receiver, "_write_rejects", no_space)
        status, answer, _ = await service.post({"id": "b-3", "events": [{"bad": True}]})
        assert (status, answer) == (503, {"error": "the outbox cannot be written"})

    run(work)


@pytest.mark.slow
def test_a_slow_sender_is_hung_up_on(run: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "READ_SECONDS", 0.2)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)

    async def work(service: Service) -> None:
        async with service.session.post(f"{service.url}{PATH}", data=slowly(), headers=JSON) as answer:
            assert answer.status == 408

    run(work)


def test_metrics_and_logs_have_numbers_and_no_values(run: Callable[..., None]) -> None:
    logged: list[Any] = []

    async def work(service: Service) -> None:
        await service.post([BATCH, {"id": "b-9", "user": "u-secret", "events": [{"bad": True}]}])
        status, text = await service.get("/metrics")
        assert status == 200
        lines = text.splitlines()
        assert 'moemap_inputs_total{outcome="taken"} 1' in lines
        assert 'moemap_inputs_total{outcome="with errors"} 1' in lines
        assert 'moemap_requests_total{output="event"} 2' in lines
        assert 'moemap_problems_total{code="M511"} 1' in lines
        assert 'moemap_responses_total{status="202"} 1' in lines
        assert 'moemap_outbox_requests{state="waiting"} 2' in lines
        assert 'moemap_intake_seconds_bucket{le="+Inf"} 1' in lines
        assert "moemap_intake_seconds_count 1" in lines
        (entry,) = logged
        assert {name: entry[name] for name in ("event", "status", "inputs", "known", "requests")} == {
            "event": "answered",
            "status": 202,
            "inputs": 2,
            "known": 0,
            "requests": 2,
        }
        assert "secret" not in json.dumps(logged) + text

    run(work, log=logged.append)


def test_the_metrics_of_a_sender_have_its_limits(run: Callable[..., None]) -> None:
    async def work(service: Service) -> None:
        await service.post(BATCH)
        _, text = await service.get("/metrics")
        lines = text.splitlines()
        assert "moemap_limiter_paused_seconds 0.0" in lines
        assert "moemap_sender_stopped 0" in lines
        assert 'moemap_limiter_used{window="second"} 0' in lines
        assert 'moemap_limiter_limit{window="second"} 500' in lines

    run(work, sends=True)


def test_the_description_is_that_of_the_service(run: Callable[..., None]) -> None:
    async def work(service: Service) -> None:
        status, text = await service.get("/openapi.json")
        assert status == 200
        document = json.loads(text)
        assert document == description("shop@1", has_authorization=False)
        for path in document["paths"]:
            assert (await service.get(path))[0] in {200, 405}

    run(work)


BODIES = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "user", "events"]), inner),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


@pytest.mark.slow
@pytest.mark.fuzz
@settings(
    max_examples=settings().max_examples // 10 or 1,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(bodies=st.lists(BODIES, min_size=1, max_size=20))
def test_whatever_comes_is_answered_as_described(run: Callable[..., None], bodies: list[bytes]) -> None:
    described = description("shop@1", has_authorization=False)["paths"][PATH]["post"]["responses"]

    async def work(service: Service) -> None:
        for body in bodies:
            for headers in (JSON, LINES):
                status, answer, _ = await service.post(body, headers)
                assert str(status) in described, (body, answer)
                assert {"error"} <= answer.keys() or {"inputs", "known", "requests"} <= answer.keys()

    run(work)
