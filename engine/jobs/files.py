"""Files that are written atomically, and the real files behind paths to write to."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = [
    "STDOUT",
    "BusyError",
    "InTheWayError",
    "is_plain",
    "is_stdout",
    "keep_permissions",
    "locked",
    "naming",
    "opened_directly",
    "real_path",
    "written_afresh",
    "written_whole",
]

STDOUT = Path("/dev/stdout")
_STDOUT_NAMES = (STDOUT, Path("/dev/fd/1"), Path("/proc/self/fd/1"))
_BINARY = getattr(os, "O_BINARY", 0)  # otherwise Windows would change line ends
_ITSELF = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Flags to open a file itself, not the target of a link, and without waiting for the other end of a pipe."""

_FRESH = ".new-"
"""The names begin with it that files have while they are written."""


class BusyError(RuntimeError):
    """A file is in use by another run."""


class InTheWayError(RuntimeError):
    """Something that is never overwritten stands where a file is to be written; the text says what."""


def is_stdout(path: Path) -> bool:
    """Returns whether a path is the standard output of this process.

    It is never opened again: it may be a file that others have written to before.
    """
    return path in _STDOUT_NAMES


def real_path(path: Path) -> Path:
    """The file that a path leads to, so that writing to it keeps a link."""
    return Path(os.path.realpath(path)) if path.is_symlink() and not _is_device(path) else path


def is_plain(path: Path) -> bool:
    """Returns whether a path is a regular file, or will be one; devices and pipes are written to directly."""
    return not is_stdout(path) and not _is_device(path) and (path.is_file() or not path.exists())


def _is_device(path: Path) -> bool:
    """Returns whether a path is a device: `/dev/stdout` is one wherever it leads; what is in `/dev/shm` is a file."""
    root, top, below = (*path.absolute().parts[:3], "", "")[:3]
    return root == "/" and (top == "proc" or (top == "dev" and below != "shm"))


def opened_directly(path: Path) -> BinaryIO:
    """Opens a device or a pipe for writing. Nothing is created or truncated."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | _BINARY), "wb")


def locked(path: Path) -> BinaryIO:
    """Opens a file for reading and writing, creating it if needed, and locks it as long as it is open.

    The lock ends with the process. Raises BusyError if another process holds it, OSError, and InTheWayError if the path
    is a link or anything else but a regular file with one name.
    """
    while True:
        if path.is_symlink():
            raise InTheWayError(f"{path} is in the way: it is a link")
        _no_folder(path)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY | _ITSELF, 0o666)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            os.close(descriptor)
            what = "it has another name too" if stat.S_ISREG(status.st_mode) else "it is not a file"
            raise InTheWayError(f"{path} is in the way: {what}")
        file = os.fdopen(descriptor, "r+b")
        try:
            _lock(file)
        except OSError:
            file.close()
            raise BusyError(f"{path} is in use") from None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(path), os.fstat(file.fileno())):
                return file
        file.close()  # its previous owner has just renamed it


def _no_folder(path: Path) -> None:
    """Raises InTheWayError if a folder, not a link to one, has this path."""
    if path.is_dir() and not path.is_symlink():
        raise InTheWayError(f"{path} is in the way: it is not a file")


def _lock(file: BinaryIO) -> None:
    """Locks a file until it is closed. Raises OSError if another process holds the lock."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return
    try:
        import fcntl
    except ImportError:  # no locks on this system: parallel runs are not detected
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def keep_permissions(file: BinaryIO, path: Path, *, while_written: bool) -> None:
    """Gives a file the permissions of the one at `path`, which it replaces, and its group and owner if the user may.

    `while_written`, it stays writable, and the user's own.
    """
    if hasattr(os, "fchmod"):
        with suppress(FileNotFoundError):
            status = path.stat()
            for owner in () if while_written else ((-1, status.st_gid), (status.st_uid, -1)):
                with suppress(OSError):
                    os.fchown(file.fileno(), *owner)
            os.fchmod(file.fileno(), status.st_mode & 0o777 | (0o600 if while_written else 0))


@contextmanager
def naming(name: str | Path) -> Iterator[None]:
    """Adds a name to each OSError that has none, as those of reading and writing do."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(name)
        raise


def written_afresh(path: Path, content: bytes) -> None:
    """Writes a small file atomically, readable by this user alone; it must have no other writer.

    Raises OSError, and InTheWayError if a folder has its name or that of its new version.
    """
    fresh = path.with_name(path.name + ".new")
    _no_folder(path)
    _no_folder(fresh)
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for writing that replaces `path` when the block ends, and is removed if the block fails.

    A device, a pipe and standard output (`/dev/stdout`) are written to directly. Raises OSError, which
    names `path` where the file cannot be made or written.
    """
    path = real_path(path)
    if is_stdout(path):
        with naming(path):
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        return
    if not is_plain(path):
        with naming(path), opened_directly(path) as direct:
            yield direct
        return
    import tempfile  # imported late: slow to import, and most runs write to standard output

    name = ""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=_FRESH)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if path.exists():
                keep_permissions(file, path, while_written=False)
            else:
                os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException as error:
        if name:
            Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and os.path.basename(error.filename or _FRESH).startswith(_FRESH):
            error.filename = str(path)  # nobody knows the other name
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
