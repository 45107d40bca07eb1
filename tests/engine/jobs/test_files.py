"""Files are written whole or not at all."""

from pathlib import Path

import pytest

from moemap.engine.jobs.files import BusyError, locked, written_whole


def test_takes_the_place_of_the_old_file_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o640)
    with written_whole(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_leaves_nothing_where_it_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), written_whole(tmp_path / "out") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_written_directly() -> None:
    with written_whole(Path("/dev/null")) as file:
        file.write(b"x")
    assert Path("/dev/null").is_char_device()


def test_a_locked_file_is_nobody_else_s(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with locked(path) as file:
        file.write(b"kept")
        file.flush()
        with pytest.raises(BusyError):
            locked(path)
        path.rename(tmp_path / "finished")
        with locked(path) as other:
            assert other.read() == b""
    with locked(tmp_path / "finished") as file:
        assert file.read() == b"kept"
