"""`moemap new` and `moemap import`: folders appear whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {
    "new": ["new", "some/shop"],
    "import": ["import", "rudderstack", "TrackConfig.json", "-o", "some/shop"],
}
KILLED = """\
import os, signal, sys
from moemap.cli import main
from moemap.engine.authoring import starting
from moemap.engine.jobs import files
from moemap.importers import drafts

left = int(sys.argv.pop(1))
whole = files.written_whole

def write(path, *rest):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return whole(path)

starting.written_whole = drafts.written_whole = write
sys.argv[0] = "moemap"
main()
"""


def run(*words: str, after: int = 1000) -> subprocess.CompletedProcess[str]:
    """Runs a command in a process that is killed when it has written so many files."""
    return subprocess.run([sys.executable, "-c", KILLED, str(after), *words], capture_output=True, text=True)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    entries = [{"destKey": "name", "sourceKeys": "properties.name"}]
    Path("TrackConfig.json").write_text(json.dumps(entries), "utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize(("command", "after"), [("new", 0), ("new", 3), ("new", 6), ("import", 1)])
def test_a_process_that_is_killed_leaves_no_part_of_a_folder(command: str, after: int, *, is_there: bool) -> None:
    if is_there:
        Path("some/shop").mkdir(parents=True)
    killed = run(*COMMANDS[command], after=after)
    assert killed.returncode == -9, killed.stderr
    assert Path("some/shop").exists() is is_there
    assert not [path for path in Path("some").glob("shop/*") if not path.name.startswith(".new-")]
    again = run(*COMMANDS[command])
    assert again.returncode == 0, again.stderr
    assert Path("some/shop/mapping.yaml").exists()
    assert run("check", "some").stdout.endswith("no problems\n")


@pytest.mark.slow
def test_the_folder_has_the_usual_permissions() -> None:
    mask = os.umask(0o022)
    try:
        assert run("new", "shop").returncode == 0
    finally:
        os.umask(mask)
    assert [path.stat().st_mode & 0o777 for path in (Path("shop"), Path("shop/mapping.yaml"))] == [0o755, 0o644]
    assert sorted(path.name for path in Path().iterdir()) == ["TrackConfig.json", "shop"]


@pytest.mark.slow
def test_a_failure_names_the_folder_that_was_to_be_made() -> None:
    Path("some").write_text("a file", "utf-8")
    done = run("new", "some/shop")
    assert done.returncode == 2
    assert done.stderr == "Error: some/shop: Not a directory\n"


def test_files_that_are_written_are_named_in_printable_letters() -> None:
    done = run("new", "a\u202e\x1b[2Jb/shop")
    assert done.returncode == 0
    assert "written: a\\u202e\\u001b[2Jb/shop/mapping.yaml\n" in done.stdout
