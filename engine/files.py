"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["BusyError", "is_plain", "locked", "naming", "real_path", "written_whole"]


def real_path(path: Path) -> Path:
    """Where a file is written that is given by this path: what a link leads to, so that the link stays."""
    return path.resolve() if path.is_symlink() and not _is_device(path) else path


def is_plain(path: Path) -> bool:
    """Whether the path is a file, now or once it is written; a device or a pipe is written to directly."""
    return not _is_device(path) and (path.is_file() or not path.exists())


def _is_device(path: Path) -> bool:
    """Whether the path names a device: `/dev/stdout` does, wherever it leads."""
    return path.absolute().parts[1:2] in (("dev",), ("proc",))


class BusyError(RuntimeError):
    """A file is in use by another run."""


def locked(path: Path) -> BinaryIO:
    """A file to read and write, made if need be, that no other process gets from here as long as it is open.

    The lock ends with the process, however that ends. Raises BusyError and OSError.
    """
    import fcntl

    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise BusyError(f"{path} is in use") from None
        with suppress(FileNotFoundError):
            if os.path.samefile(path, file.fileno()):
                return file
        file.close()  # the one that had it just now gave it another name


@contextmanager
def naming(name: str | Path) -> Iterator[None]:
    """Gives this name to an OSError that has none, as those of reading and writing have."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(name)
        raise


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes the place of `path` when the block ends, and never appears if it fails.

    A device or a pipe (`/dev/stdout`) is written to directly. Raises OSError.
    """
    path = real_path(path)
    if not is_plain(path):
        with naming(path), path.open("wb") as direct:
            yield direct
        return
    import tempfile  # only here: most runs write to standard output, and it takes long to import

    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
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
