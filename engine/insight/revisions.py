"""Reads the files of an earlier revision from Git."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
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
            archive.extractall(temporary, filter=_inside)  # noqa: S202  which stays in the folder
        (Path(temporary) / ".moemap").touch()  # a project of its own: nothing outside of it is read
        found = Path(temporary) / where.relative_to(top)
        if not found.exists():
            raise RevisionError(f"{path} does not exist in {revision}")
        yield found


def _inside(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Leaves out links that lead out of the folder: a mapping may not refer to what is there."""
    try:
        return tarfile.data_filter(member, folder)
    except tarfile.FilterError:
        return None


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
