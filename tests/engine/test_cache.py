"""Compiled mappings from the cache: as if compiled now, and nobody else's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moemap.engine import cache, program
from moemap.engine.api import load
from moemap.engine.program import open_program

MAPPING = "mparticle-moengage"
BATCH: dict[str, Any] = {
    "user_identities": {"customer_id": "cust-1"},
    "user_attributes": {"mixed": ["a", 1], "$City": None, "plan": "gold"},
    "events": [{"event_type": "custom_event", "data": {"event_name": "seen"}}, {"event_type": "screen_view"}],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = cache.folder()
    assert folder is not None
    return folder


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the mappings that are compiled."""
    made: list[str] = []
    compiled = program._compiled

    def counted(rulebook: Any) -> cache.Entry:
        made.append(rulebook.name)
        return compiled(rulebook)

    monkeypatch.setattr(program, "_compiled", counted)
    return made


def result(made: program.Program) -> Any:
    return json.dumps(made.transform(BATCH).to_json())


def test_the_second_time_comes_from_the_cache(folder: Path, compilations: list[str]) -> None:
    expected = json.dumps(load(MAPPING).explain(BATCH)[0].to_json())
    first, second = open_program(MAPPING, {}), open_program(MAPPING, {})
    assert (result(first), result(second), len(compilations)) == (expected, expected, 1)
    assert (first.digest, first.delivery) == (second.digest, second.delivery)
    assert [path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())] == [0, 0]


def test_a_cached_run_imports_little(folder: Path, tmp_path: Path) -> None:
    open_program(MAPPING, {})
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps(BATCH))
    libraries = "yaml jmespath jinja2 jsonschema jsonschema_rs referencing rich"
    libraries += " zstandard tempfile gzip glob multiprocessing"
    stages = "api blame checks compiler.mapping conform golden interpreter loader pages prove report rules show source"
    heavy = {*libraries.split(), *(f"moemap.engine.{stage}" for stage in (*stages.split(), "workers"))}
    code = (
        "import sys; from moemap.cli import main\n"
        f"try: main(['transform', {str(batch)!r}])\n"
        "except SystemExit as ending: assert not ending.code, ending.code\n"
        "print(*sys.modules)\n"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.returncode, heavy & set(done.stdout.splitlines()[-1].split())) == (0, set()), done.stderr


def test_settings_bulk_and_folders_are_told_apart(folder: Path, compilations: list[str], tmp_path: Path) -> None:
    open_program(MAPPING, {})
    open_program(MAPPING, {"identity": "email"})
    open_program(MAPPING, {}, bulk=True)
    assert len(compilations) == len(list(folder.iterdir())) == 3


def test_a_changed_file_is_compiled_again(folder: Path, compilations: list[str], tmp_path: Path) -> None:
    copy = tmp_path / "mappings" / "own" / "v1"
    shutil.copytree(Path(program.__file__).parents[1] / "mappings" / MAPPING / "v1", copy)
    open_program(str(copy), {})
    open_program(str(copy), {})
    user = copy / "user.yaml"
    user.write_text(
        user.read_text().replace("get_ignore_case(attributes, '$City')", "get_ignore_case(attributes, '$Town')")
    )
    made = open_program(str(copy), {})
    assert len(compilations) == 2
    town = {**BATCH, "user_attributes": {"$Town": "Lyon"}}
    assert made.transform(town).requests[0].body["attributes"]["City"] == "Lyon"


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder, path: folder.chmod(0o777),
        lambda folder, path: path.chmod(0o666),
        lambda folder, path: damaged(path),
        lambda folder, path: path.write_bytes(b""),
        lambda folder, path: path.write_bytes(b"moemap compiled mapping 0\n"),
        lambda folder, path: (path.rename(folder / "else"), path.symlink_to("/nowhere")),
    ],
    ids=["folder open to all", "entry open to all", "damaged", "empty", "another format", "a link to nothing"],
)
def test_what_cannot_be_trusted_is_refused(
    folder: Path, compilations: list[str], spoil: Callable[[Path, Path], object]
) -> None:
    expected = result(open_program(MAPPING, {}))
    (path,) = folder.iterdir()
    spoil(folder, path)
    assert (result(open_program(MAPPING, {})), len(compilations)) == (expected, 2)


def test_another_user_s_entry_is_refused(
    folder: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_program(MAPPING, {})
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    open_program(MAPPING, {})
    assert len(compilations) == 2


def test_a_cache_that_cannot_be_written_is_no_error(
    tmp_path: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    open_program(MAPPING, {})
    assert compilations == [MAPPING]


def test_a_home_that_is_no_place_has_no_cache(
    tmp_path: Path, compilations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "relative")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    open_program(MAPPING, {})
    assert (compilations, cache.folder(), list(tmp_path.iterdir())) == ([MAPPING], None, [])


def test_processes_at_the_same_time(folder: Path) -> None:
    command = [sys.executable, "-m", "moemap.cli", "transform", "--compact", "-"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder.parent)}
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe) for _ in range(4)]
    outputs = {process.communicate(json.dumps(BATCH).encode())[0] for process in processes}
    assert len(outputs) == 1
    assert len(list(folder.iterdir())) == 1


def test_only_the_newest_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_ENTRIES", 3)
    for number in range(5):
        cache.store(str(number), cache.Entry({}, {}, None))
        os.utime(folder / str(number), ns=(number, number))
    cache.store("last", cache.Entry({}, {"a": 1}, None))
    assert sorted(path.name for path in folder.iterdir()) == ["3", "4", "last"]
    assert cache.load("last") == cache.Entry({}, {"a": 1}, None)
    assert cache.load("never") is None
