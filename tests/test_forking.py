"""A command that is forked is, from outside, the same as one that is started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from moemap.tests import forking

ROOT = Path(__file__).parents[1]
PURCHASE = str(ROOT / "examples" / "purchase.json")
COMMAND = [sys.executable, "-m", "moemap"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="commands are started here")


def real(*words: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """The outcome of a command that is started, not forked, since it has another option of Python."""
    return subprocess.run([sys.executable, "-X", "utf8=0", *words[1:]], capture_output=True, timeout=60, **more)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["transform", "--compact", PURCHASE], None),
        (["transform", "--compact"], b'{"events": []}\n{"events": 1}\n'),
        (["transform", "--compact", "--jobs", "2"], b'{"events": []}\n' * 100),
        (["transform", "no.json"], None),
        (["transform", "\udcff.json"], None),
        (["eval", "a.b", "--input", "-"], b'{"a": {"b": "\xc3\xa9\\ud800"}}'),
        (["check", "--strange"], None),
        ([], None),
        (["config"], None),
        (["--version"], None),
    ],
    ids=lambda given: " ".join(given).encode(errors="replace").decode() if isinstance(given, list) else "",
)
def test_codes_and_outputs_are_the_same(words: list[str], given: bytes | None, tmp_path: Path) -> None:
    (tmp_path / "moemap.toml").write_text('default = "mparticle-moengage"')
    environment = {**os.environ, "NO_COLOR": "1"}
    more: dict[str, Any] = {"cwd": tmp_path, "env": environment, "input": given or b""}
    before = len(forking.started)
    done = subprocess.run([*COMMAND, *words], capture_output=True, timeout=60, **more)
    assert len(forking.started) == before + 1
    expected = real(*COMMAND, *words, **more)
    assert len(forking.started) == before + 1
    assert (done.returncode, done.stdout, done.stderr) == (expected.returncode, expected.stdout, expected.stderr)


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("options", [["-X", "utf8=0"], []], ids=["started", "forked"])
def test_signals_end_it(options: list[str], number: int) -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, *options, "-m", "moemap", "transform", "--compact"]
    before = len(forking.started)
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"events": []}\n')
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"{")
        assert (len(forking.started) > before) == (not options)
        assert os.getpgid(process.pid) == os.getsid(process.pid) == process.pid
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        os.killpg(process.pid, number)
        assert process.wait(20) == -number
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


@pytest.mark.slow
def test_it_is_no_part_of_this_process() -> None:
    """It inherits no file but its standard ones, and a thread that waits for it holds up no other."""
    ours, theirs = os.pipe()
    os.set_inheritable(theirs, True)
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "moemap.tests.fake_destination"]
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe) for _ in range(2)]
    threads = [threading.Thread(target=process.wait) for process in processes]
    for thread in threads:
        thread.start()
    os.close(theirs)
    assert os.read(ours, 1) == b""
    os.close(ours)
    for process, thread in zip(processes, threads, strict=True):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        thread.join(20)
        assert process.returncode == 0
        process.stdout.close()
