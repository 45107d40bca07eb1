"""File systems on a network are recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from moemap.engine.delivery import sqlite as files
from moemap.engine.delivery.entries import OutboxError
from moemap.engine.delivery.filesystems import network_filesystem
from moemap.engine.delivery.outbox import Outbox

MOUNTS = r"""
/dev/vda / ext4 rw 0 0
server:/x /mnt/share nfs4 rw 0 0
/dev/vdb /mnt/share/local xfs rw 0 0
host /mnt/two\040words fuse.sshfs rw 0 0
odd
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/a", None),
        ("/mnt/share", "nfs4"),
        ("/mnt/share/deep/er", "nfs4"),
        ("/mnt/shared", None),
        ("/mnt/share/local/a", None),
        ("/mnt/two words/a", "fuse.sshfs"),
    ],
)
def test_the_nearest_mount_counts(tmp_path: Path, path: str, kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert network_filesystem(Path(path), mounts) == kind


def test_a_system_that_lists_no_mounts_is_believed(tmp_path: Path) -> None:
    assert network_filesystem(tmp_path, tmp_path / "none") is None


def test_an_outbox_cannot_lie_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "network_filesystem", lambda _: "nfs4")
    path = tmp_path / "outbox.db"
    with pytest.raises(OutboxError) as raised:
        Outbox(path)
    wanted = f"{path}: an outbox cannot lie on a network file system (nfs4); choose a local disk"
    assert (str(raised.value), path.exists()) == (wanted, False)
