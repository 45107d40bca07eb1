"""Texts stand for the contents of files, and it is known which files were used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from moemap.engine.source import contents
from moemap.engine.source.contents import content, stamp, unsaved, used
from moemap.engine.source.paths import is_file


def test_a_text_stands_for_a_file(tmp_path: Path) -> None:
    file, new = tmp_path / "a.yaml", tmp_path / "new.yaml"
    file.write_text("on the disk")
    (tmp_path / "link.yaml").symlink_to(file)
    with unsaved({file: "unsaved", new: "new"}):
        assert content(file) == content(tmp_path / "link.yaml") == b"unsaved"
        assert content(file, 2) == b"un"
        assert (contents.size(file), contents.size(new), is_file(new)) == (7, 3, True)
        with unsaved({file: "again \ud800"}):
            assert content(file) == b"again \xed\xa0\x80"
            assert content(new) == b"new"
        assert content(file) == b"unsaved"
    assert content(file) == b"on the disk"
    assert not is_file(new)
    with pytest.raises(FileNotFoundError):
        content(new)


def test_used_files_have_stamps(tmp_path: Path) -> None:
    file, new = tmp_path / "a.yaml", tmp_path / "new.yaml"
    file.write_text("on the disk")
    with used() as outer:
        with unsaved({file: "unsaved"}), used() as found:
            content(file)
            assert not is_file(new)
        assert found == {str(file): b"unsaved", str(new): None}
    assert outer == found
    before = stamp(file)
    assert before == stamp(str(file))
    os.utime(file, (1, 1))
    assert before != stamp(file)
