"""Recognises file systems on a network, where locks and commits of SQLite do not hold."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["network_filesystem"]

_NETWORK = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.glusterfs", "fuse.juicefs"),
    *("fuse.rclone", "fuse.s3fs", "fuse.sshfs", "fuse.gcsfuse", "fuse.blobfuse2", "glusterfs", "gpfs", "lustre"),
    *("ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs"),
}
MOUNTS = Path("/proc/mounts")


def network_filesystem(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that a path is on; None for other file systems and unknown ones."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    best, found = "", None
    real = os.path.realpath(path)
    for line in lines:
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), parts[1])
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):  # of several at one point, the last one is seen
            best, found = point, parts[2]
    return found if found in _NETWORK else None
