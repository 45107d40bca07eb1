"""Files are written whole or not at all."""

import sys
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


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits of file sizes")
def test_a_file_that_cannot_be_made_or_written_is_named_by_the_name_it_was_to_have(tmp_path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "folder").mkdir()
    for name, text, reason in [
        ("out", b"a" * 5000, "File too large"),
        ("none/out", b"", "No such file or directory"),
        ("folder", b"", "Is a directory"),
    ]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as of a full disk
        try:
            with pytest.raises(OSError, match=reason) as caught, written_whole(tmp_path / name) as file:
                file.write(text)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert caught.value.filename == str(tmp_path / name)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]
