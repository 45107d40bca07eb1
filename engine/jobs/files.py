"""Files that are written whole or not at all, and what a path that is to be written leads to."""

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
    "keep_mode",
    "locked",
    "naming",
    "opened_directly",
    "real_path",
    "written_afresh",
    "written_whole",
]

STDOUT = Path("/dev/stdout")
_STDOUT_NAMES = (STDOUT, Path("/dev/fd/1"), Path("/proc/self/fd/1"))
_BINARY = getattr(os, "O_BINARY", 0)  # on Windows, line ends would be changed without it
_ITSELF = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Opens what has the name: not what a link leads to, and without waiting for the other end of a pipe."""


class BusyError(RuntimeError):
    """A file is in use by another run."""


class InTheWayError(RuntimeError):
    """Where a file is to be written stands something that is not overwritten; the text says what."""


def is_stdout(path: Path) -> bool:
    """Whether the path names the standard output of this process, which is never opened again: it may be a file that
    others have written to before."""
    return path in _STDOUT_NAMES


def real_path(path: Path) -> Path:
    """Where a file is written that is given by this path: what a link leads to, so that the link stays."""
    return Path(os.path.realpath(path)) if path.is_symlink() and not _is_device(path) else path


def is_plain(path: Path) -> bool:
    """Whether the path is a file, now or once it is written; a device or a pipe is written to directly."""
    return not is_stdout(path) and not _is_device(path) and (path.is_file() or not path.exists())


def _is_device(path: Path) -> bool:
    """Whether the path names a device: `/dev/stdout` does, wherever it leads; what is in `/dev/shm` is a file."""
    root, top, below = (*path.absolute().parts[:3], "", "")[:3]
    return root == "/" and (top == "proc" or (top == "dev" and below != "shm"))


def opened_directly(path: Path) -> BinaryIO:
    """A device or a pipe to write to. Nothing is made, and nothing that stands there is lost."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | _BINARY), "wb")


def locked(path: Path) -> BinaryIO:
    """A file to read and write, made if need be, that no other process gets from here as long as it is open.

    The lock ends with the process, however that ends. Raises BusyError, OSError, and InTheWayError where the name is
    that of a link, or of anything but a file of its own.
    """
    while True:
        if path.is_symlink():
            raise InTheWayError(f"{path} is in the way: it is a link")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY | _ITSELF, 0o666)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            os.close(descriptor)
            what = "it has another name too" if stat.S_ISREG(status.st_mode) else "it is no file"
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
        file.close()  # the one that had it just now gave it another name


def _lock(file: BinaryIO) -> None:
    """Locks a file until it is closed. Raises OSError where another process has it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return
    try:
        import fcntl
    except ImportError:  # the system has no locks: nothing tells one run of another
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def keep_mode(file: BinaryIO, path: Path, *, while_written: bool) -> None:
    """Gives the file the permissions of the one at `path`, whose place it takes; it stays writable `while_written`."""
    if hasattr(os, "fchmod"):
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode) & 0o777
            os.fchmod(file.fileno(), mode | (0o600 if while_written else 0))


@contextmanager
def naming(name: str | Path) -> Iterator[None]:
    """Gives this name to an OSError that has none, as those of reading and writing have."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(name)
        raise


def written_afresh(path: Path, content: bytes) -> None:
    """Writes a small file for this user alone, whole or not at all; nobody else may write beside it meanwhile."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes the place of `path` when the block ends, and never appears if it fails.

    A device, a pipe and standard output (`/dev/stdout`) are written to directly. Raises OSError.
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
    import tempfile  # only here: most runs write to standard output, and it takes long to import

    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        os.chmod(name, mode & 0o777)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
