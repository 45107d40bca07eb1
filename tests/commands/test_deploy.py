"""The files of examples/deploy: their commands are run, with the paths and the port of the test."""

from __future__ import annotations

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from moemap.tests.commands.delivering import environment, project

DEPLOY = Path(__file__).parents[2] / "examples" / "deploy"
COMMAND = [sys.executable, "-m", "moemap"]

pytestmark = pytest.mark.slow


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, in order."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def unit() -> dict[str, str]:
    """The settings of the systemd unit; of several with one name, the last."""
    text = (DEPLOY / "moemap.service").read_text("utf-8").replace("\\\n", " ")
    return dict(line.split("=", 1) for line in text.splitlines() if re.match(r"\w+=", line))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serve(
    command: list[str], arguments: list[str], folder: Path, port: int, *, health: list[str] | None, stop: int
) -> None:
    """Runs a service by a file of examples/deploy, checks its health, sends it a batch, and ends it."""
    project(folder, "http://127.0.0.1:1")
    words = [one.replace("/var/lib/moemap", str(folder)) for one in arguments]
    options = [] if "--host" in words else ["--host", "127.0.0.1"]
    variables = {**environment(), "INTAKE_TOKEN": "agreed"}
    process = subprocess.Popen(
        [*command, *words, *options, "--port", str(port), "--mapping", "shop"],
        cwd=folder,
        env=variables,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process:
        line = process.stderr.readline()
        assert line.startswith("Listening at "), line + process.stderr.read()
        if health is not None:
            assert subprocess.run(health, check=False).returncode == 0
        headers = {"Content-Type": "application/json", "Authorization": "Token agreed"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/batches", b'{"id": "1"}', headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert (answer.status, json.load(answer)["inputs"]) == (202, 1)
        process.send_signal(stop)
        until = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        assert process.returncode == 0, process.stderr.read()
    assert (folder / "outbox.db").exists()


def image_command(port: int, python: str) -> tuple[list[str], list[str]]:
    """The command of the image, and that which checks its health at another port."""
    found = dict(instructions())
    health = [python if word == "python" else word for word in json.loads(found["HEALTHCHECK"].split(" ", 1)[1])]
    assert found["EXPOSE"] == "8080"
    command = [*json.loads(found["ENTRYPOINT"]), *json.loads(found["CMD"])]
    return command, [word.replace(":8080", f":{port}") for word in health]


def test_the_image_runs_a_service_that_is_well(tmp_path: Path) -> None:
    """`make test-image` builds it by its own steps."""
    command, health = image_command(port := free_port(), sys.executable)
    assert command[0] == "/opt/moemap/bin/moemap"
    stop = signal.Signals[dict(instructions())["STOPSIGNAL"]]
    serve(COMMAND, command[1:], tmp_path, port, health=health, stop=stop)


def test_the_unit_runs_a_service(tmp_path: Path) -> None:
    command = shlex.split(unit()["ExecStart"])
    assert command[0] == "/opt/moemap/bin/moemap"
    serve(COMMAND, command[1:], tmp_path, free_port(), health=None, stop=signal.SIGTERM)


def test_the_compose_file_builds_the_image_and_shows_its_port() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    service = composed["services"]["moemap"]
    build = service["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert service["ports"] == ["127.0.0.1:8080:8080"]
    assert set(service["secrets"]) == set(composed["secrets"])
    assert [volume.split(":")[1] for volume in service["volumes"]] == ["/etc/moemap/moemap.toml", "/var/lib/moemap"]
