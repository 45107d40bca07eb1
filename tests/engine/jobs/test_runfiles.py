"""The files of a run: no existing file is lost, and a run that is ended anywhere can be resumed."""

from __future__ import annotations

import json
import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from moemap.engine.jobs import files, runfiles
from moemap.engine.jobs.files import BusyError, InTheWayError, written_whole
from moemap.engine.jobs.runfiles import ResumeError, RunFiles, State, is_finished, left_over


class Killed(BaseException):
    """Stands in for kill -9."""


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ends a run at its n-th rename or write of the journal; nothing is done after that, as after kill -9."""

    def at(number: int) -> list[str]:
        done: list[str] = []

        def counted(kind: str, call: Any) -> Any:
            def step(*arguments: Any, **options: Any) -> Any:
                if len(done) == number:
                    raise Killed
                done.append(kind)
                return call(*arguments, **options)

            return step

        monkeypatch.setattr(Path, "replace", counted("replace", Path.replace))
        monkeypatch.setattr(Path, "unlink", counted("unlink", Path.unlink))
        monkeypatch.setattr(runfiles, "written_afresh", counted("journal", files.written_afresh))
        monkeypatch.setattr(RunFiles, "_abandon", lambda *_: None)
        return done

    yield at
    monkeypatch.undo()


def a_run(folder: Path, *, rejects: bool = True, **options: bool) -> bool:
    """Writes two pieces, or those that an ended run left to write; returns False if there was nothing left."""
    with ExitStack() as stack:
        run = RunFiles(folder / "out", folder / "rejects" if rejects else None, "same", stack, **options)
        if run.state.is_finished:
            return False
        for number in range(run.state.records, 2):
            run.write(b"output %d\n" % number, b"reject %d\n" % number)
            run.state.records += 1
            run.state.summary.batches += 1
            run.note()
        run.finish()
    return True


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


WHOLE = {"out": "output 0\noutput 1\n", "rejects": "reject 0\nreject 1\n"}


@pytest.mark.parametrize("old", [False, True], ids=["new files", "over older ones"])
def test_a_run_that_is_killed_anywhere_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill: Any, old: bool
) -> None:
    """The run is killed between any two renames or writes of the journal, those of its last step among them."""
    for number in range(100):
        folder = tmp_path / str(number)
        folder.mkdir()
        if old:
            (folder / "out").write_text("an older and longer output\n")
            (folder / "rejects").write_text("older\n")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(runfiles, "JOURNAL_SECONDS", 0)
            kill(number)
            try:
                a_run(folder)
            except Killed:
                pass
            else:
                break
            finally:
                monkeypatch.undo()
        if (folder / "out.journal").exists():
            with pytest.raises(ResumeError, match="an interrupted run left"):
                a_run(folder)
        assert is_finished(folder / "out") == (old and not (folder / "out.journal").exists())
        a_run(folder, resume=True)
        assert content(folder) == WHOLE
        assert is_finished(folder / "out")
    assert number >= 6
    assert content(folder) == WHOLE


def test_what_is_left_is_said_and_not_thrown_away(tmp_path: Path, kill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runfiles, "JOURNAL_SECONDS", 0)
    kill(6)
    with pytest.raises(Killed):
        a_run(tmp_path)
    monkeypatch.undo()
    before = content(tmp_path)
    left = (
        f"{tmp_path}/out: an interrupted run left out.partial (1 batch done); "
        "--resume continues it, --restart starts over"
    )
    assert left_over(tmp_path / "out", None) == left
    with pytest.raises(ResumeError) as raised:
        a_run(tmp_path)
    assert str(raised.value) == left
    assert content(tmp_path) == before
    assert a_run(tmp_path, restart=True)
    assert content(tmp_path) == WHOLE


@pytest.mark.parametrize("option", ["resume", "restart"])
def test_what_was_written_after_the_journal_is_cut_off(
    tmp_path: Path, kill: Any, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """It may be longer than what is written in its place: a compressed file is in other pieces when a run goes on."""
    monkeypatch.setattr(runfiles, "JOURNAL_SECONDS", 0)
    kill(6)
    with pytest.raises(Killed):
        a_run(tmp_path)
    monkeypatch.undo()
    for name in WHOLE:
        with (tmp_path / f"{name}.partial").open("a") as file:
            file.write(f"more of the {name} than the journal says\n")
    assert a_run(tmp_path, **{option: True})
    assert content(tmp_path) == WHOLE


def test_a_partial_file_without_a_journal_is_not_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "rejects.partial").write_text("of mine")
    for resume in (False, True):
        with pytest.raises(ResumeError) as raised:
            a_run(tmp_path, resume=resume)
        assert str(raised.value) == (
            f"{tmp_path}/rejects: rejects.partial is there, and no journal to go on from; --restart writes over it"
        )
        assert content(tmp_path) == {"rejects.partial": "of mine"}
    a_run(tmp_path, restart=True)
    assert content(tmp_path) == WHOLE


def test_a_run_that_is_refused_leaves_nothing(tmp_path: Path, kill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runfiles, "JOURNAL_SECONDS", 0)
    kill(6)
    with pytest.raises(Killed):
        a_run(tmp_path)
    monkeypatch.undo()
    before = content(tmp_path)
    refused = pytest.raises(ResumeError, match="belongs to a run with other inputs, options or rules")
    with refused, ExitStack() as stack:
        RunFiles(tmp_path / "out", tmp_path / "others", "another", stack, resume=True)
    assert content(tmp_path) == before


_JOURNAL = State("same").to_json()
_ODD: list[Any] = [None, -1, 1.5, [1], {}]
_TAMPERED: list[dict[str, Any]] = [
    {**_JOURNAL, "version": 2},
    *({**_JOURNAL, name: value} for name in _JOURNAL for value in _ODD),
    *({**_JOURNAL, "summary": {**_JOURNAL["summary"], name: -1}} for name in _JOURNAL["summary"]),
    {**_JOURNAL, "summary": {**_JOURNAL["summary"], "leaves": {"sent": "x"}}},
    {**_JOURNAL, "summary": {**_JOURNAL["summary"], "unread": [{"place": "", "count": None}]}},
]


@pytest.mark.parametrize(
    "journal", ["", "[]", "{}", '{"fingerprint": "same"}', '{"version": 1}', *map(json.dumps, _TAMPERED)]
)
def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path, journal: str) -> None:
    (tmp_path / "out.journal").write_text(journal)
    for resume in (False, True):
        with pytest.raises(ResumeError) as raised:
            a_run(tmp_path, resume=resume)
        assert str(raised.value) == (f"{tmp_path}/out.journal is not a journal of this version; --restart starts over")
    a_run(tmp_path, restart=True)
    assert content(tmp_path) == WHOLE


def test_a_journal_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runfiles, "MAX_JOURNAL_BYTES", 1_000)
    for text in (json.dumps(_JOURNAL) + " " * 1_000, "[" * 1_001):
        (tmp_path / "out.journal").write_text(text)
        for resume in (False, True):
            with pytest.raises(ResumeError, match="is not a journal of this version; --restart starts over"):
                a_run(tmp_path, resume=resume)


@pytest.mark.parametrize("name", ["out.journal", "out.journal.new"])
def test_a_folder_where_the_journal_is_written_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InTheWayError, match=f"{name} is in the way: it is not a file"):
        a_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_run_that_did_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ExitStack() as stack:
        RunFiles(tmp_path / "out", tmp_path / "rejects", "same", stack)
        raise ZeroDivisionError
    assert content(tmp_path) == {}


def test_a_file_that_another_run_writes_is_not_touched(tmp_path: Path) -> None:
    with ExitStack() as stack:
        run = RunFiles(tmp_path / "out", None, "same", stack)
        run.write(b"kept\n", b"")
        run.state.summary.batches = 1
        for options in ({}, {"resume": True}, {"restart": True}):
            with pytest.raises(BusyError, match="out: another run is writing it"):
                a_run(tmp_path, rejects=False, **options)
        run.finish()
    assert content(tmp_path) == {"out": "kept\n"}


@pytest.mark.parametrize("name", ["out.partial", "rejects.partial"])
@pytest.mark.parametrize("kind", ["a link", "a link to nothing", "a hard link", "a pipe", "a folder"])
def test_what_is_in_the_way_is_not_followed(tmp_path: Path, name: str, kind: str) -> None:
    other, place = tmp_path / "other", tmp_path / name
    if kind != "a link to nothing":
        other.write_text("of mine")
    if kind.startswith("a link"):
        place.symlink_to(other)
    elif kind == "a hard link":
        place.hardlink_to(other)
    elif kind == "a pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    what = {"a hard link": "it has another name too", "a link": "it is a link", "a link to nothing": "it is a link"}
    for restart in (True, False) if kind != "a hard link" else (True,):
        with pytest.raises(InTheWayError) as raised:
            a_run(tmp_path, restart=restart)
        assert str(raised.value) == f"{place} is in the way: {what.get(kind, 'it is not a file')}"
    assert other.exists() == (kind != "a link to nothing")
    assert not other.exists() or other.read_text() == "of mine"
    assert sorted(path.name for path in tmp_path.iterdir() if path != other) == [name]


def test_links_where_the_journal_is_written_are_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("of mine")
    (tmp_path / "out.journal.new").symlink_to(other)
    a_run(tmp_path, rejects=False)
    assert content(tmp_path) == {"other": "of mine", "out": WHOLE["out"]}


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400, 0o666])
def test_a_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(mode)
    with ExitStack() as stack:
        run = RunFiles(path, None, "same", stack)
        assert stat.S_IMODE((tmp_path / "out.partial").stat().st_mode) == mode | 0o600
        assert stat.S_IMODE((tmp_path / "out.journal").stat().st_mode) == 0o600  # it holds parts of what is written
        run.finish()
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")
def test_a_file_keeps_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    os.chown(path, 1234, 4321)
    path.chmod(0o640)
    a_run(tmp_path, rejects=False)
    assert path.read_text() == WHOLE["out"]
    with written_whole(path) as file:
        file.write(b"new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 4321, 0o640)


def test_a_state_is_read_as_it_was_written() -> None:
    state = State("f", False, 1, 2, 3, 4, ["5"], True)
    assert State.from_json(json.loads(json.dumps(state.to_json()))) == state
