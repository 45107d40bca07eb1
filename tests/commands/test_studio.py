"""`moemap studio`: its server, its output, and its end."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from moemap.tests.engine.studio.conftest import MAIN, MAPPING, write_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    write_project(folder)
    return folder


@contextmanager
def studio(*arguments: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A Studio that runs, and the first line it printed."""
    command = [sys.executable, "-m", "moemap", "studio", "--no-browser", *arguments]
    with subprocess.Popen(command, cwd=cwd, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield process, process.stderr.readline().strip()
        finally:
            process.kill()


def enter(url: str, token: str) -> int:
    """The status of an attempt to enter."""
    headers = {"Content-Type": "application/json", "Origin": url}
    request = urllib.request.Request(f"{url}/session", json.dumps({"token": token}).encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
def test_the_address_opens_one_browser(root: Path) -> None:
    with studio(cwd=root) as (process, line):
        match = re.fullmatch(r"Studio is at (http://127\.0\.0\.1:\d+)/#([\w-]{43})", line)
        assert match
        assert [enter(match[1], "wrong"), enter(match[1], match[2]), enter(match[1], match[2])] == [403, 204, 403]
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        rest = process.stderr.read()
        assert match[2] not in rest  # it is printed once, and logged nowhere
        assert process.wait() == 0


@pytest.mark.slow
def test_edits_that_are_not_saved_are_not_lost_by_accident(root: Path) -> None:
    async def edit(url: str, token: str) -> None:
        origin = {"Origin": url}
        async with aiohttp.ClientSession() as client:
            async with client.post(f"{url}/session", json={"token": token}, headers=origin) as answer:
                cookie = next(iter(answer.cookies.values()))
            headers = {**origin, "Cookie": f"{cookie.key}={cookie.value}"}
            async with client.ws_connect(f"{url}/socket", headers=headers) as socket:
                await socket.send_json({"id": 1, "method": "edit", "params": {"path": MAIN, "text": "name: mine"}})
                while (await socket.receive_json()).get("id") != 1:
                    pass

    with studio(cwd=root) as (process, line):
        assert process.stderr is not None
        url, _, token = line.removeprefix("Studio is at ").partition("/#")
        asyncio.run(edit(url, token))
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == "The address opens one browser. Ctrl-C ends Studio.\n"
        assert process.stderr.readline() == f"Not saved: {MAIN}. Press Ctrl-C again to give that up.\n"
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert (root / MAIN).read_text() == MAPPING


@pytest.mark.slow
def test_a_token_file_is_private_and_is_written_anew(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    with studio(".", "--token-file", str(file), cwd=root) as (process, line):
        match = re.fullmatch(r"Studio is at (http://127\.0\.0\.1:\d+)/", line)
        assert match
        assert file.stat().st_mode & 0o777 == 0o600
        first = file.read_text().strip()
        assert enter(match[1], first) == 204
        second = file.read_text().strip()
        assert second != first
        assert [enter(match[1], first), enter(match[1], second)] == [403, 204]
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert not file.exists()


@pytest.mark.slow
def test_a_port_that_is_in_use(root: Path) -> None:
    with studio(cwd=root) as (_, line):
        port = line.rpartition(":")[2].partition("/")[0]
        with studio("--port", port, cwd=root) as (process, first):
            assert process.wait() == 2
            assert process.stderr is not None
            assert "Error" in first + process.stderr.read()


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "moemap", "studio", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.mark.slow
def test_export(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "state.html"
    assert run("--export", str(file), cwd=root).returncode == 0
    assert "<title>shop 1.0.0</title>" in file.read_text()
    assert "u7" not in file.read_text()
    assert run("shop/mapping.yaml", "--export", str(file), "--show-values", cwd=root).returncode == 0
    assert "u7" in file.read_text()


@pytest.mark.slow
def test_export_needs_a_mapping_that_can_be_used(root: Path, tmp_path: Path) -> None:
    (root / "shop" / "mapping.yaml").write_text("language: 1\nname: [")
    done = run("--export", str(tmp_path / "state.html"), cwd=root)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the mapping has errors: see the findings" in done.stderr
    assert not (tmp_path / "state.html").exists()


def test_wrong_use(root: Path) -> None:
    assert run("nothing", cwd=root).returncode == 2
    assert run("--port", "70000", cwd=root).returncode == 2
