"""The end of the command's process."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

pytestmark = pytest.mark.slow  # each starts processes of its own

MOEMAP = f"{sys.executable} -m moemap.cli"
PURCHASE = Path(__file__).parents[2] / "examples" / "purchase.json"


def shell(command: str) -> tuple[int, str]:
    """The exit code as a shell counts it, and standard error."""
    done = subprocess.run(["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [f"transform {PURCHASE} {PURCHASE} {PURCHASE} --pretty", "compile", "show", "--help", "transform --help"],
)
def test_a_reader_that_goes_away_is_141_without_a_word(arguments: str) -> None:
    assert shell(f"{MOEMAP} {arguments} | true; exit ${{PIPESTATUS[0]}}") == (141, "")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_line_in_is_a_line_out_while_the_input_stays_open(jobs: int) -> None:
    command = [*MOEMAP.split(), "transform", "--compact", "--jobs", str(jobs)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(b'{"events": []}\n')
            assert select.select([process.stdout], [], [], 30)[0]
            assert process.stdout.read(1 << 16).endswith(b"]}\n")


def feed(pipe: IO[bytes], lines: bytes, close: bool) -> None:
    """Writes to a process as long as it reads; with `close`, closes the pipe afterwards."""
    with suppress(BrokenPipeError):
        pipe.write(lines)
        pipe.close() if close else pipe.flush()


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("count", "jobs"),
    [(30, 1), (3000, 1), (3000, 2)],
    ids=["waiting for input", "waiting for a reader", "several processes"],
)
def test_ctrl_c_is_130_without_a_word(count: int, jobs: int) -> None:
    lines = (b'{"events": [%s]}\n' % (b" " * (540_000 // count))) * count  # a little more than one unit of work
    pipe = subprocess.PIPE
    command = [*MOEMAP.split(), "transform", "--compact", "--jobs", str(jobs)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        # The process reads no more while nobody reads its output.
        writer = threading.Thread(target=feed, args=(process.stdin, lines, jobs > 1))
        writer.start()
        assert process.stdout.read(1) == b"{"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.wait(30) == -signal.SIGINT
        assert process.stderr.read().strip() == b""
        writer.join()


@pytest.mark.parametrize(("ignored", "code"), [(False, -signal.SIGINT), (True, 7)], ids=["taken", "ignored"])
@pytest.mark.usefixtures("interruptible", "imported_anew")
def test_ctrl_c_while_modules_are_loaded_is_without_a_word(tmp_path: Path, ignored: bool, code: int) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nos._exit(7)\n")
    start = (lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignored else None  # as after nohup
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(MOEMAP.split(), env=environment, preexec_fn=start, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_names_what_goes_on(tmp_path: Path) -> None:
    output, journal = tmp_path / "out", tmp_path / "out.journal"
    (tmp_path / "in.ndjson").write_bytes(b'{"events": []}\n' * 300_000)
    command = [*MOEMAP.split(), "transform", "--compact", str(tmp_path / "in.ndjson"), "--output", str(output)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while process.poll() is None and (not journal.exists() or b'"batches":0' in journal.read_bytes()):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr is not None
        said = process.stderr.read().strip()
    assert process.returncode == -signal.SIGINT
    done = json.loads(journal.read_bytes())["summary"]["batches"]
    assert said == (
        f"{output}: an interrupted run left out.partial ({done} batches done); "
        "--resume continues it, --restart starts over"
    )


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_says_where_nothing_can_go_on(tmp_path: Path) -> None:
    output, partial = tmp_path / "out", tmp_path / "out.partial"
    command = [*MOEMAP.split(), "transform", "--compact", "--output", str(output)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stderr=pipe, start_new_session=True) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b'{"events": []}\n' * 1_000)
        process.stdin.flush()
        while process.poll() is None and not (partial.exists() and partial.stat().st_size):
            time.sleep(0.01)
        time.sleep(0.5)  # what is written counts a moment later: before, there is nothing to go on from
        os.killpg(process.pid, signal.SIGINT)
        said = process.stderr.read().decode()
    assert said.endswith(" done); its input cannot be read again, --restart starts over\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no such device")
@pytest.mark.parametrize("arguments", [f"transform {PURCHASE}", "compile", "show", "--help"])
def test_a_full_disk_is_named(arguments: str) -> None:
    code, text = shell(f"{MOEMAP} {arguments} > /dev/full")
    assert (code, text.splitlines()[-1]) == (2, "Error: standard output: No space left on device")


@pytest.mark.parametrize("arguments", [f"transform {PURCHASE}", "show"])
def test_a_standard_output_that_is_closed_is_named(arguments: str) -> None:
    code, text = shell(f"{MOEMAP} {arguments} >&-")
    assert (code, text.splitlines()[-1]) == (2, "Error: standard output is closed")


@pytest.mark.parametrize("arguments", ["transform", "transform -", "lost -"])
def test_a_standard_input_that_is_closed_is_named(arguments: str) -> None:
    code, text = shell(f"{MOEMAP} {arguments} <&-")
    assert (code, text.splitlines()[-1]) == (2, "Error: standard input is closed")


def test_a_standard_error_that_takes_nothing() -> None:
    assert shell(f"{MOEMAP} transform {PURCHASE} 2>&-")[0] == 0
    assert shell(f"{MOEMAP} transform {PURCHASE} 2>/dev/full")[0] == 2


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals of this kind here")
def test_results_on_a_terminal_hold_nothing_that_it_obeys(tmp_path: Path) -> None:
    batch = tmp_path / "batch.json"
    evil = "a\x9b2J\u202eb"
    content = {"user_identities": {"customer_id": "cust-1"}, "user_attributes": {"plan": evil}}
    batch.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    ours, theirs = os.openpty()
    for format_ in ("requests", "curl"):
        command = [sys.executable, "-m", "moemap.cli", "transform", "--compact", "--format", format_, str(batch)]
        subprocess.run(command, stdout=theirs, stderr=subprocess.DEVNULL, check=True)
        shown = os.read(ours, 10_000).decode()
        assert r"a\u009b2J\u202eb" in shown
        assert shown.replace("\r\n", "").isprintable()
    os.close(ours)
    os.close(theirs)
