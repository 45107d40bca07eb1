"""moemap works without features that macOS or Windows lack, which are removed before it is imported."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from moemap.tests.commands.delivering import batches, environment, ledger, project, receiver
from moemap.tests.engine.jobs.test_running import batch, mapping

pytestmark = pytest.mark.slow  # each starts processes that import everything

ROOT = Path(__file__).parents[2]
PURCHASE = ROOT / "examples" / "purchase.json"
PRELUDE = """\
import asyncio, builtins, io, multiprocessing, os, select, selectors, signal, stat, sys
def nothing(*_, **__):
    raise OSError("the system cannot tell")
def unknown(*_, **__):
    raise NotImplementedError
sys.modules["fcntl"] = sys.modules["uvloop"] = None
asyncio.SelectorEventLoop.add_signal_handler = asyncio.SelectorEventLoop.remove_signal_handler = unknown
selected = select.select
select.select = lambda *given: (
    selected(*given) if all(stat.S_ISSOCK(os.fstat(one).st_mode) for one in (*given[0], *given[1])) else nothing()
)
selectors.DefaultSelector = selectors.SelectSelector
opened = io.open
io.open = builtins.open = lambda file, *given, **more: (
    nothing() if str(file).startswith("/proc") else opened(file, *given, **more)
)
listdir = os.listdir
os.listdir = lambda path=".": nothing() if str(path).startswith("/proc") else listdir(path)
for module, names in (
    (os, ("fork", "register_at_fork", "getuid", "geteuid", "fchmod", "O_NOFOLLOW", "O_NONBLOCK", "mkfifo")),
    (signal, ("SIGPIPE", "SIGHUP", "SIGALRM", "setitimer", "pthread_sigmask")),
    (select, ("poll", "epoll")),
):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Python finds what it runs when it starts."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "sitecustomize.py").write_text(PRELUDE)
    return folder


@pytest.fixture
def moemap(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command on a system without them."""
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    return [sys.executable, "-m", "moemap"]


def test_they_are_not_there(moemap: list[str]) -> None:
    code = "import os, signal, sys; print(hasattr(os, 'fork'), hasattr(signal, 'SIGHUP'), sys.modules['fcntl'])"
    done = subprocess.run([moemap[0], "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False None\n"


def test_a_run_with_all_its_files(tmp_path: Path, moemap: list[str]) -> None:
    (tmp_path / "in.ndjson").write_text('{"events": []}\n' * 5 + "\n" * 70_000)  # enough for processes
    (tmp_path / "good.json").write_text(json.dumps(batch(6)))
    output, rejects = tmp_path / "out", tmp_path / "rejects"
    arguments = [
        "transform",
        "--mapping",
        mapping(tmp_path),
        str(tmp_path / "good.json"),
        str(tmp_path / "in.ndjson"),
        "--output",
        str(output),
    ]
    for more in (["--jobs", "2"], ["--resume"]):
        command = [*moemap, *arguments, "--rejects", str(rejects), *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "6 batches: 2 requests, 0 skipped, 6 problems" in done.stderr.splitlines()
        assert len(output.read_text().splitlines()) == 6
        assert len(rejects.read_text().splitlines()) == 5
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".partial", ".journal")) == []


def test_a_pipe_and_a_reader_that_goes_away(moemap: list[str]) -> None:
    command = [*moemap, "transform", "--compact"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b'{"events": []}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["requests"] == []
        process.stdout.close()
        process.stdin.write(b'{"events": []}\n')
        process.stdin.close()
        assert process.wait(30) in (141, -13)
        assert process.stderr.read() == b""


MAPPING = "mappings/github-to-chat"
PUSH = f"{MAPPING}/samples/push.json"
OTHERS = [
    ["check"],
    ["test", "-k", "push"],
    ["show"],
    ["compile", "--standalone"],
    ["config"],
    ["diff", "--corpus", PUSH, MAPPING, MAPPING],
    ["docs", MAPPING],
    ["eval", "hook", "--mapping", MAPPING, "--input", PUSH],
    ["explain", "--mapping", MAPPING, PUSH],
    ["lost", "--mapping", MAPPING, "--write-baseline", "baseline.json", PUSH],
    ["new", "orders", "--from-sample", PUSH],
    ["fmt", "--check", MAPPING],
]


@pytest.mark.parametrize("arguments", OTHERS, ids=lambda arguments: arguments[0])
def test_the_other_commands(moemap: list[str], arguments: list[str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "mappings", tmp_path / "mappings")
    project = '[tool.moemap]\nmappings = ["mappings"]\ndefault = "github-to-chat"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    done = subprocess.run([*moemap, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


@pytest.fixture
def url() -> Iterator[str]:
    with receiver() as found:
        yield found


@pytest.fixture
def shop(tmp_path: Path, url: str) -> Path:
    project(tmp_path, url)
    return tmp_path


def test_sending(moemap: list[str], shop: Path, url: str) -> None:
    batches(shop, users=3, each=4)
    live = ["--env", "live"]
    for words, said in (
        (["ping", *live], ""),
        (["send", *live, "--dry-run", "batches.ndjson"], ""),
        (["send", *live, "--rejects", "rejects.ndjson", "batches.ndjson"], "outbox outbox.db: 12 accepted\n"),
        (["outbox", "status"], ""),
        (["outbox", "compact", "--older-than", "7"], ""),
    ):
        done = subprocess.run(
            [*moemap, *words], cwd=shop, env=environment(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
        assert done.stderr.endswith(said)
    assert [one["path"] for one in ledger(url)["effects"]] == ["/ping", *["/event"] * 12]


def test_a_service_that_ends_at_ctrl_c(moemap: list[str], shop: Path, url: str) -> None:
    words = ["serve", "--env", "live", "--port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen([*moemap, *words], cwd=shop, env=environment(), stderr=pipe, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("Listening at "), line + process.stderr.read()
        batch = json.dumps({"id": "1", "user": "u", "events": [{"number": 1}]}).encode()
        address = f"{line.split()[-1]}/v1/batches"
        request = urllib.request.Request(address, batch, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 202
        until = time.monotonic() + 20
        while not (effects := ledger(url)["effects"]) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        left = process.stderr.read()
        assert (process.wait(30), "Traceback" in left) == (0, False), left
    assert [effect["element"]["number"] for effect in effects] == [1]


def test_a_standalone_module_as_a_filter(tmp_path: Path, moemap: list[str]) -> None:
    made = tmp_path / "standalone.py"
    subprocess.run([*moemap, "compile", "--standalone", "-o", str(made)], check=True, capture_output=True)
    command = [moemap[0], str(made)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        print('{"events": []}', file=process.stdin, flush=True)
        assert json.loads(process.stdout.readline())["requests"] == []  # while the input is open
        process.stdin.close()
        assert process.stderr.read() == ""
