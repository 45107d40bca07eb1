"""How the process of the command ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each starts processes of its own

MOEMAP = f"{sys.executable} -m moemap.cli"
PURCHASE = Path(__file__).parents[1] / "examples" / "purchase.json"


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


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Processes that are started die of Ctrl-C, even where these tests run in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
        process.stdin.write(lines)
        if jobs > 1:
            process.stdin.close()  # several units are under way before the first one is asked for
        else:
            process.stdin.flush()
        assert process.stdout.read(1) == b"{"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.wait(10) == -signal.SIGINT
        assert process.stderr.read().strip() == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no such device")
@pytest.mark.parametrize("arguments", [f"transform {PURCHASE}", "compile", "show", "--help"])
def test_a_full_disk_is_named(arguments: str) -> None:
    code, text = shell(f"{MOEMAP} {arguments} > /dev/full")
    assert (code, text.splitlines()[-1]) == (2, "Error: standard output: No space left on device")


@pytest.mark.parametrize("arguments", [f"transform {PURCHASE}", "show"])
def test_a_standard_output_that_is_closed_is_named(arguments: str) -> None:
    code, text = shell(f"{MOEMAP} {arguments} >&-")
    assert (code, text.splitlines()[-1]) == (2, "Error: standard output is closed")


def test_a_standard_input_that_is_closed_is_named() -> None:
    code, text = shell(f"{MOEMAP} transform <&-")
    assert (code, text.splitlines()[-1]) == (2, "Error: standard input is closed")


def test_a_standard_error_that_takes_nothing() -> None:
    assert shell(f"{MOEMAP} transform {PURCHASE} 2>&-")[0] == 0
    assert shell(f"{MOEMAP} transform {PURCHASE} 2>/dev/full")[0] == 2
