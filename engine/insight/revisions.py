"""Reads the files of an earlier revision from Git."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["RevisionError", "checked_out"]


class RevisionError(ValueError):
    """A revision cannot be read; the message says why."""


@contextmanager
def checked_out(path: Path, revision: str) -> Iterator[Path]:
    """The file or folder `path` as it was in a revision of its repository, in a temporary folder.

    All files of the revision are there, since a mapping may refer to them. Raises RevisionError.
    """
    where = path.resolve()
    folder = where if where.is_dir() else where.parent
    if revision.startswith("-"):
        raise RevisionError(f"{revision!r} is no revision")
    top = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel")).removesuffix("\n"))
    commit = _git(top, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    with TemporaryDirectory(prefix="moemap-") as temporary:
        with tarfile.open(fileobj=io.BytesIO(_git(top, "archive", "--format=tar", commit))) as archive:
            _extract(archive, Path(temporary))
        (Path(temporary) / ".moemap").touch()  # a project of its own: nothing outside of it is read
        found = Path(temporary) / where.relative_to(top)
        if not found.exists():
            raise RevisionError(f"{path} does not exist in {revision}")
        yield found


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Writes the files and links of an archive, without those that lead out of the folder.

    A mapping may not refer to what is there. (The filters of tarfile came with Python 3.11.4.)
    """
    members = [member for member in archive if not {"", ".."} & {*member.name.split("/")}]
    for member in members:
        path = folder / member.name
        if member.isdir():
            path.mkdir(parents=True, exist_ok=True)
        elif content := archive.extractfile(member) if member.isfile() else None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())
    links = {folder / member.name: member.linkname for member in members if member.issym()}
    for link, target in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # where the system makes no links
            link.symlink_to(target)
    top = os.path.realpath(folder)
    # Looked for once all are there, since links can lead through each other.
    for link in [link for link in links if os.path.commonpath([top, os.path.realpath(link)]) != top]:
        link.unlink(missing_ok=True)


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        command = ["git", "-C", str(folder), *arguments]
        # In hooks, Git names its repository, and takes each folder for the top of its files.
        hidden = () if "GIT_WORK_TREE" in os.environ else ("GIT_DIR", "GIT_PREFIX")
        own = {name: value for name, value in os.environ.items() if name not in hidden} | {"LC_ALL": "C"}
        done = subprocess.run(command, capture_output=True, check=False, env=own)  # noqa: S603  no shell; the revision is a commit
    except FileNotFoundError:
        raise RevisionError("git is not installed") from None
    if done.returncode:
        raise RevisionError(_reason(done.stderr.decode(errors="replace")) or f"git {arguments[0]} failed")
    return done.stdout


def _reason(output: str) -> str:
    """The error in the output of Git, which warnings may precede and advice may follow; else the last line."""
    lines = output.strip().splitlines()
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    return [*fatal, *lines[-1:], ""][0]
