"""The clocks that date attempts: that of the wall, which can be set, and one that runs from start to start."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["Moment", "boot"]

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Moment(NamedTuple):
    """A moment by the clock of the wall, and by one that is never set and that all processes of a machine share."""

    at: float
    tick: float


def boot() -> str | None:
    """The identity of this start of the machine, within which ticks can be compared; None where that is not known."""
    try:
        return _BOOT.read_text("ascii").strip() or None
    except OSError:
        return None
