"""Only pages of this machine that know the token may use Studio; each attack is made over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientConnectionError, WSMsgType, WSServerHandshakeError

from moemap.engine.studio import server
from moemap.engine.studio.access import Access

from .conftest import Site

Run = Callable[..., None]
EVIL = {"Origin": "http://evil.example"}


def test_the_token_opens_one_browser_once() -> None:
    renewed: list[str] = []
    access, endless = Access(8000), Access(8000, renewed.append)
    assert access.enter("wrong") is None
    assert access.enter(None) is None
    assert access.enter("\ud800") is None
    token = access.token
    cookie = access.enter(token)
    assert cookie is not None
    assert access.knows_cookie(cookie)
    assert not access.knows_cookie(token)
    assert not access.knows_cookie("\ud800")
    assert not access.knows_cookie(None)
    assert access.enter(token) is None
    assert access.enter(None) is None
    assert endless.enter(endless.token)
    assert renewed == [endless.token]
    assert endless.enter(renewed[0])


def test_cookies_of_the_oldest_browsers_are_forgotten() -> None:
    access = Access(8000, lambda _: None)
    cookies = [access.enter(access.token) for _ in range(30)]
    assert [access.knows_cookie(one) for one in cookies] == [False] * 10 + [True] * 20


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("127.0.0.1:8000", True),
        ("localhost:8000", True),
        ("LOCALHOST:8000", True),
        ("[::1]:8000", True),
        ("127.0.0.1", False),
        ("127.0.0.1:8001", False),
        ("127.0.0.2:8000", False),
        ("evil.example:8000", False),
        ("localhost.evil.example:8000", False),
        ("0.0.0.0:8000", False),
        ("", False),
        (None, False),
    ],
)
def test_hosts(host: str | None, is_known: bool) -> None:
    assert Access(8000).knows_host(host) is is_known


def test_at_port_80_the_host_has_no_port() -> None:
    assert Access(80).knows_host("localhost")
    assert Access(80).knows_host("localhost:80")


@pytest.mark.parametrize(
    ("origin", "host", "is_known"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("http://127.0.0.1:8000", "localhost:8000", False),
        ("https://localhost:8000", "localhost:8000", False),
        ("http://evil.example:8000", "evil.example:8000", False),  # rebinding: they agree, and are both strangers
        ("null", "localhost:8000", False),
        ("", "localhost:8000", False),
        (None, "localhost:8000", False),
    ],
)
def test_origins(origin: str | None, host: str, is_known: bool) -> None:
    assert Access(8000).knows_origin(origin, host) is is_known


def test_a_page_enters_with_the_token_and_a_strict_cookie(run: Run) -> None:
    async def work(site: Site) -> None:
        assert site.token is not None
        async with site.client.post(f"{site.url}/session", json={"token": site.token}, headers=site.origin) as answer:
            assert answer.status == 204
            morsel = answer.cookies[site.access.cookie]
            assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (
                True,
                "Strict",
                "/",
                "",
            )
            assert site.token not in str(answer.headers)
        async with site.client.post(f"{site.url}/session", json={"token": site.token}, headers=site.origin) as answer:
            assert answer.status == 403
            assert await answer.json() == {"error": "the token is wrong, or was used: each opens one browser"}
            assert "Set-Cookie" not in answer.headers

    run(work)


PATHS = ["/", "/studio.js", "/session", "/socket", "/pages/docs", "/nothing"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1.evil.example:{port}", ""])
def test_every_request_is_refused_under_another_name(run: Run, method: str, host: str) -> None:
    async def work(site: Site) -> None:
        headers = await site.enter()
        named = host.format(port=site.url.rpartition(":")[2])
        for path in PATHS:
            origin = {"Origin": f"http://{named}"}
            async with site.client.request(
                method, site.url + path, headers={**headers, **origin, "Host": named}
            ) as answer:
                assert answer.status == 403, path
                assert "Set-Cookie" not in answer.headers
                assert "evil" not in answer.headers["Content-Security-Policy"]

    run(work)


@pytest.mark.slow
def test_a_socket_needs_host_origin_and_cookie(run: Run) -> None:
    async def work(site: Site) -> None:
        good = await site.enter()
        cookie = {"Cookie": good["Cookie"]}
        attempts: list[tuple[dict[str, str], int]] = [
            (cookie, 403),
            ({**cookie, **EVIL}, 403),
            ({**cookie, "Origin": "null"}, 403),
            ({**cookie, "Origin": site.url.replace("127.0.0.1", "localhost")}, 403),
            ({**cookie, "Origin": "http://evil.example", "Host": "evil.example"}, 403),
            (site.origin, 401),
            ({**site.origin, "Cookie": f"{site.access.cookie}={site.token}"}, 401),
            ({**site.origin, "Cookie": f"{site.access.cookie}="}, 401),
        ]
        for headers, status in attempts:
            with pytest.raises(WSServerHandshakeError) as caught:
                await site.client.ws_connect(f"{site.url}/socket", headers=headers)
            assert caught.value.status == status, headers
        async with site.page(good) as page:
            assert (await page.get("project"))["name"] == "project"

    run(work)


def test_private_pages_need_the_cookie(run: Run) -> None:
    async def work(site: Site) -> None:
        for path in ("/pages/docs", "/pages/export"):
            async with site.client.get(f"{site.url}{path}") as answer:
                assert answer.status == 401
                assert await answer.json() == {"error": "open Studio by the address that the terminal shows"}

    run(work)


@pytest.mark.parametrize(
    ("body", "content_type", "origin", "status"),
    [
        (b"{}", "application/json", None, 403),
        (b"{}", "application/json", "http://evil.example", 403),
        (b"token=x", "application/x-www-form-urlencoded", "", 415),
        (b'{"token": "x"}', "text/plain", "", 415),
        (b"[", "application/json", "", 403),
        (b"[" * 900, "application/json", "", 403),
        (b"[]", "application/json", "", 403),
        (b'{"token": 1}', "application/json", "", 403),
        (b'{"token": "\\ud800"}', "application/json", "", 403),
        (b"\xff", "application/json", "", 403),
        (b'{"token": "' + b"x" * 2_000 + b'"}', "application/json", "", 413),
    ],
)
def test_wrong_attempts_to_enter(run: Run, body: bytes, content_type: str, origin: str | None, status: int) -> None:
    async def work(site: Site) -> None:
        headers = {"Content-Type": content_type}
        if origin is not None:
            headers["Origin"] = origin or site.url
        async with site.client.post(f"{site.url}/session", data=body, headers=headers) as answer:
            assert answer.status == status
            assert "Set-Cookie" not in answer.headers
        assert site.access.token == site.token  # it is still good

    run(work)


@pytest.mark.parametrize(
    "path",
    [
        "/../mapping.yaml",
        "/%2e%2e/access.py",
        "/..%2faccess.py",
        "/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/..%5caccess.py",
        "/index.html%00.js",
        "/static/studio.js",
        "//evil.example/",
        "/.git",
    ],
)
def test_only_the_files_of_the_page_are_served(run: Run, path: str) -> None:
    async def work(site: Site) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rpartition(":")[2]))
        host = site.url.removeprefix("http://")
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = (await reader.read()).decode()
        writer.close()
        assert answer.startswith(("HTTP/1.1 404", "HTTP/1.1 400", "HTTP/1.1 403")), answer
        assert "def " not in answer

    run(work)


def test_every_answer_has_the_policy(run: Run) -> None:
    async def work(site: Site) -> None:
        host = site.url.removeprefix("http://")
        nonces = set()
        for path in ("/", "/studio.js", "/nothing", "/socket"):
            async with site.client.get(f"{site.url}{path}") as answer:
                headers = answer.headers
                assert headers["X-Content-Type-Options"] == "nosniff"
                assert headers["Cache-Control"] == "no-store"
                assert headers["Referrer-Policy"] == "no-referrer"
                assert headers["X-Frame-Options"] == "DENY"
                assert not [name for name in headers if name.startswith("Access-Control")]
                rules = dict(one.split(" ", 1) for one in headers["Content-Security-Policy"].split("; "))
                style = rules.pop("style-src")
                assert rules == {
                    "default-src": "'none'",
                    "script-src": "'self'",
                    "img-src": "'self' data:",
                    "font-src": "'self'",
                    "connect-src": f"'self' ws://{host}",
                    "base-uri": "'none'",
                    "form-action": "'none'",
                    "frame-ancestors": "'none'",
                }
                nonces.add(style)
                if path == "/":
                    text = await answer.text()
                    assert style.split("'nonce-")[1][:-1] in text
                    assert "{{" not in text
        assert len(nonces) == 4  # none is used twice

    run(work)


def test_preflight_requests_are_not_allowed(run: Run) -> None:
    async def work(site: Site) -> None:
        headers = {**EVIL, "Access-Control-Request-Method": "POST"}
        async with site.client.options(f"{site.url}/session", headers=headers) as answer:
            assert answer.status == 405
            assert not [name for name in answer.headers if name.startswith("Access-Control")]

    run(work)


WRONG = {"id": None, "error": {"kind": "wrong", "message": "a request has an id, a method and params"}}


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "1", "null", '{"id": 1}', '{"id": "1", "method": "project"}', '{"id": 1, "method": 2}'),
        *('{"id": 1, "method": "project", "params": []}', "[" * 100_000),
    ],
)
def test_messages_that_are_no_requests(run: Run, text: str) -> None:
    async def work(site: Site) -> None:
        async with site.page() as page:
            await page.socket.send_str(text)
            assert await page.socket.receive_json(timeout=60) == WRONG
            assert (await page.refused("nothing"))["message"] == "there is no method 'nothing'"

    run(work)


@pytest.mark.slow
def test_binary_and_huge_messages_end_the_page(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(site: Site) -> None:
        headers = await site.enter()
        async with site.page(headers) as page:
            await page.socket.send_bytes(b"{}")
            assert (await page.socket.receive(timeout=60)).data == 1003
        async with site.page(headers) as page:
            await page.socket.send_str(json.dumps({"id": 1, "method": "project", "params": {"x": "y" * 1_000}}))
            closed = await page.socket.receive(timeout=60)
            assert (closed.type, closed.data) == (WSMsgType.CLOSE, 1009)
        async with site.page(headers) as page:
            assert await page.get("project")

    monkeypatch.setattr(server, "MAX_MESSAGE", 1_000)
    run(work)


def test_too_many_requests_at_once_end_the_page(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(site: Site) -> None:
        async def never(*_: Any) -> None:
            await asyncio.Event().wait()

        site.studio.answer = never  # type: ignore[method-assign, assignment]
        async with site.page() as page:
            for number in range(4):
                await page.socket.send_json({"id": number, "method": "project"})
            closed = await page.socket.receive(timeout=60)
            assert (closed.data, closed.extra) == (1008, "too many requests at once")

    monkeypatch.setattr(server, "_MOST_AT_ONCE", 3)
    run(work)


def test_a_limit_of_pages(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(site: Site) -> None:
        headers = await site.enter()
        async with site.page(headers):
            with pytest.raises(WSServerHandshakeError) as caught:
                await site.client.ws_connect(f"{site.url}/socket", headers=headers)
            assert caught.value.status == 503

    monkeypatch.setattr(server, "_MOST_PAGES", 1)
    run(work)


def test_nobody_else_is_listened_to(run: Run) -> None:
    async def work(site: Site) -> None:
        other = site.url.replace("127.0.0.1", "127.0.0.2")
        with pytest.raises(ClientConnectionError):
            await site.client.get(other)

    run(work)
